/** Reading by IMAP: login, FETCH. Hits are counted, octets compared. */
import { Buffer } from "node:buffer";
import type { LoadConn } from "../conn.ts";
import { command, fillAll, imap, select, selected } from "../imap.ts";
import { type Load, measured, nothing, type Row } from "../load.ts";
import { Letters } from "../messages.ts";
import type { Recorder } from "../recorder.ts";

const BOX = "Reading";
const HEADERS = new Letters(4096), BODIES = new Letters(20_480);
/** What mail programs ask when they open a folder. */
const OVERVIEW = "(FLAGS ENVELOPE BODYSTRUCTURE)";

/** Logins of each account before they count. */
const WARMING = 8;

/** The rows, in the order of the table. */
export const READ: readonly Row[] = [
  { name: "imap-login", title: "IMAP login, select, logout", unit: "sessions", run: login },
  { name: "fetch-cold", title: `FETCH 1:* ${OVERVIEW}, cold`, unit: "messages", run: cold },
  { name: "fetch-warm", title: `FETCH 1:* ${OVERVIEW}, warm`, unit: "messages", run: warm },
  { name: "bodies-single", title: "BODY.PEEK[] one by one, 20 KB", unit: "messages", run: single },
  { name: "bodies-range", title: "BODY.PEEK[] range, 20 KB", unit: "messages", run: range },
];

/** Clients that come again and again: each thread of the server has seen each password before. */
async function login(load: Load, record: Recorder): Promise<void> {
  for (let round = 0; round < WARMING; round++) {
    await Promise.all(Array.from({ length: load.accounts }, async (_, i) => {
      using conn = await imap(load, i + 1);
      await command(conn, "LOGOUT");
    }));
  }
  await record.settle();
  await measured(load, record, {
    connections: load.connections,
    open: nothing,
    work: async (_, i) => {
      using conn = await imap(load, i % load.accounts + 1, 4096);
      await select(conn, "INBOX");
      await command(conn, "LOGOUT");
    },
  });
}

/** The first FETCH of each mailbox since its messages arrived; LOGIN and SELECT have their own row. */
async function cold(load: Load, record: Recorder): Promise<void> {
  // Warm code, cold mailbox: what counts is what the server knows of the messages.
  await fillAll(load, "Warming", HEADERS, load.messages);
  await overviews(load, record, "Warming");
  record.restart();
  await fillAll(load, BOX, HEADERS, load.messages);
  await record.settle();
  await overviews(load, record, BOX);
  await eachReader(load, async (i) => {
    using conn = await imap(load, i);
    await command(conn, "DELETE Warming");
  });
}

/** All readers ask for the overview at once; only that is measured. */
async function overviews(load: Load, record: Recorder, mailbox: string): Promise<void> {
  const conns = await Promise.all(
    Array.from({ length: load.readers }, (_, i) => selected(load, i + 1, mailbox, load.messages)),
  );
  await record.measure(async () => {
    await Promise.all(conns.map(async (conn) => {
      using _closes = conn;
      try {
        const began = performance.now();
        const did = await fetchAll(conn, OVERVIEW, load.messages);
        record.ok(performance.now() - began, did.operations, did.octets);
      } catch (error) {
        record.failed(error);
      }
    }));
  });
}

async function warm(load: Load, record: Recorder): Promise<void> {
  await fillAll(load, BOX, HEADERS, load.messages);
  await overviews(load, record, BOX);
  record.restart();
  await measured(load, record, {
    connections: load.readers,
    open: (worker) => selected(load, worker + 1, BOX, load.messages),
    work: (conn) => fetchAll(conn, OVERVIEW, load.messages),
  });
}

async function single(load: Load, record: Recorder): Promise<void> {
  await fillAll(load, BOX, BODIES, load.messages);
  await record.settle();
  const next = new Array<number>(load.readers).fill(0);
  await measured(load, record, {
    connections: load.readers,
    open: (worker) => selected(load, worker + 1, BOX, load.messages),
    work: async (conn, _, worker) => {
      const n = next[worker]!++ % load.messages;
      await conn.send(`c FETCH ${n + 1} BODY.PEEK[]\r\n`);
      await literal(conn, n);
      await conn.tagged("c");
      return { octets: BODIES.size };
    },
  });
}

async function range(load: Load, record: Recorder): Promise<void> {
  await fillAll(load, BOX, BODIES, load.messages);
  await record.settle();
  await measured(load, record, {
    connections: load.readers,
    open: (worker) => selected(load, worker + 1, BOX, load.messages),
    work: async (conn) => {
      await conn.send("c FETCH 1:* BODY.PEEK[]\r\n");
      for (let n = 0; n < load.messages; n++) {
        await literal(conn, n);
        const rest = await conn.line();
        if (!rest.endsWith(")")) throw new Error(`FETCH ended with ${rest}`);
      }
      await conn.tagged("c");
      return { operations: load.messages, octets: load.messages * BODIES.size };
    },
  });
}

/** Reads a FETCH answer up to the end of its literal. @throws Error unless that is message `n`, octet for octet. */
async function literal(conn: LoadConn, n: number): Promise<void> {
  const line = await conn.line();
  const size = /^\* \d+ FETCH .*\{(\d+)\}$/.exec(line)?.[1];
  if (size === undefined) throw new Error(`wanted FETCH, got ${line}`);
  const wanted = BODIES.octets(n);
  const got = await conn.take(Number(size));
  if (!equal(got, wanted)) throw new Error(`message ${n} came back with other octets`);
}

/** 64 bits at a time: the client shares the machine with the server. */
function equal(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && Buffer.compare(a, b) === 0;
}

async function fetchAll(conn: LoadConn, items: string, exists: number) {
  await conn.send(`c FETCH 1:* ${items}\r\n`);
  const { lines, octets } = await conn.counted("c");
  if (lines !== exists) throw new Error(`FETCH told of ${lines} messages of ${exists}`);
  return { operations: exists, octets };
}

async function eachReader(load: Load, work: (account: number) => Promise<void>): Promise<void> {
  await Promise.all(Array.from({ length: load.readers }, (_, i) => work(i + 1)));
}
