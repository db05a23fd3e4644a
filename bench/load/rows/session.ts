/** A real client's session, and a POP3 client that empties its maildrop. */
import { LoadConn } from "../conn.ts";
import { command, emptyInboxes, fill, imap } from "../imap.ts";
import { type Load, measured, nothing, port, type Row, user } from "../load.ts";
import { Letters } from "../messages.ts";
import type { Recorder } from "../recorder.ts";

const FOLDERS = ["Drafts", "Sent", "Archive", "Trash"];
const LETTERS = new Letters(4096);
/** Messages in INBOX, and of them those that the client has not seen yet. */
const INBOX = 200, NEW = 5;
/** POP3 messages of each account, for each second of load. */
const MAILDROP_A_SECOND = 200;

/** The rows, in the order of the table. */
export const SESSION: readonly Row[] = [
  { name: "client-session", title: "A client's session", unit: "sessions", run: sessions },
  { name: "pop3-drain", title: "POP3 drain (UIDL, RETR, DELE, QUIT)", unit: "messages", run: drain },
];

/** Login, LIST, STATUS of each folder, SELECT, FETCH what is new, STORE, APPEND, IDLE, logout. */
async function sessions(load: Load, record: Recorder): Promise<void> {
  for (let i = 1; i <= load.accounts; i++) {
    await fill(load, i, "INBOX", LETTERS, INBOX);
    using conn = await imap(load, i);
    for (const folder of FOLDERS) await command(conn, `CREATE ${folder}`).catch(() => {});
  }
  await record.settle();
  await measured(load, record, {
    connections: load.accounts,
    open: nothing,
    work: (_, i) => session(load, i % load.accounts + 1, i),
  });
  for (let i = 1; i <= load.accounts; i++) {
    using conn = await imap(load, i);
    for (const folder of FOLDERS) await command(conn, `DELETE ${folder}`);
  }
  await emptyInboxes(load);
}

async function session(load: Load, account: number, i: number): Promise<void> {
  using conn = await imap(load, account);
  const folders = (await command(conn, 'LIST "" *')).filter((line) => line.startsWith("* LIST")).length;
  if (folders <= FOLDERS.length) throw new Error(`LIST told of ${folders} folders`);
  for (const folder of ["INBOX", ...FOLDERS]) {
    await command(conn, `STATUS ${folder} (MESSAGES UNSEEN UIDNEXT UIDVALIDITY)`);
  }
  const told = (await command(conn, "SELECT INBOX")).join("\n");
  const next = Number(/UIDNEXT (\d+)/.exec(told)?.[1]);
  const fresh = await command(conn, `UID FETCH ${next - NEW}:* (UID FLAGS ENVELOPE BODYSTRUCTURE)`);
  // Another session of the account may have set a flag, of which this one is told as well, without an envelope.
  const rows = fresh.filter((line) => /^\* \d+ FETCH/.test(line) && line.includes("ENVELOPE")).length;
  if (rows !== NEW) throw new Error(`FETCH told of ${rows} messages of ${NEW}`);
  await command(conn, `UID STORE ${next - 1} ${i % 2 === 0 ? "+" : "-"}FLAGS (\\Seen)`);
  const octets = LETTERS.octets(i);
  await conn.send(`c APPEND Sent (\\Seen) {${octets.length}}\r\n`);
  while (!(await conn.line()).startsWith("+")) { /* an untagged answer came first */ }
  await conn.send(octets);
  await conn.send("\r\n");
  await conn.tagged("c");
  await conn.send("c IDLE\r\n");
  while (!(await conn.line()).startsWith("+")) { /* an untagged answer came first */ }
  await conn.send("DONE\r\n");
  await conn.tagged("c");
  await command(conn, "LOGOUT");
}

/** All accounts empty their maildrops at once. */
async function drain(load: Load, record: Recorder): Promise<void> {
  port(load, "pop3");
  const count = Math.ceil(MAILDROP_A_SECOND * load.seconds);
  for (let i = 1; i <= load.accounts; i++) await fill(load, i, "INBOX", LETTERS, count);
  await record.settle();
  await record.measure(async () => {
    await Promise.all(Array.from({ length: load.accounts }, async (_, i) => {
      try {
        await drainOne(load, record, i + 1, count);
      } catch (error) {
        record.failed(error);
      }
    }));
  });
  await record.settle();
  for (let i = 1; i <= load.accounts; i++) {
    using conn = await imap(load, i);
    const status = (await command(conn, "STATUS INBOX (MESSAGES)")).join(" ");
    if (!status.includes("MESSAGES 0")) record.failed(new Error(`after the drain: ${status}`));
  }
}

async function drainOne(load: Load, record: Recorder, account: number, count: number): Promise<void> {
  using conn = await LoadConn.open(load.target.host, port(load, "pop3"));
  const said = async (text?: string) => {
    if (text !== undefined) await conn.send(`${text}\r\n`);
    const line = await conn.line();
    if (!line.startsWith("+OK")) throw new Error(line);
    return line;
  };
  await said();
  await said(`USER ${user(load, account)}`);
  await said(`PASS ${load.target.password}`);
  const found = Number((await said("STAT")).split(" ")[1]);
  if (found !== count) throw new Error(`the maildrop has ${found} messages instead of ${count}`);
  await conn.send("UIDL\r\n");
  await conn.multiline();
  for (let k = 1; k <= count; k++) {
    const began = performance.now();
    await conn.send(`RETR ${k}\r\nDELE ${k}\r\n`);
    const octets = await conn.multiline();
    if (octets !== LETTERS.octets(k - 1).length) throw new Error(`RETR ${k} gave ${octets} octets`);
    await said();
    record.ok(performance.now() - began, 1, octets);
  }
  await said("QUIT");
}
