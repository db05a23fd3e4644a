import { assertEquals } from "@std/assert";
import type { AuthRefusal } from "../../src/core/auth.ts";
import { KATE, latin1, PASSWORD, Pop3Harness, type SetUp } from "../support/pop3_harness.ts";

/** One line of a dialogue. */
type Line = { readonly who: "C" | "S" | "X"; readonly text: string };

interface Dialogue {
  readonly title: string;
  readonly words: readonly string[];
  readonly lines: readonly Line[];
  readonly messages: readonly Uint8Array[];
}

/** How the client's octets travel. */
type Mode = "answer by answer" | "pipelined" | "octet by octet";
const MODES: readonly Mode[] = ["answer by answer", "pipelined", "octet by octet"];

for (const file of ["pop3.md", "pop3_auth.md", "pop3_transaction.md"]) {
  const text = Deno.readTextFileSync(new URL(file, import.meta.url));
  for (const dialogue of dialoguesIn(text)) {
    for (const mode of MODES) {
      Deno.test(`${file}: ${dialogue.title}, ${mode}`, () => play(dialogue, mode));
    }
  }
}

Deno.test("every POP3 transcript was read", () => {
  const files = [...Deno.readDirSync(new URL(".", import.meta.url))].map((entry) => entry.name);
  const transcripts = files.filter((name) => /^pop3.*\.md$/.test(name)).sort();
  assertEquals(transcripts, ["pop3.md", "pop3_auth.md", "pop3_transaction.md"]);
});

/** Plays a dialogue, comparing at each point where the client would wait. */
async function play({ words, lines, messages }: Dialogue, mode: Mode): Promise<void> {
  const login = words.includes("login");
  const setUp: SetUp = {
    tls: words.includes("tls") || login,
    allowPlaintext: words.includes("plaintext"),
    scramOnly: words.includes("scram-only"),
    noCertificate: words.includes("no-certificate"),
    messages,
    limits: words.includes("send-utf8-headers") ? { utf8Headers: "send" } : {},
  };
  await using harness = new Pop3Harness(setUp);
  harness.store.locked = words.includes("locked");
  harness.store.noInbox = words.includes("no-inbox");
  harness.conn.handshakeFails = words.includes("bad-handshake");
  const refuse = words.find((word) => word.startsWith("refuse="));
  if (refuse !== undefined) harness.auth.refuse = refuse.slice(7) as AuthRefusal;
  if (mode === "octet by octet") harness.store.pieceSize = 1;
  if (mode === "pipelined") harness.store.pieceSize = 7;

  await harness.conn.idle();
  if (login) {
    harness.conn.takeOutput();
    harness.conn.send(latin1(`USER ${KATE.address}\r\nPASS ${PASSWORD}\r\n`));
    await harness.conn.idle();
    // The answer to USER is left out of the dialogue, the one to PASS begins it.
    const output = harness.conn.takeOutput();
    harness.conn.writes.push(latin1(output.slice(output.indexOf("\r\n") + 2)));
  }
  let want = "", sent = "", heard = "";
  const settle = async () => {
    if (sent !== "") harness.conn.send(latin1(sent), mode === "octet by octet" ? 1 : undefined);
    sent = "";
    await harness.conn.idle();
    heard += harness.conn.takeOutput();
    assertEquals(heard, want);
  };
  for (const [i, { who, text }] of lines.entries()) {
    if (who === "S") {
      want += `${unescape(text)}\r\n`;
      continue;
    }
    if (who === "X") {
      await settle();
      await around(harness, text);
      await harness.conn.idle();
    } else {
      // A client must not pipeline anything behind STLS.
      if (mode !== "pipelined" || previousCommand(lines, i) === "STLS") await settle();
      const octets = unescape(text);
      sent += /\n$/.test(octets) ? octets : `${octets}\r\n`;
    }
  }
  await settle();
}

/** The client's line before this one. */
function previousCommand(lines: readonly Line[], i: number): string | undefined {
  return lines.slice(0, i).findLast((line) => line.who === "C")?.text;
}

/** Does, or checks, what an `X:` line says. */
async function around(harness: Pop3Harness, what: string): Promise<void> {
  const { conn, store, clock } = harness;
  const [verb, ...rest] = what.split(" ");
  switch (verb) {
    case "closed":
    case "destroyed":
      await harness.served;
      assertEquals(conn.closed, verb);
      return;
    case "hang":
      return conn.end();
    case "wait":
      return clock.advance(1000 * Number(rest[0]!.replace("s", "")));
    case "drain":
      harness.drain.abort();
      await harness.served;
      return;
    case "removed": {
      const numbers = store.removed.map((uid) => 1 + (uid - 10) / 3).join(",");
      return assertEquals(numbers || "none", rest[0]);
    }
    case "expunged":
      store.messages.splice(Number(rest[0]) - 1, 1);
      return;
    case "unlocked":
      return assertEquals(store.locked, false);
    case "store":
      store.down = rest[0] === "nothing" ? undefined : rest[0];
      return;
    default:
      throw new Error(`Cannot do ${JSON.stringify(what)}: no such direction`);
  }
}

function dialoguesIn(markdown: string): Dialogue[] {
  const dialogues: Dialogue[] = [];
  let title = "", messages: Uint8Array[] = [], fence: string[] | undefined, info = "", count = 0;
  for (const line of markdown.split("\n")) {
    if (fence !== undefined) {
      if (line !== "```") {
        fence.push(line);
        continue;
      }
      const [kind, ...words] = info.split(" ");
      if (kind === "message") messages.push(latin1(fence.map((text) => `${unescape(text)}\r\n`).join("")));
      else if (kind === "message-raw") messages.push(latin1(unescape(fence.join(""))));
      else if (kind === "pop3") {
        count++;
        dialogues.push({
          title: count === 1 ? title : `${title} (${count})`,
          words,
          lines: fence.map(lineOf),
          messages: [...messages],
        });
      }
      fence = undefined;
    } else if (line.startsWith("```")) {
      fence = [];
      info = line.slice(3);
    } else if (line.startsWith("#")) {
      title = line.replace(/^#+ /, "");
      messages = [];
      count = 0;
    }
  }
  return dialogues;
}

function lineOf(line: string): Line {
  const who = line[0];
  if ((who !== "C" && who !== "S" && who !== "X") || line[1] !== ":") throw new Error(`Cannot read ${line}`);
  const text = line.slice(3);
  return { who, text };
}

/** Octets, one a character, of a line with escapes; what is not ASCII stands for its UTF-8. */
function unescape(text: string): string {
  const octets = String.fromCharCode(...new TextEncoder().encode(text));
  return octets.replace(
    /\\(r|n|0|\\|x[0-9a-f]{2})/g,
    (_, escape: string) =>
      ({ r: "\r", n: "\n", "0": "\0", "\\": "\\" })[escape] ??
        String.fromCharCode(parseInt(escape.slice(1), 16)),
  );
}
