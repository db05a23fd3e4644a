/** SEARCH: messages looked at in a second; hits are checked. */
import { command, fillAll, imap, selected } from "../imap.ts";
import { type Load, measured, type Row } from "../load.ts";
import { Letters, LOTS } from "../messages.ts";
import type { Recorder } from "../recorder.ts";
import type { LoadConn } from "../conn.ts";

const BOX = "Searching";
const LETTERS = new Letters(4096);

/** The rows, in the order of the table. */
export const SEARCH: readonly Row[] = [
  { name: "search-header", title: "SEARCH header, first", unit: "messages", run: header },
  { name: "search-body", title: "SEARCH body text, 4 KB messages", unit: "messages", run: body },
];

/** The first search of each mailbox since its messages arrived, and the server has done what it put off. */
async function header(load: Load, record: Recorder): Promise<void> {
  // Warm code, cold mailbox, as the row of FETCH.
  await searchOnce(load, record, "Warming");
  record.restart();
  await searchOnce(load, record, BOX);
  for (let i = 1; i <= load.readers; i++) {
    using conn = await imap(load, i);
    await command(conn, "DELETE Warming");
  }
}

/** All readers search at once a mailbox that was just filled. */
async function searchOnce(load: Load, record: Recorder, mailbox: string): Promise<void> {
  await fillAll(load, mailbox, LETTERS, load.messages);
  await record.settle();
  const conns = await Promise.all(
    Array.from({ length: load.readers }, (_, i) => selected(load, i + 1, mailbox, load.messages)),
  );
  await record.measure(async () => {
    await Promise.all(conns.map(async (conn, i) => {
      const began = performance.now();
      await search(conn, `SUBJECT "${Letters.headerWord(i)}"`, i, load.messages);
      record.ok(performance.now() - began, load.messages);
    }));
  });
  for (const conn of conns) conn[Symbol.dispose]();
}

async function body(load: Load, record: Recorder): Promise<void> {
  await fillAll(load, BOX, LETTERS, load.messages);
  await record.settle();
  await measured(load, record, {
    connections: load.readers,
    open: (worker) => selected(load, worker + 1, BOX, load.messages),
    work: async (conn, i) => {
      // Another word each time, so that no server can answer from what it found before.
      await search(conn, `BODY "${Letters.bodyWord(i % LOTS)}"`, i % LOTS, load.messages);
      return { operations: load.messages };
    },
  });
}

/** @throws Error unless exactly the messages of the lot are found. */
async function search(conn: LoadConn, key: string, lot: number, exists: number): Promise<void> {
  const lines = await command(conn, `SEARCH ${key}`);
  const found = (lines.find((line) => line.startsWith("* SEARCH")) ?? "").split(" ").slice(2).map(Number);
  const wanted = Math.ceil((exists - lot) / LOTS);
  if (found.length !== wanted || found.some((seq) => (seq - 1) % LOTS !== lot)) {
    throw new Error(`SEARCH ${key} found ${found.length} messages instead of ${wanted}`);
  }
}
