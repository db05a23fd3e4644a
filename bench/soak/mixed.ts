/** Mixed load at a steady rate: mail in by SMTP, read and changed by IMAP, fetched and deleted by POP3. */
import type { Good } from "../fairness/good.ts";
import { LoadConn } from "../load/conn.ts";

/** How much of each. */
export interface Mix {
  /** Messages a second. */
  readonly rate: number;
  /** Sessions at a time. */
  readonly imap: number;
  readonly pop3: number;
}

/** Connections that the messages come by. */
const SENDERS = 10;
/** Within which all sessions have begun, one after the other: their first logins cost a hash each. */
const BEGIN_MS = 20_000;
/** Between two requests of a session. */
const THINK_MS = 2_000;
const LETTER = `From: a@soak.test\r\nSubject: soak\r\n\r\n${"A line of text.\r\n".repeat(120)}.\r\n`;

/** Runs from its making until it is stopped. */
export class Mixed {
  #times: number[] = [];
  #over = false;
  readonly #running: Promise<unknown>;
  done = 0;
  failed = 0;
  /** Of the first that failed. */
  why = "";

  constructor(private readonly good: Good, { rate, imap, pop3 }: Mix) {
    const user = (i: number) => good.users[i % good.users.length]!;
    this.#running = Promise.all([
      ...Array.from({ length: SENDERS }, (_, i) => this.#again(() => this.#send(i, SENDERS * 1000 / rate))),
      ...Array.from({ length: imap }, (_, i) => this.#begin(i / imap, () => this.#read(user(i)))),
      // One maildrop is for one session at a time.
      ...Array.from(
        { length: Math.min(pop3, good.users.length) },
        (_, i) => this.#begin(i / pop3, () => this.#fetch(user(i))),
      ),
    ]);
  }

  /** Milliseconds of the requests since it was asked last. */
  take(): readonly number[] {
    const times = this.#times;
    this.#times = [];
    return times;
  }

  async stop(): Promise<void> {
    this.#over = true;
    await this.#running;
  }

  /** As `#again`, from that part of the opening on. */
  async #begin(part: number, session: () => Promise<void>): Promise<void> {
    for (const at = performance.now() + part * BEGIN_MS; !this.#over && performance.now() < at;) {
      await pause(100);
    }
    await this.#again(session);
  }

  async #again(session: () => Promise<void>): Promise<void> {
    while (!this.#over) {
      try {
        await session();
      } catch (error) {
        this.failed++;
        this.why ||= (error as Error).message;
        await pause(500);
      }
    }
  }

  async #timed(work: () => Promise<unknown>): Promise<void> {
    const began = performance.now();
    await work();
    this.#times.push(performance.now() - began);
    this.done++;
  }

  async #send(first: number, everyMs: number): Promise<void> {
    using conn = await LoadConn.open("127.0.0.1", this.good.ports.smtp!);
    await conn.reply("220");
    await conn.send("EHLO soak.test\r\n");
    await conn.reply("250");
    for (let i = first, due = performance.now(); !this.#over; i += SENDERS) {
      due += everyMs;
      await pause(due - performance.now());
      const to = this.good.users[i % this.good.users.length]!;
      await this.#timed(async () => {
        await conn.send(`MAIL FROM:<a@soak.test>\r\nRCPT TO:<${to}>\r\nDATA\r\n`);
        for (const want of ["250", "250", "354"]) await conn.reply(want);
        await conn.send(LETTER);
        await conn.reply("250");
      });
    }
  }

  /** A while as a client does it: look, read the newest, flag it, look whether there is news. */
  async #read(user: string): Promise<void> {
    using conn = await LoadConn.open("127.0.0.1", this.good.ports.imap, 16_384);
    await conn.line();
    const ask = async (command: string) => {
      await conn.send(`a ${command}\r\n`);
      return await conn.tagged("a");
    };
    await ask(`LOGIN ${user} ${this.good.password}`);
    await ask("SELECT INBOX");
    for (let i = 0; i < 20 && !this.#over; i++) {
      await pause(THINK_MS * (0.5 + Math.random()));
      await this.#timed(() => ask("NOOP"));
      // UIDs: sequence numbers are on the move, POP3 deletes.
      await this.#timed(() => ask("UID FETCH * (FLAGS ENVELOPE BODY.PEEK[TEXT])"));
      await this.#timed(() => ask("UID STORE * +FLAGS (\\Seen)"));
      if (i % 10 === 9) await this.#timed(() => ask("UID SEARCH UNSEEN"));
    }
    await conn.send("z LOGOUT\r\n");
  }

  /** Fetches and deletes most of what is there, so that mailboxes stay of a size. */
  async #fetch(user: string): Promise<void> {
    await pause(THINK_MS * (2 + 4 * Math.random()));
    if (this.#over) return;
    using conn = await LoadConn.open("127.0.0.1", this.good.ports.pop3!, 16_384);
    const ask = async (command: string) => {
      if (command !== "") await conn.send(`${command}\r\n`);
      const line = await conn.line();
      if (!line.startsWith("+OK")) throw new Error(line);
      return line;
    };
    await ask("");
    await ask(`USER ${user}`);
    await ask(`PASS ${this.good.password}`);
    const count = Number((await ask("STAT")).split(" ")[1]);
    for (let i = 1; i <= count - 20; i++) {
      await this.#timed(async () => {
        await conn.send(`RETR ${i}\r\n`);
        await conn.multiline();
      });
      await ask(`DELE ${i}`);
    }
    await this.#timed(() => ask("QUIT"));
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((wake) => setTimeout(wake, Math.max(0, ms)));
}
