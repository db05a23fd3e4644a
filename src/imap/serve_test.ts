import { assert, assertEquals, assertGreaterOrEqual, assertStringIncludes } from "@std/assert";
import { ALICE } from "../../tests/support/imap_auth.ts";
import { MemoryClient, MemoryConn } from "../../tests/support/imap_conn.ts";
import { MemoryStore } from "../../tests/support/imap_store.ts";
import { testServices } from "../../tests/support/imap_transcript.ts";
import type { Services } from "../core/services.ts";
import type { Draft, MailStore, OctetPiece } from "../core/store.ts";
import { serveImap } from "./serve.ts";
import { IMAP_LIMITS, type ImapSessionLimits } from "./session.ts";

const ENCODER = new TextEncoder();
const LOGIN = 'in LOGIN alice "open sesame"\r\n';
const MESSAGE = ENCODER.encode("Subject: x\r\n\r\nbody\r\n");

interface Started extends AsyncDisposable {
  readonly conn: MemoryConn;
  readonly client: MemoryClient;
  readonly store: MemoryStore;
  readonly bugs: string[];
  readonly served: Promise<void>;
  send(text: string): void;
  /** Lines up to one that begins so. */
  until(start: string): Promise<string[]>;
  /** Lines to the end of the connection. */
  rest(): Promise<string[]>;
}

/** A session of alice over a store with one message, with some of its world replaced. */
async function start(
  change: (services: Services<ImapSessionLimits>) => Partial<Services<ImapSessionLimits>> = () => ({}),
  encrypted = true,
): Promise<Started> {
  const store = new MemoryStore();
  store.addAccount(ALICE);
  await store.put(ALICE, "INBOX", MESSAGE);
  const bugs: string[] = [];
  const services = testServices(store, { plain: !encrypted, bugs });
  const conn = new MemoryConn(encrypted);
  const client = new MemoryClient(conn);
  const served = serveImap(conn, { ...services, ...change(services) });
  const until = async (start: string) => {
    const lines: string[] = [];
    for (;;) {
      const line = await client.line();
      assert(line !== null, `Ended before ${start}: ${lines.join("\n")}`);
      lines.push(line);
      if (line.startsWith(start)) return lines;
    }
  };
  const rest = async () => {
    const lines: string[] = [];
    for (let line = await client.line(); line !== null; line = await client.line()) lines.push(line);
    return lines;
  };
  const end = async () => {
    conn.toServer.end();
    await served;
  };
  const send = (text: string) => client.send(ENCODER.encode(text));
  return { conn, client, store, bugs, served, send, until, rest, [Symbol.asyncDispose]: end };
}

function limited(change: Partial<ImapSessionLimits>) {
  return () => ({ limits: { ...IMAP_LIMITS, authDelayMs: 0, badDelayMs: 0, ...change } });
}

/** The store with some of its methods replaced. */
function storeWith(store: MailStore, change: Partial<MailStore>): MailStore {
  return new Proxy(store, {
    get(target, name) {
      const own = Reflect.get(name in change ? change : target, name);
      return typeof own === "function" ? own.bind(target) : own;
    },
  });
}

Deno.test("commands that came together are answered in one write", async () => {
  await using session = await start();
  await session.until("* OK");
  const before = session.conn.writes;
  session.send("a NOOP\r\n".repeat(50) + "z NOOP\r\n");
  await session.until("z OK");
  assertEquals(session.conn.writes, before + 1);
});

Deno.test("what was sent in the clear behind STARTTLS ends the connection", async () => {
  await using session = await start(undefined, false);
  await session.until("* OK");
  session.send("a STARTTLS\r\nb LOGIN alice x\r\n");
  assertEquals(await session.rest(), ["* BYE Nothing may be sent behind STARTTLS before TLS is on"]);
  assertEquals(session.conn.tls, undefined);
});

Deno.test("whoever does not log in in time is sent away, busy or not", async () => {
  await using session = await start(limited({ loginMs: 50 }));
  const busy = setInterval(() => session.send("a NOOP\r\n"), 10);
  const lines = await session.rest();
  clearInterval(busy);
  assertEquals(lines.at(-1), "* BYE Idle for too long");
});

Deno.test("one octet now and then keeps nobody here: a command must be whole in time", async () => {
  for (const [first, limits] of [["", { loginMs: 50 }], [LOGIN, { idleMs: 50 }]] as const) {
    await using session = await start(limited(limits));
    session.send(first);
    const dripping = setInterval(() => session.send("a"), 10);
    const lines = await session.rest();
    clearInterval(dripping);
    assertEquals(lines.at(-1), "* BYE Idle for too long");
  }
});

Deno.test("whoever is idle is sent away, in IDLE too", async () => {
  for (const last of ["", "i IDLE\r\n"]) {
    await using session = await start(limited({ idleMs: 30 }));
    session.send(LOGIN + last);
    assertEquals((await session.rest()).at(-1), "* BYE Idle for too long");
  }
});

Deno.test("a draining server says BYE, between commands and in IDLE", async () => {
  for (const last of ["", "i IDLE\r\n"]) {
    const drain = new AbortController();
    await using session = await start(() => ({ draining: drain.signal }));
    session.send(LOGIN + last);
    await session.until(last === "" ? "in OK" : "+");
    drain.abort();
    assertEquals(await session.rest(), ["* BYE [UNAVAILABLE] The server is shutting down"]);
  }
});

Deno.test("a refused login waits, longer each time", async () => {
  await using session = await start(limited({ authDelayMs: 20 }));
  const from = performance.now();
  session.send("a LOGIN alice x\r\nb LOGIN alice x\r\n");
  await session.until("b NO");
  // Timers may fire a millisecond early.
  assertGreaterOrEqual(performance.now() - from, 55);
});

Deno.test("bad commands wait from the third on", async () => {
  await using session = await start(limited({ badDelayMs: 30 }));
  const from = performance.now();
  session.send("a X\r\nb X\r\nc X\r\nd NOOP\r\n");
  await session.until("c BAD");
  await session.until("d OK");
  assertGreaterOrEqual(performance.now() - from, 28);
});

Deno.test("after login a good command makes up for bad ones", async () => {
  await using session = await start(limited({ badAfterLogin: 3 }));
  session.send(LOGIN + "a X\r\na X\r\nb NOOP\r\nc X\r\nc X\r\nd NOOP\r\ne X\r\ne X\r\ne X\r\n");
  await session.until("d OK");
  assertEquals((await session.rest()).at(-1), "* BYE Too many bad commands");
});

Deno.test("a bug of ours is answered with SERVERBUG and reported; the session goes on", async () => {
  await using session = await start((services) => ({
    store: storeWith(services.store, { mailboxes: () => Promise.reject(new TypeError("oops")) }),
  }));
  session.send(LOGIN + 'a LIST "" *\r\nb NOOP\r\n');
  const lines = await session.until("b OK");
  assert(lines.includes("a NO [SERVERBUG] Internal error"));
  assertEquals(session.bugs.length, 1);
  assertStringIncludes(session.bugs[0]!, "oops");
});

Deno.test("a client that leaves in the middle of APPEND leaves no draft", async () => {
  let disposed = 0;
  const session = await start((services) => ({
    store: storeWith(services.store, {
      stage(): Draft {
        const draft = services.store.stage();
        draft[Symbol.asyncDispose] = () => Promise.resolve(void disposed++);
        return draft;
      },
    }),
  }));
  session.send(LOGIN + "a APPEND INBOX {100}\r\n");
  await session.until("+ ");
  session.send("half of it");
  await session[Symbol.asyncDispose]();
  assertEquals(disposed, 1);
  assertEquals((await session.store.mailbox(ALICE, "INBOX"))!.messages, 1);
});

Deno.test("a message of any size goes out as fast as it is taken, and no faster is it read", async () => {
  const piece = new Uint8Array(65_536).fill(0x61);
  const pieces = 200;
  let read = 0;
  let release: (() => void) | undefined;
  await using session = await start((services) => ({
    store: storeWith(services.store, {
      async *fetch(...asked: Parameters<MailStore["fetch"]>) {
        for await (const rows of services.store.fetch(...asked)) {
          yield rows.map((row) => ({ ...row, size: piece.length * pieces }));
        }
      },
      async *octets(): AsyncIterable<OctetPiece> {
        for (; read < pieces; await Promise.resolve()) {
          read++;
          yield { index: 0, octets: piece.slice(), last: read === pieces };
        }
      },
    }),
  }));
  session.send(LOGIN + "a SELECT INBOX\r\n");
  await session.until("a OK");
  const write = session.conn.write.bind(session.conn);
  session.conn.write = async (octets) => {
    if (release === undefined) await new Promise<void>((resolve) => release = resolve);
    await write(octets);
  };
  session.send("b FETCH 1 BODY.PEEK[]\r\n");
  await new Promise((resolve) => setTimeout(resolve, 20));
  assert(read <= 2, `${read} pieces were read although the client takes nothing`);
  release!();
  const lines = await session.until("b OK");
  assertEquals(lines[0], `* 1 FETCH (BODY[] {${piece.length * pieces}}`);
  assertEquals(lines[1]!.length, piece.length * pieces + 1);
});

Deno.test("a message that ends early breaks the connection off, not the framing", async () => {
  await using session = await start((services) => ({
    store: storeWith(services.store, {
      async *octets(): AsyncIterable<OctetPiece> {
        yield await Promise.resolve({ index: 0, octets: ENCODER.encode("Sub"), last: false });
      },
    }),
  }));
  session.send(LOGIN + "a SELECT INBOX\r\n");
  await session.until("a OK");
  session.send("b FETCH 1 BODY.PEEK[]\r\nc NOOP\r\n");
  assertEquals((await session.rest()).filter((line) => line.startsWith("b ") || line.startsWith("c ")), []);
});

Deno.test("a message that vanished before its octets came is NIL, those behind it are there", async () => {
  await using session = await start((services) => {
    let asked = 0;
    return {
      store: storeWith(services.store, {
        octets: (...about) => asked++ === 0 ? none() : services.store.octets(...about),
      }),
    };
  });
  await session.store.put(ALICE, "INBOX", MESSAGE);
  session.send(LOGIN + "a SELECT INBOX\r\n");
  await session.until("a OK");
  session.send("b FETCH 1:2 BODY.PEEK[TEXT]\r\n");
  assertEquals(await session.until("b OK"), [
    "* 1 FETCH (BODY[TEXT] NIL)",
    "* 2 FETCH (BODY[TEXT] {6}",
    "body",
    ")",
    "b OK FETCH completed",
  ]);
});

async function* none(): AsyncGenerator<OctetPiece> {}

Deno.test("large decoded content is decoded twice rather than held", async () => {
  await using session = await start();
  const decoded = new Uint8Array(400_000).map((_, n) => n % 251);
  const base64 = decoded.toBase64().replaceAll(/.{76}/g, "$&\r\n");
  await session.store.put(
    ALICE,
    "INBOX",
    ENCODER.encode(`Content-Transfer-Encoding: base64\r\n\r\n${base64}\r\n`),
  );
  session.send(LOGIN + "a SELECT INBOX\r\n");
  await session.until("a OK");
  session.send("b FETCH 2 (BINARY.SIZE[1] BINARY.PEEK[1])\r\n");
  const lines = await session.until("b OK");
  assertEquals(lines[0], "* 2 FETCH (BINARY.SIZE[1] 400000 BINARY[1] ~{400000}");
});

Deno.test("IDLE tells of a commit at once", async () => {
  await using session = await start();
  session.send(LOGIN + "a SELECT INBOX\r\ni IDLE\r\n");
  await session.until("+ ");
  // Only the commit can wake it: the bound is for a busy machine.
  const from = performance.now();
  await session.store.put(ALICE, "INBOX", MESSAGE);
  await session.until("* 2 EXISTS");
  assert(performance.now() - from < 5_000);
});

Deno.test("a session in IDLE is told the name of a keyword that another one makes", async () => {
  let shared: MailStore | undefined;
  await using writer = await start(({ store }) => {
    // Reading what changed takes longer than writing it, as it does when the commit's notice comes late.
    const changes: MailStore["changes"] = async (...asked) => {
      await new Promise((resolve) => setTimeout(resolve, 20));
      return await store.changes(...asked);
    };
    return { store: shared = storeWith(store, { changes }) };
  });
  await using idler = await start(() => ({ store: shared! }));
  for (const session of [writer, idler]) {
    session.send(LOGIN + "a SELECT INBOX\r\n");
    await session.until("a OK");
  }
  idler.send("i IDLE\r\n");
  await idler.until("+ ");
  writer.send("s STORE 1 +FLAGS (\\Flagged $New)\r\n");
  assertEquals((await writer.until("s OK")).slice(0, 1), [
    "* FLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft $New)",
  ]);
  const told = await idler.until("* 1 FETCH");
  assertEquals(told.at(-1), "* 1 FETCH (FLAGS (\\Flagged $New))");
  assertEquals(told[0], "* FLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft $New)");
});
