/** IMAP as the rows use it: log in, fill mailboxes, count what is there. */
import { LoadConn } from "./conn.ts";
import { type Load, user } from "./load.ts";
import type { Letters } from "./messages.ts";

/** Messages of one APPEND, where the server takes several (RFC 3502), and APPENDs in flight where it does not. */
const TOGETHER = 100, IN_FLIGHT = 32;

/** A connection that is logged in as account `number`. */
export async function imap(load: Load, number: number, buffer?: number): Promise<LoadConn> {
  const { target } = load;
  const conn = await LoadConn.open(target.host, target.ports.imap, buffer);
  try {
    await conn.line();
    await conn.send(`a LOGIN ${user(load, number)} ${target.password}\r\n`);
    await conn.tagged("a");
    return conn;
  } catch (error) {
    conn[Symbol.dispose]();
    throw error;
  }
}

/** The same with a mailbox selected. @throws Error unless it holds `exists` messages. */
export async function selected(
  load: Load,
  number: number,
  mailbox: string,
  exists?: number,
): Promise<LoadConn> {
  const conn = await imap(load, number);
  const found = await select(conn, mailbox);
  if (exists === undefined || found === exists) return conn;
  conn[Symbol.dispose]();
  throw new Error(`${mailbox} has ${found} messages instead of ${exists}`);
}

/** Selects a mailbox; gives how many messages it has. */
export async function select(conn: LoadConn, mailbox: string): Promise<number> {
  await conn.send(`b SELECT ${mailbox}\r\n`);
  for (const line of await conn.tagged("b")) {
    const exists = /^\* (\d+) EXISTS/.exec(line)?.[1];
    if (exists !== undefined) return Number(exists);
  }
  throw new Error("SELECT told no EXISTS");
}

/** Sends one command; gives its untagged answers. @throws Error unless it ends with OK. */
export async function command(conn: LoadConn, text: string): Promise<readonly string[]> {
  await conn.send(`c ${text}\r\n`);
  return await conn.tagged("c");
}

/** Makes a mailbox anew and puts letters 0 to `count` - 1 into it, in order. */
export async function fill(
  load: Load,
  number: number,
  mailbox: string,
  letters: Letters,
  count: number,
): Promise<void> {
  using conn = await imap(load, number);
  if (mailbox === "INBOX") await empty(conn);
  else {
    await command(conn, `DELETE ${mailbox}`).catch(() => {});
    await command(conn, `CREATE ${mailbox}`);
  }
  await appendAll(conn, mailbox, letters, count);
}

/** Fills the mailbox of each reader. */
export async function fillAll(load: Load, mailbox: string, letters: Letters, count: number): Promise<void> {
  await Promise.all(
    Array.from({ length: load.readers }, (_, i) => fill(load, i + 1, mailbox, letters, count)),
  );
}

/** Removes every message of INBOX. */
export async function empty(conn: LoadConn): Promise<void> {
  if (await select(conn, "INBOX") > 0) {
    await command(conn, "STORE 1:* +FLAGS.SILENT (\\Deleted)");
    await command(conn, "EXPUNGE");
  }
  await command(conn, "CLOSE");
}

/** Empties the INBOX of every account. */
export async function emptyInboxes(load: Load): Promise<void> {
  for (let i = 1; i <= load.accounts; i++) {
    using conn = await imap(load, i);
    await empty(conn);
  }
}

async function appendAll(conn: LoadConn, mailbox: string, letters: Letters, count: number): Promise<void> {
  const can = (await command(conn, "CAPABILITY")).join(" ");
  const quick = can.includes("LITERAL+");
  const together = quick && can.includes("MULTIAPPEND") ? TOGETHER : 1;
  let waiting = 0;
  for (let i = 0; i < count;) {
    await conn.send(`f APPEND ${mailbox}`);
    for (const last = Math.min(i + together, count); i < last; i++) {
      const octets = letters.octets(i);
      await conn.send(` {${octets.length}${quick ? "+" : ""}}\r\n`);
      while (!quick && !(await conn.line()).startsWith("+")) { /* an untagged answer came first */ }
      await conn.send(octets);
    }
    await conn.send("\r\n");
    waiting++;
    if (quick && waiting < IN_FLIGHT / together) continue;
    await conn.tagged("f");
    waiting--;
  }
  for (; waiting > 0; waiting--) await conn.tagged("f");
}

/** Counts what STATUS shows of a mailbox of several accounts, on connections that are kept. */
export class Visible implements Disposable {
  readonly #conns: readonly LoadConn[];
  readonly #mailbox: string;
  #before = 0;

  private constructor(conns: readonly LoadConn[], mailbox: string) {
    this.#conns = conns;
    this.#mailbox = mailbox;
  }

  /** Begins to count in accounts 1 to `accounts`. */
  static async open(load: Load, mailbox = "INBOX", accounts = load.accounts): Promise<Visible> {
    const conns: LoadConn[] = [];
    for (let i = 1; i <= accounts; i++) conns.push(await imap(load, i, 4096));
    const visible = new Visible(conns, mailbox);
    visible.#before = await visible.#count();
    return visible;
  }

  /** Resolves when so many more than at the beginning are there; they are the new beginning. @throws Error after a minute. */
  async more(count: number): Promise<void> {
    const deadline = performance.now() + 60_000;
    for (let found = 0; (found = await this.#count() - this.#before) < count;) {
      if (performance.now() > deadline) {
        throw new Error(`STATUS shows ${found} messages, ${count} were acknowledged`);
      }
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    this.#before += count;
  }

  [Symbol.dispose](): void {
    for (const conn of this.#conns) conn[Symbol.dispose]();
  }

  async #count(): Promise<number> {
    const counts = await Promise.all(this.#conns.map(async (conn) => {
      const lines = await command(conn, `STATUS ${this.#mailbox} (MESSAGES)`);
      return Number(/MESSAGES (\d+)/.exec(lines.join(" "))?.[1] ?? NaN);
    }));
    return counts.reduce((sum, count) => sum + count, 0);
  }
}
