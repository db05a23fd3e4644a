/** What the load test does, scenario by scenario. */
import { LoadConn } from "./client.ts";
import type { Recorder } from "./figures.ts";
import type { Target } from "./target.ts";

/** How much of it. */
export interface Load {
  readonly target: Target;
  readonly connections: number;
  readonly messages: number;
  /** Octets of a message. */
  readonly size: number;
  readonly accounts: number;
}

/** One scenario: `run` does the work and records each operation. */
export interface Scenario {
  readonly name: string;
  readonly unit: string;
  readonly run: (load: Load, record: Recorder) => Promise<void>;
}

/** Every scenario, in the order in which they make sense: what is read was written before. */
export const SCENARIOS: readonly Scenario[] = [
  { name: "smtp", unit: "messages", run: (load, record) => deliver("smtp", load, record) },
  { name: "smtp-single", unit: "messages", run: (load, record) => deliverSingly(load, record) },
  { name: "lmtp", unit: "messages", run: (load, record) => deliver("lmtp", load, record) },
  { name: "imap-login", unit: "sessions", run: loginAndSelect },
  {
    name: "imap-fetch",
    unit: "messages",
    run: (load, record) => fetchAll("(FLAGS ENVELOPE BODYSTRUCTURE)", load, record),
  },
  { name: "imap-bodies", unit: "messages", run: (load, record) => fetchAll("BODY.PEEK[]", load, record) },
  { name: "imap-append", unit: "messages", run: append },
  { name: "imap-store", unit: "commands", run: storeEach },
  { name: "pop3-drain", unit: "messages", run: drain },
];

/** A message of `size` octets with a header as programs write it. */
export function message(size: number, number: number): Uint8Array {
  const head =
    `From: Load <load@sender.test>\r\nTo: user@load.test\r\nSubject: Load test message ${number}\r\n` +
    `Date: Wed, 25 Nov 2026 01:02:03 +0000\r\nMessage-ID: <${number}.${size}@load.test>\r\n` +
    `MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n`;
  const line = "The mail coach left at eight and lost none of its letters on the way.\r\n";
  const body = line.repeat(Math.ceil(Math.max(0, size - head.length) / line.length));
  const text = (head + body).slice(0, Math.max(head.length + 2, size) - 2);
  return new TextEncoder().encode(`${text.replace(/[\r\n]+$/, "")}\r\n`);
}

/** Runs `work` for 0..count-1 on `load.connections` workers of ours; each has a connection from `open`. */
async function spread<C extends Disposable>(
  count: number,
  load: Load,
  record: Recorder,
  open: (worker: number) => Promise<C>,
  work: (conn: C, i: number) => Promise<void>,
): Promise<void> {
  let next = 0;
  await Promise.all(Array.from({ length: load.connections }, async (_, worker) => {
    let conn: C | undefined;
    while (next < count) {
      const i = next++;
      const began = performance.now();
      try {
        conn ??= await open(worker);
        await work(conn, i);
        record.ok(performance.now() - began);
      } catch (error) {
        record.failed(error);
        conn?.[Symbol.dispose]();
        conn = undefined;
      }
    }
    conn?.[Symbol.dispose]();
  }));
}

function user(target: Target, i: number): string {
  return target.users.replace("%d", String(i));
}

async function deliver(protocol: "smtp" | "lmtp", load: Load, record: Recorder): Promise<void> {
  const { target, accounts } = load;
  const before = await totalMessages(load);
  const open = async () => {
    const conn = await LoadConn.open(target.host, target.ports[protocol]);
    await conn.reply("220");
    await conn.send(`${protocol === "smtp" ? "EHLO" : "LHLO"} load.test\r\n`);
    await conn.reply("250");
    return conn;
  };
  await spread(load.messages, load, record, open, async (conn, i) => {
    await sendMessage(conn, user(target, i % accounts + 1), message(load.size, i));
    record.octets += load.size;
  });
  await untilVisible(load, before + record.count);
}

async function deliverSingly(load: Load, record: Recorder): Promise<void> {
  const { target, accounts } = load;
  const before = await totalMessages(load);
  const nothing = () => Promise.resolve({ [Symbol.dispose]() {} });
  await spread(load.messages, load, record, nothing, async (_, i) => {
    using conn = await LoadConn.open(target.host, target.ports.smtp);
    await conn.reply("220");
    await conn.send("EHLO load.test\r\n");
    await conn.reply("250");
    await sendMessage(conn, user(target, i % accounts + 1), message(load.size, i));
    await conn.send("QUIT\r\n");
    await conn.reply("221");
    record.octets += load.size;
  });
  await untilVisible(load, before + record.count);
}

async function sendMessage(conn: LoadConn, to: string, octets: Uint8Array): Promise<void> {
  await conn.send(`MAIL FROM:<load@sender.test>\r\nRCPT TO:<${to}>\r\nDATA\r\n`);
  await conn.reply("250");
  await conn.reply("250");
  await conn.reply("354");
  const data = new Uint8Array(octets.length + 3);
  data.set(octets);
  data.set([0x2e, 0x0d, 0x0a], octets.length);
  await conn.send(data);
  await conn.reply("250");
}

/** A message counts when STATUS shows it. */
async function untilVisible(load: Load, wanted: number): Promise<void> {
  const deadline = performance.now() + 30_000;
  for (;;) {
    const total = await totalMessages(load);
    if (total >= wanted) return;
    if (performance.now() > deadline) {
      throw new Error(`STATUS shows ${total} messages, ${wanted} were acknowledged`);
    }
  }
}

async function totalMessages(load: Load): Promise<number> {
  const counts = await Promise.all(Array.from({ length: load.accounts }, async (_, i) => {
    using conn = await imap(load, i + 1);
    await conn.send("s STATUS INBOX (MESSAGES)\r\n");
    const { untagged } = await conn.tagged("s");
    return Number(/MESSAGES (\d+)/.exec(untagged.join(" "))?.[1] ?? NaN);
  }));
  return counts.reduce((sum, count) => sum + count, 0);
}

async function imap({ target }: Load, number: number): Promise<LoadConn> {
  const conn = await LoadConn.open(target.host, target.ports.imap);
  await conn.line();
  await conn.send(`a LOGIN ${user(target, number)} ${target.password}\r\n`);
  await conn.tagged("a");
  return conn;
}

async function loginAndSelect(load: Load, record: Recorder): Promise<void> {
  const nothing = () => Promise.resolve({ [Symbol.dispose]() {} });
  await spread(Math.min(load.messages, 2000), load, record, nothing, async (_, i) => {
    using conn = await imap(load, i % load.accounts + 1);
    await conn.send("b SELECT INBOX\r\n");
    await conn.tagged("b");
    await conn.send("c LOGOUT\r\n");
    await conn.tagged("c");
  });
}

async function fetchAll(items: string, load: Load, record: Recorder): Promise<void> {
  await Promise.all(Array.from({ length: load.accounts }, async (_, i) => {
    using conn = await imap(load, i + 1);
    await conn.send("b SELECT INBOX\r\n");
    const { untagged } = await conn.tagged("b");
    const exists = Number(/\* (\d+) EXISTS/.exec(untagged.join("\n"))?.[1] ?? 0);
    const began = performance.now();
    await conn.send(`c FETCH 1:* ${items}\r\n`);
    const { octets } = await conn.tagged("c");
    record.octets += octets;
    for (let k = 0; k < exists; k++) record.ok((performance.now() - began) / exists);
  }));
}

async function append(load: Load, record: Recorder): Promise<void> {
  await spread(
    load.messages,
    load,
    record,
    (worker) => imap(load, worker % load.accounts + 1),
    async (conn, i) => {
      const octets = message(load.size, i);
      await conn.send(`b APPEND INBOX {${octets.length}+}\r\n`);
      await conn.send(octets);
      await conn.send("\r\n");
      await conn.tagged("b");
      record.octets += octets.length;
    },
  );
}

async function storeEach(load: Load, record: Recorder): Promise<void> {
  const open = async (worker: number) => {
    const conn = await imap(load, worker % load.accounts + 1);
    await conn.send("b SELECT INBOX\r\n");
    await conn.tagged("b");
    return conn;
  };
  await spread(Math.min(load.messages, 5000), load, record, open, async (conn, i) => {
    await conn.send(`c STORE ${i % 50 + 1} ${i % 2 === 0 ? "+" : "-"}FLAGS.SILENT (\\Flagged)\r\n`);
    await conn.tagged("c");
  });
}

async function drain(load: Load, record: Recorder): Promise<void> {
  const { target } = load;
  await Promise.all(Array.from({ length: load.accounts }, async (_, i) => {
    try {
      using conn = await LoadConn.open(target.host, target.ports.pop3);
      await conn.line();
      for (const command of [`USER ${user(target, i + 1)}`, `PASS ${target.password}`]) {
        await conn.send(`${command}\r\n`);
        const line = await conn.line();
        if (!line.startsWith("+OK")) throw new Error(line);
      }
      await conn.send("STAT\r\n");
      const count = Math.min(Number((await conn.line()).split(" ")[1]), 2000);
      await conn.send("UIDL\r\n");
      await conn.multiline();
      for (let k = 1; k <= count; k++) {
        const began = performance.now();
        await conn.send(`RETR ${k}\r\nDELE ${k}\r\n`);
        record.octets += await conn.multiline();
        await conn.line();
        record.ok(performance.now() - began);
      }
      await conn.send("QUIT\r\n");
      await conn.line();
    } catch (error) {
      record.failed(error);
    }
  }));
}
