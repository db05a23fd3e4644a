/** Changing mailboxes by IMAP: STORE, EXPUNGE, APPEND. */
import { command, fillAll, imap, selected, Visible } from "../imap.ts";
import { type Load, measured, type Row } from "../load.ts";
import { Letters } from "../messages.ts";
import type { Recorder } from "../recorder.ts";

const BOX = "Writing", ARCHIVE = "Archive";
const LETTERS = new Letters(4096);
/** EXPUNGE is over quickly, so it is done again. */
const EXPUNGES = 3;

/** The rows, in the order of the table. */
export const WRITE: readonly Row[] = [
  { name: "store-single", title: "STORE one by one", unit: "messages", run: storeSingly },
  { name: "store-range", title: "STORE range", unit: "messages", run: storeRange },
  { name: "expunge", title: "EXPUNGE all", unit: "messages", run: expunge },
  appendRow("append-4k", "APPEND 4 KB", 4096),
  appendRow("append-1m", "APPEND 1 MB", 1_048_576),
];

/** Flags of one message after another; each is on disk before its OK. */
async function storeSingly(load: Load, record: Recorder): Promise<void> {
  await fillAll(load, BOX, LETTERS, load.messages);
  await record.settle();
  const next = new Array<number>(load.readers).fill(0);
  await measured(load, record, {
    connections: load.readers,
    open: (worker) => selected(load, worker + 1, BOX, load.messages),
    work: async (conn, _, worker) => {
      const at = next[worker]!++, n = at % load.messages + 1;
      const on = Math.floor(at / load.messages) % 2 === 0;
      const lines = await command(conn, `STORE ${n} ${on ? "+" : "-"}FLAGS (\\Flagged)`);
      const told = lines.find((line) => line.startsWith(`* ${n} FETCH`)) ?? "";
      if (told.includes("\\Flagged") !== on) throw new Error(`STORE ${n} told ${told}`);
    },
  });
}

async function storeRange(load: Load, record: Recorder): Promise<void> {
  await fillAll(load, BOX, LETTERS, load.messages);
  await record.settle();
  const on = new Array<boolean>(load.readers).fill(false);
  await measured(load, record, {
    connections: load.readers,
    open: (worker) => selected(load, worker + 1, BOX, load.messages),
    work: async (conn, _, worker) => {
      on[worker] = !on[worker];
      await command(conn, `STORE 1:* ${on[worker] ? "+" : "-"}FLAGS.SILENT (\\Answered)`);
      return { operations: load.messages };
    },
  });
  await record.settle();
}

async function expunge(load: Load, record: Recorder): Promise<void> {
  for (let round = 0; round < EXPUNGES; round++) {
    await fillAll(load, BOX, LETTERS, load.messages);
    const conns = await Promise.all(Array.from({ length: load.readers }, async (_, i) => {
      const conn = await selected(load, i + 1, BOX, load.messages);
      await command(conn, "STORE 1:* +FLAGS.SILENT (\\Deleted)");
      return conn;
    }));
    await record.settle();
    await record.measure(async () => {
      await Promise.all(conns.map(async (conn) => {
        const began = performance.now();
        const told = (await command(conn, "EXPUNGE")).filter((line) => /^\* \d+ EXPUNGE/.test(line)).length;
        if (told !== load.messages) throw new Error(`EXPUNGE told of ${told} messages of ${load.messages}`);
        record.ok(performance.now() - began, load.messages);
      }));
    });
    for (const conn of conns) conn[Symbol.dispose]();
  }
  await record.settle();
}

function appendRow(name: string, title: string, size: number): Row {
  return { name, title, unit: "messages", run: (load, record) => append(load, record, new Letters(size)) };
}

async function append(load: Load, record: Recorder, letters: Letters): Promise<void> {
  const accounts = Math.min(load.accounts, load.connections);
  for (let i = 1; i <= accounts; i++) {
    using conn = await imap(load, i);
    await command(conn, `DELETE ${ARCHIVE}`).catch(() => {});
    await command(conn, `CREATE ${ARCHIVE}`);
  }
  using visible = await Visible.open(load, ARCHIVE, accounts);
  await measured(load, record, {
    connections: load.connections,
    open: async (worker) => {
      const conn = await imap(load, worker % accounts + 1);
      return Object.assign(conn, {
        quick: (await command(conn, "CAPABILITY")).join(" ").includes("LITERAL+"),
      });
    },
    work: async (conn, i) => {
      const octets = letters.octets(i);
      await conn.send(`c APPEND ${ARCHIVE} {${octets.length}${conn.quick ? "+" : ""}}\r\n`);
      while (!conn.quick && !(await conn.line()).startsWith("+")) { /* an untagged answer came first */ }
      await conn.send(octets);
      await conn.send("\r\n");
      await conn.tagged("c");
      return { octets: octets.length };
    },
  }, () => visible.more(record.operations));
  await record.settle();
  for (let i = 1; i <= accounts; i++) {
    using conn = await imap(load, i);
    await command(conn, `DELETE ${ARCHIVE}`);
  }
}
