import { assert, assertEquals, assertLessOrEqual } from "@std/assert";
import { type Bench, bench } from "../../tests/support/smtp_doubles.ts";
import { MemoryConn, octetsOf } from "../../tests/support/transcript.ts";
import { SMTP_LIMITS } from "./limits.ts";
import { serveSmtp } from "./serve.ts";

const LIMITS = { ...SMTP_LIMITS, badCommandDelay: 0 };
const ENVELOPE = "EHLO c.example\\r\\nMAIL FROM:<a@b.example>\\r\\nRCPT TO:<alice@example.test>\\r\\n";

function start(it: Bench): { conn: MemoryConn; served: Promise<void> } {
  const conn = new MemoryConn();
  return { conn, served: serveSmtp(conn, it.services, { kind: "mx" }) };
}

/** Lets the served connection come to its end. */
async function finish(conn: MemoryConn, served: Promise<void>): Promise<void> {
  conn.end();
  await served;
  assert(conn.closed);
}

Deno.test("replies to a batch of commands go out in one write", async () => {
  const { conn, served } = start(bench(LIMITS));
  await conn.starved();
  assertEquals(conn.writes, 1, "the greeting");
  conn.feed(octetsOf(`${ENVELOPE}RCPT TO:<bob@example.test>\\r\\nDATA\\r\\n`));
  await conn.starved();
  assertEquals(conn.writes, 2);
  conn.feed(octetsOf("hello\\r\\n.\\r\\nMAIL FROM:<>\\r\\nRSET\\r\\nQUIT\\r\\n"));
  await served;
  assertEquals(conn.writes, 3);
  assertEquals(conn.lines().slice(-4).map((line) => line.slice(0, 3)), ["250", "250", "250", "221"]);
});

Deno.test("a client that pipelines without end is held back by its replies", async () => {
  const { conn, served } = start(bench({ ...LIMITS, idleCommands: 1000 }));
  conn.feed(octetsOf("NOOP\\r\\n".repeat(200)));
  await conn.starved();
  assertEquals(conn.writes, 5, "the greeting, three times 64, and the last 8");
  await finish(conn, served);
});

Deno.test("the store holds the client back, and memory stays flat: 200 MB by DATA and by BDAT", async () => {
  const it = bench({ ...LIMITS, messageSize: 1 << 30 });
  it.store.countOnly = true;
  it.store.slow = true;
  const size = 200_000_000;
  const line = new Uint8Array(65_536).fill(0x61);
  for (let at = 78; at < line.length; at += 80) line.set([13, 10], at);
  let left = size, stage = 0, biggestLag = 0;
  const before = it.store.counted;
  let given = 0;
  /** A peer that always has more to send: it makes each chunk when it is asked for. */
  class Endless extends MemoryConn {
    override read(timeoutMs: number): Promise<Uint8Array | null> {
      if (stage === 0) {
        stage = 1;
        return Promise.resolve(octetsOf(`${ENVELOPE}DATA\\r\\n`));
      }
      if (stage === 1 || stage === 3) {
        biggestLag = Math.max(biggestLag, given - (it.store.counted - before));
        if (left > 0) {
          const chunk = line.subarray(0, Math.min(line.length, left));
          left -= chunk.length;
          given += chunk.length;
          return Promise.resolve(chunk);
        }
        stage++;
        left = size;
        return Promise.resolve(octetsOf(
          stage === 2
            ? `\\r\\n.\\r\\nMAIL FROM:<>\\r\\nRCPT TO:<alice@example.test>\\r\\nBDAT ${size} LAST\\r\\n`
            : "QUIT\\r\\n",
        ));
      }
      if (stage === 2) {
        stage = 3;
        return this.read(timeoutMs);
      }
      return super.read(timeoutMs);
    }
  }
  const conn = new Endless();
  await serveSmtp(conn, it.services, { kind: "mx" });
  const codes = conn.lines().slice(-5).map((line) => line.slice(0, 3));
  assertEquals(codes, ["250", "250", "250", "250", "221"]);
  assert(it.store.counted > 2 * size);
  assertLessOrEqual(biggestLag, 65_536, "octets that were read and not yet stored");
  assertEquals(it.store.open, 0);
});

Deno.test("a message must come at the least rate, once the grace is used up", async () => {
  const it = bench({ ...LIMITS, dataGrace: 1000, dataRate: 500 });
  const { conn, served } = start(it);
  conn.feed(octetsOf(`${ENVELOPE}DATA\\r\\n`));
  await conn.starved();
  assertEquals(conn.lastTimeout, 1000);
  it.elapse(900);
  conn.feed(octetsOf("x".repeat(500)));
  await conn.starved();
  assertEquals(conn.lastTimeout, 1100, "1000 + 500 octets * 1000 / 500 - 900 waited");
  it.elapse(1200);
  conn.feed(octetsOf("x"));
  await conn.starved();
  assertEquals(conn.lines().at(-1), "421 4.4.2 Message comes too slowly, closing");
  await served;
  assertEquals(it.store.open, 0);
  assertEquals(it.store.delivered.length, 0);
});

Deno.test("waiting: idle, and a minute to the first MAIL", async () => {
  const it = bench(LIMITS);
  const { conn, served } = start(it);
  await conn.starved();
  assertEquals(conn.lastTimeout, 60_000);
  it.elapse(20_000);
  conn.feed(octetsOf("EHLO c.example\\r\\n"));
  await conn.starved();
  assertEquals(conn.lastTimeout, 40_000);
  conn.feed(octetsOf("MAIL FROM:<>\\r\\n"));
  await conn.starved();
  assertEquals(conn.lastTimeout, 300_000);
  await finish(conn, served);
});

Deno.test("a command line that drips in has one deadline", async () => {
  const it = bench(LIMITS);
  const { conn, served } = start(it);
  conn.feed(octetsOf("EHLO c.example\\r\\nMAIL FROM:<>\\r\\nN"));
  await conn.starved();
  assertEquals(conn.lastTimeout, 300_000);
  it.elapse(200_000);
  conn.feed(octetsOf("O"));
  await conn.starved();
  assertEquals(conn.lastTimeout, 100_000);
  conn.feed(octetsOf("OP\\r\\n"));
  await conn.starved();
  assertEquals(conn.lastTimeout, 300_000);
  await finish(conn, served);
});

Deno.test("from the third bad command on, the reply waits", async () => {
  const it = bench({ ...LIMITS, badCommandDelay: 30 });
  const { conn, served } = start(it);
  const began = performance.now();
  conn.feed(octetsOf("FOO\\r\\nFOO\\r\\n"));
  await conn.starved();
  conn.feed(octetsOf("FOO\\r\\nFOO\\r\\n"));
  await conn.starved();
  assert(performance.now() - began >= 55, "two replies, 30 ms each");
  await finish(conn, served);
});

Deno.test("from the tenth recipient on that does not exist, the reply waits; those before it are out", async () => {
  const it = bench({ ...LIMITS, refusedRecipientDelay: 60 });
  const { conn, served } = start(it);
  conn.feed(octetsOf("EHLO c.test\\r\\nMAIL FROM:<>\\r\\n"));
  await conn.starved();
  const began = performance.now();
  conn.feed(octetsOf("RCPT TO:<nobody@example.test>\\r\\n".repeat(9)));
  await conn.starved();
  const nine = performance.now() - began;
  conn.feed(octetsOf("RCPT TO:<nobody@example.test>\\r\\n".repeat(2)));
  await conn.starved();
  assertEquals(conn.lines().filter((line) => line.startsWith("550 5.1.1 ")).length, 11);
  const two = performance.now() - began - nine;
  assert(two >= 115, `two replies, 60 ms each: ${two} ms`);
  await finish(conn, served);
});

Deno.test("octets that come between 220 and the handshake stay for TLS", async () => {
  const it = bench(LIMITS, { startTls: true });
  /** The client's first TLS octets come while the 220 is on its way. */
  class Eager extends MemoryConn {
    override startTls(): Promise<void> {
      assertEquals(this.buffered, 0, "startTls is called in the same turn as write");
      return super.startTls();
    }
    override async write(octets: Uint8Array | readonly Uint8Array[]): Promise<void> {
      await super.write(octets);
      if (this.lines().at(-1)?.startsWith("220 2.0.0")) this.feed(octetsOf("EHLO in.tls\\r\\n"));
    }
  }
  const conn = new Eager();
  const served = serveSmtp(conn, it.services, { kind: "mx" });
  conn.feed(octetsOf("EHLO c.example\\r\\n"));
  await conn.starved();
  conn.feed(octetsOf("STARTTLS\\r\\n"));
  await conn.starved();
  assertEquals(conn.lines().at(-1), "250 HELP");
  assertEquals(it.events.filter(({ name }) => name === "smtp.starttls").length, 1);
  await finish(conn, served);
});

Deno.test("a handshake that fails ends the connection quietly", async () => {
  const it = bench(LIMITS, { startTls: true });
  const { ConnError } = await import("../core/conn.ts");
  class Broken extends MemoryConn {
    override startTls(): Promise<void> {
      return Promise.reject(new ConnError("tls", "no shared cipher"));
    }
  }
  const conn = new Broken();
  const served = serveSmtp(conn, it.services, { kind: "mx" });
  conn.feed(octetsOf("EHLO c.example\\r\\n"));
  await conn.starved();
  conn.feed(octetsOf("STARTTLS\\r\\n"));
  await served;
  assert(conn.closed);
  assertEquals(it.events.at(-1), {
    name: "smtp.closed",
    fields: { session: "t1", role: "mx", reason: "tls", messages: 0 },
  });
});

Deno.test("events tell the story of a message", async () => {
  const it = bench(LIMITS);
  const { conn, served } = start(it);
  conn.feed(octetsOf(`${ENVELOPE}RCPT TO:<who@example.test>\\r\\nDATA\\r\\nx\\r\\n.\\r\\nQUIT\\r\\n`));
  await served;
  assertEquals(it.events, [
    { name: "smtp.connected", fields: { session: "t1", role: "mx", remote: "192.0.2.7" } },
    {
      name: "smtp.rcpt.refused",
      fields: { session: "t1", recipient: "<who@example.test>", reason: "unknown", reply: 550 },
    },
    { name: "smtp.command.refused", fields: { session: "t1", verb: "RCPT", reply: 550 } },
    {
      name: "smtp.message.accepted",
      fields: {
        session: "t1",
        id: "t1-1",
        from: "<a@b.example>",
        blob: "b",
        recipients: 1,
        size: 3,
        took: 0,
      },
    },
    { name: "smtp.closed", fields: { session: "t1", role: "mx", reason: "quit", messages: 1 } },
  ]);
});

Deno.test("a bug of ours is an event and a 421, and the connection closes", async () => {
  const it = bench(LIMITS);
  const broken = { ...it.services, auth: { ...it.services.auth, mechanisms: () => fail() } };
  function fail(): never {
    throw new TypeError("bug");
  }
  const conn = new MemoryConn();
  const served = serveSmtp(conn, broken, { kind: "mx" });
  conn.feed(octetsOf("EHLO c.example\\r\\n"));
  await served;
  assertEquals(conn.lines().at(-1), "421 4.3.0 Something broke here, closing");
  assertEquals(it.events.filter(({ name }) => name === "bug").length, 1);
});

Deno.test("a client that is gone when we answer ends the connection, and nothing stays", async () => {
  const it = bench(LIMITS);
  const { ConnError } = await import("../core/conn.ts");
  class Gone extends MemoryConn {
    override write(octets: Uint8Array | readonly Uint8Array[]): Promise<void> {
      return this.writes >= 2 ? Promise.reject(new ConnError("stalled", "not reading")) : super.write(octets);
    }
  }
  const conn = new Gone();
  const served = serveSmtp(conn, it.services, { kind: "mx" });
  conn.feed(octetsOf(`${ENVELOPE}DATA\\r\\n`));
  await conn.starved();
  conn.feed(octetsOf("x\\r\\n.\\r\\n"));
  await served;
  assert(conn.closed);
  assertEquals(it.store.open, 0);
});

Deno.test("a drain that comes while the client sends its message lets it end", async () => {
  const it = bench(LIMITS);
  const { conn, served } = start(it);
  conn.feed(octetsOf(`${ENVELOPE}DATA\\r\\none\\r\\n`));
  await conn.starved();
  it.drain.abort();
  conn.feed(octetsOf("two\\r\\n.\\r\\nMAIL FROM:<>\\r\\n"));
  await served;
  assertEquals(conn.lines().slice(-2).map((line) => line.slice(0, 9)), ["250 2.0.0", "421 4.3.2"]);
  assertEquals(it.store.delivered.length, 1);
});

Deno.test("a connection that comes while the server drains is told so", async () => {
  const it = bench(LIMITS);
  it.drain.abort();
  const { conn, served } = start(it);
  await served;
  assertEquals(conn.lines(), ["421 4.3.2 Server is going down, try again soon"]);
});
