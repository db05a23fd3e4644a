/** A message of 200 MB comes in three ways, and back octet for octet, without being in memory. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { createHash } from "node:crypto";
import { LineClient } from "../support/line_client.ts";
import { startServer, type TestServer } from "../support/server.ts";
import { events, imap, processTree, read, smtp } from "./support.ts";

const you = "you@example.test";
const SIZE = 200_000_000;
/** What one way in may add to the server's memory. */
const GROWTH = 64 * 1024 * 1024;

const HEADER =
  "From: a@sender.test\r\nTo: you@example.test\r\nSubject: large\r\nContent-Type: text/plain\r\n\r\n";

/** The message in pieces: lines that all differ, so that a lost or doubled piece shows; no line begins with a dot. */
function* pieces(): Generator<Uint8Array<ArrayBuffer>> {
  const encoder = new TextEncoder();
  let left = SIZE - HEADER.length;
  yield encoder.encode(HEADER);
  const filling = "abcdefghijklmnopqrstuvwxyz0123456789".repeat(28).slice(0, 960);
  for (let i = 0; left > 0;) {
    let piece = "";
    while (piece.length < 512 * 1024 && left > 0) {
      const line = `${String(i++).padStart(12, "0")} ${filling}`;
      piece += left > line.length + 2 ? `${line}\r\n` : `${"y".repeat(left - 2)}\r\n`;
      left -= Math.min(left, line.length + 2);
    }
    yield encoder.encode(piece);
  }
}

const DIGEST = (() => {
  const hash = createHash("sha256");
  for (const piece of pieces()) hash.update(piece);
  return hash.digest("hex");
})();

/** Resident memory of the server's processes, PostgreSQL left out. */
function resident(server: TestServer): number {
  return processTree(server.pid).reduce((sum, pid) => {
    return sum + Number(/^VmRSS:\s+(\d+)/m.exec(read(`/proc/${pid}/status`))?.[1] ?? 0) * 1024;
  }, 0);
}

/** Runs work and gives by how much memory was above its beginning at most. */
async function growth(server: TestServer, work: () => Promise<void>): Promise<number> {
  const before = resident(server);
  let most = before;
  const watch = setInterval(() => most = Math.max(most, resident(server)), 100);
  try {
    await work();
  } finally {
    clearInterval(watch);
  }
  return most - before;
}

async function sendBy(client: LineClient, last: string): Promise<void> {
  for (const line of [`MAIL FROM:<a@sender.test> SIZE=${SIZE}`, `RCPT TO:<${you}>`, "DATA"]) {
    await client.exchange(line, /^(2|354)/);
  }
  for (const piece of pieces()) await client.send(piece);
  await client.send(new TextEncoder().encode(".\r\n"));
  assertMatch(await client.line(/^\d{3} /), /^250 /, last);
}

/** The digest of a message's octets behind those that we put before it. */
async function digestOf(server: TestServer, uid: number): Promise<readonly [octets: number, digest: string]> {
  const conn = await Deno.connect({ hostname: "127.0.0.1", port: server.ports.imap });
  await using client = LineClient.over(conn);
  await client.line(/^\* OK/);
  await client.exchange(`a LOGIN ${you} correct-horse-battery`, /^a OK/);
  await client.exchange("b EXAMINE INBOX", /^b OK/);
  await client.send(new TextEncoder().encode(`c UID FETCH ${uid} BODY.PEEK[]\r\n`));
  const size = Number(/\{(\d+)\}$/.exec(await client.line(/^\* \d+ FETCH .*\{\d+\}$/))![1]);
  const hash = createHash("sha256");
  // The trace fields that SMTP and LMTP write come first.
  let before = size - SIZE;
  await client.octets(size, (piece) => {
    const skipped = Math.min(before, piece.length);
    before -= skipped;
    hash.update(piece.subarray(skipped));
  });
  await client.line(/^c OK/);
  return [size, hash.digest("hex")];
}

Deno.test("200 MB by SMTP, LMTP and APPEND: octet for octet, and never in memory", async (t) => {
  await using server = await startServer({
    settings: ["auth.allow_plaintext=true", "workers=1", "limits.message_size=210000000"],
    accounts: [you],
  });
  // What is loaded and compiled at the first message is not the message's.
  await using warm = await imap(server.ports.imap, you);
  await warm.exchange("b APPEND INBOX {6+}\r\na: b\r\n", /^b OK/);
  await warm.exchange("c SELECT INBOX", /^c OK/);

  const ways: readonly (readonly [name: string, work: () => Promise<void>])[] = [
    ["SMTP", async () => {
      await using client = await smtp(server.ports.smtp);
      await sendBy(client, "SMTP");
    }],
    ["LMTP", async () => {
      await using client = await LineClient.connect(server.ports.lmtp);
      await client.line(/^220 /);
      await client.exchange("LHLO client.test", /^250 /);
      await sendBy(client, "LMTP");
    }],
    ["APPEND", async () => {
      await warm.exchange(`d APPEND INBOX {${SIZE}}`, /^\+/);
      for (const piece of pieces()) await warm.send(piece);
      assertMatch(await warm.exchange("", /^d /), /^d OK/);
    }],
  ];
  for (const [i, [name, work]] of ways.entries()) {
    await t.step(name, async () => {
      const grown = await growth(server, work);
      assert(grown < GROWTH, `${name} took ${(grown / 1024 / 1024).toFixed(1)} MiB`);
      let read: readonly [number, string] = [0, ""];
      const grownBack = await growth(server, async () => {
        read = await digestOf(server, i + 2);
      });
      assertEquals(read[1], DIGEST);
      assert(read[0] >= SIZE && read[0] < SIZE + 4096);
      assert(grownBack < GROWTH, `FETCH took ${(grownBack / 1024 / 1024).toFixed(1)} MiB`);
      console.log(
        `${name}: +${(grown / 1048576).toFixed(1)} MiB; FETCH: +${(grownBack / 1048576).toFixed(1)} MiB`,
      );
    });
  }
  assertEquals(events(server).filter(({ event }) => event === "bug"), []);
});
