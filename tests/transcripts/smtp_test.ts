import { assertEquals } from "@std/assert";
import { LMTP_LIMITS, serveLmtp } from "../../src/lmtp/mod.ts";
import { type Role, serveSmtp, SMTP_LIMITS, type SmtpLimits } from "../../src/smtp/mod.ts";
import { type Bench, bench } from "../support/smtp_doubles.ts";
import { showOutbound } from "../support/smtp_outbound_doubles.ts";
import {
  type Dialogue,
  type Line,
  matches,
  MEMORY_TLS,
  MemoryConn,
  octetsOf,
  readDialogues,
  readLines,
  replay,
  WAYS,
} from "../support/transcript.ts";

/** What a dialogue's words ask for: `role=…`, `raw` (no greeting said for it), `starttls`, `tls`, `plainauth`, `as=alice`, `from=ADDRESS`, `queue` (mail can go out), `urls` (URLs can be fetched), `limit.NAME=N`, and of the policy `relay=ADDRESS`, `xclient=ADDRESS`, `xforward=ADDRESS`, `backup=DOMAIN`, `admin=ADDRESS`, `unwanted=CLASS`. */
function setUp(dialogue: Dialogue): { bench: Bench; conn: MemoryConn; role: Role; prelude: Line[] } {
  const word = (name: string) => dialogue.words.find((w) => w.startsWith(`${name}=`))?.slice(name.length + 1);
  const has = (name: string) => dialogue.words.includes(name);
  const role = (word("role") ?? (dialogue.language === "lmtp" ? "lmtp" : "mx")) as Role;
  const changed: Record<string, number | string | boolean> = {};
  for (const w of dialogue.words) {
    const match = /^limit\.(\w+)=(\w+)$/.exec(w);
    if (match === null) continue;
    const value = match[2]!;
    changed[match[1]!] = value === "true" || value === "false" ? value === "true" : Number(value);
    if (match[1] === "bareNewline") changed[match[1]] = value;
  }
  const all = (name: string) =>
    dialogue.words.filter((w) => w.startsWith(`${name}=`)).map((w) => w.slice(name.length + 1));
  const peers = (name: string) => (remote: string) => all(name).includes(remote);
  const limits: SmtpLimits = {
    ...(role === "lmtp" ? LMTP_LIMITS : SMTP_LIMITS),
    badCommandDelay: 0,
    refusedRecipientDelay: 0,
    policy: {
      relays: peers("relay"),
      xclient: peers("xclient"),
      xforward: peers("xforward"),
      backupMx: new Set(all("backup")),
      administrators: new Set(all("admin")),
      noSoliciting: all("unwanted"),
    },
    ...changed,
  };
  const it = bench(limits, { startTls: has("starttls"), plainAuth: has("plainauth"), queue: has("queue"), urls: has("urls") });
  const conn = new MemoryConn();
  if (has("tls")) conn.tls = MEMORY_TLS;
  const from = word("from");
  if (from !== undefined) conn.remote = { address: from, port: from.startsWith("/") ? 0 : 40000 };
  const prelude = has("raw") ? [] : readLines(preludeOf(role, limits, dialogue.words, conn.remote.address));
  return { bench: it, conn, role, prelude };
}

function preludeOf(role: Role, limits: SmtpLimits, words: readonly string[], peer: string): string {
  const queue = words.includes("queue") && role !== "lmtp";
  const { policy } = limits;
  const startTls = words.includes("starttls") && !words.includes("tls");
  const auth = role !== "lmtp" && (words.includes("plainauth") || words.includes("tls"));
  const lines = [
    `S: 220 mail.example.test ${role === "lmtp" ? "LMTP" : "ESMTP"} ready`,
    `C: ${role === "lmtp" ? "LHLO" : "EHLO"} client.example`,
    "S: 250-mail.example.test greets you",
    "S: 250-PIPELINING",
    `S: 250-SIZE ${limits.messageSize}`,
    "S: 250-8BITMIME",
    "S: 250-SMTPUTF8",
    "S: 250-CHUNKING",
    "S: 250-BINARYMIME",
    "S: 250-ENHANCEDSTATUSCODES",
    ...(startTls ? ["S: 250-STARTTLS"] : []),
    ...(auth ? ["S: 250-AUTH SCRAM-SHA-256 PLAIN"] : []),
    ...(queue ? ["S: 250-DSN"] : []),
    ...(words.includes("tls") ? ["S: 250-REQUIRETLS"] : []),
    ...(queue ? ["S: 250-DELIVERBY", "S: 250-MT-PRIORITY"] : []),
    ...(role === "lmtp" ? [] : [`S: 250-${["NO-SOLICITING", ...policy.noSoliciting].join(" ")}`]),
    ...(queue && policy.backupMx.size > 0 ? ["S: 250-ETRN"] : []),
    ...(queue && policy.relays(peer) ? ["S: 250-XVERP"] : []),
    ...(policy.xclient(peer) ? ["S: 250-XCLIENT NAME ADDR PORT PROTO HELO LOGIN DESTADDR DESTPORT"] : []),
    ...(policy.xforward(peer) ? ["S: 250-XFORWARD NAME ADDR PORT PROTO HELO IDENT SOURCE"] : []),
    `S: 250-LIMITS RCPTMAX=${limits.recipients}${role === "lmtp" ? "" : ` MAILMAX=${limits.messages}`}`,
    "S: 250 HELP",
  ];
  if (words.includes("as=alice")) lines.push("C: AUTH PLAIN AGFsaWNlAHNlY3JldA==", "S: 235 2.7.0 *");
  return lines.join("\n");
}

/** Compares `D:` (accounts), `O:` (what is queued) and `M:` (message, trace and all) lines with what reached the store. */
function checkDelivered(lines: readonly Line[], it: Bench): void {
  const want: string[][] = [];
  for (const { kind, text } of lines) {
    if (kind === "D") want.push([text]);
    if (kind === "O") want.at(-1)![0] += ` | ${text}`;
    if (kind === "M") want.at(-1)!.push(new TextDecoder().decode(octetsOf(text)));
  }
  const got = it.store.delivered.map(({ accounts, octets, outbound }) => {
    const text = new TextDecoder().decode(octets);
    const queued = outbound === undefined ? "" : ` | ${showOutbound(outbound)}`;
    return [accounts.join(" ") + queued, ...text.split("\r\n").slice(0, text.endsWith("\r\n") ? -1 : undefined)];
  });
  // A dialogue that shows no M: line does not care for the octets.
  const shown = got.map((message, i) =>
    want[i]?.length === 1
      ? message.slice(0, 1)
      : message.map((line, n) => matches(line, want[i]?.[n] ?? "") ? want[i]![n]! : line)
  );
  assertEquals(shown, want, "what reached the store");
}

for (const [file, language] of FILES()) {
  const dialogues = readDialogues(Deno.readTextFileSync(new URL(file, import.meta.url)), language);
  for (const dialogue of dialogues) {
    Deno.test(`${file}: ${dialogue.title}`, async () => {
      for (const way of WAYS) {
        const { bench: it, conn, role, prelude } = setUp(dialogue);
        const happen = (word: string) => {
          if (word === "drain") it.drain.abort();
          else if (word === "timeout") conn.fail("timeout");
          else if (word === "reset") conn.fail("reset");
          else if (word.startsWith("failing ")) it.store.failing = word.slice(8) as "write";
          else if (word.startsWith("sent ")) {
            [it.use.messages, it.use.recipients] = word.slice(5).split(" ").map(Number) as [number, number];
          } else if (word.startsWith("elapse ")) it.elapse(Number(word.slice(7)));
          else throw new Error(`Cannot make ${JSON.stringify(word)} happen`);
        };
        const serve = (c: MemoryConn) =>
          role === "lmtp" ? serveLmtp(c, it.services) : serveSmtp(c, it.services, { kind: role });
        await replay([...prelude, ...dialogue.lines], way, conn, () => serve(conn), happen);
        checkDelivered(dialogue.lines, it);
        assertEquals(it.store.open, 0, `${way}: drafts or messages were not disposed`);
        const bugs = it.events.filter(({ name }) => name === "bug").map(({ fields }) => fields["error"]);
        assertEquals(bugs, dialogue.lines.filter(({ kind }) => kind === "B").map(({ text }) => text));
      }
    });
  }
}

function FILES(): readonly (readonly [string, string])[] {
  return [
    ["smtp.md", "smtp"],
    ["smtp_auth.md", "smtp"],
    ["smtp_limits.md", "smtp"],
    ["smtp_relay.md", "smtp"],
    ["smtp_outbound.md", "smtp"],
    ["smtp_submission.md", "smtp"],
    ["smtp_inquiries.md", "smtp"],
    ["smtp_burl.md", "smtp"],
    ["smtp_peer.md", "smtp"],
    ["lmtp.md", "lmtp"],
  ];
}
