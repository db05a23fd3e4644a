/** Many idle IMAP connections: what they weigh, and how soon they hear of mail. */
import net from "node:net";
import tls from "node:tls";
import { LoadConn } from "../conn.ts";
import { emptyInboxes } from "../imap.ts";
import { type Load, port, type Row, user } from "../load.ts";
import { dotted, Letters } from "../messages.ts";
import { memoryMib } from "../processes.ts";
import { type Recorder, settled } from "../recorder.ts";
import type { Target } from "../target.ts";

const LETTERS = new Letters(1024);
/** Connections that log in at once; what is shown is the memory of those that rest. */
const TOGETHER = 25;
/** Milliseconds after which an EXISTS counts as missed. */
const MISSED_MS = 15_000;
/** Connections that rest before any is weighed. */
const FIRST = 1000;
/** Memory that has stayed as it is for so long rests; after the longest time it is taken as it is. */
const REST_MS = 20_000, REST_MAX_MS = 90_000;

/** The rows, in the order of the table. */
export const IDLE: readonly Row[] = [
  {
    name: "idle-memory",
    title: "Memory of an idle IMAP connection",
    unit: "connections",
    run: (l, r) => memory(l, r, false),
  },
  {
    name: "idle-memory-tls",
    title: "The same with TLS",
    unit: "connections",
    run: (l, r) => memory(l, r, true),
  },
  {
    name: "idle-100",
    title: "IDLE: from 250 to EXISTS, 100 idlers",
    unit: "EXISTS",
    run: (l, r) => latency(l, r, 100, l.accounts),
  },
  {
    name: "idle-1000",
    title: "The same, 1000 on one mailbox",
    unit: "EXISTS",
    run: (l, r) => latency(l, r, 1000, 1),
  },
];

/** One connection in IDLE. */
class Idler implements Disposable {
  readonly #socket: net.Socket;
  #text = "";
  #awaited: {
    readonly pattern: RegExp;
    readonly resolve: () => void;
    readonly reject: (error: Error) => void;
  } | undefined;

  private constructor(socket: net.Socket) {
    this.#socket = socket;
    socket.setEncoding("latin1");
    socket.on("data", (text: string) => this.#heard(text));
    socket.on("error", (error) => this.#awaited?.reject(error));
    socket.on("close", () => this.#awaited?.reject(new Error("the server closed the connection")));
  }

  /** Connects, logs account `number` in, selects INBOX and begins IDLE. */
  static async open(load: Load, number: number, encrypted: boolean): Promise<Idler> {
    const { host, ports, password } = load.target;
    const idler = new Idler(
      encrypted
        ? tls.connect({ host, port: port(load, "imaps"), rejectUnauthorized: false })
        : net.connect({ host, port: ports.imap }),
    );
    await idler.until(/^\* OK[^\n]*\n/);
    await idler.#said(`a LOGIN ${user(load, number)} ${password}\r\n`, /^a [^\n]*\n/m);
    await idler.#said("b SELECT INBOX\r\n", /^b [^\n]*\n/m);
    await idler.#said("c IDLE\r\n", /^\+[^\n]*\n/m);
    return idler;
  }

  /** Resolves when the server has said something; what came before counts no more. */
  async until(pattern: RegExp): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#awaited = { pattern, resolve, reject };
    const timer = setTimeout(
      () => reject(new Error(`the server never said ${pattern}, but ${this.#text.slice(-100)}`)),
      MISSED_MS,
    );
    this.#heard("");
    try {
      await promise;
    } finally {
      clearTimeout(timer);
    }
  }

  [Symbol.dispose](): void {
    this.#awaited = undefined;
    this.#socket.destroy();
  }

  async #said(command: string, answer: RegExp): Promise<void> {
    this.#socket.write(command);
    await this.until(answer);
  }

  #heard(text: string): void {
    this.#text += text;
    const awaited = this.#awaited;
    if (awaited === undefined || !awaited.pattern.test(this.#text)) return;
    if (/^\w NO|^\w BAD/m.test(this.#text)) awaited.reject(new Error(this.#text));
    this.#text = "";
    this.#awaited = undefined;
    awaited.resolve();
  }
}

/** Opens idlers, account after account in turn. */
async function openAll(load: Load, record: Recorder, count: number, accounts: number, encrypted: boolean) {
  const idlers: { readonly idler: Idler; readonly account: number }[] = [];
  for (let i = 0; i < count; i += TOGETHER) {
    await Promise.all(Array.from({ length: Math.min(TOGETHER, count - i) }, async (_, k) => {
      const account = (i + k) % accounts + 1;
      const began = performance.now();
      try {
        idlers.push({ idler: await Idler.open(load, account, encrypted), account });
        record.ok(performance.now() - began);
      } catch (error) {
        record.failed(error);
      }
    }));
  }
  return idlers;
}

async function memory(load: Load, record: Recorder, encrypted: boolean): Promise<void> {
  const { target } = load;
  if (encrypted) port(load, "imaps");
  // Some rest there before: what the first ones make grow once (young generations, the database's caches) is no
  // connection's.
  const first = await openAll(load, record, FIRST, load.accounts, encrypted);
  record.restart();
  const before = await rested(target);
  let idlers: typeof first = [];
  await record.measure(async () => {
    idlers = await openAll(load, record, load.idle, load.accounts, encrypted);
  });
  if (idlers.length > 0) record.memoryEach = (await rested(target) - before) * 1024 / idlers.length;
  for (const { idler } of [...first, ...idlers]) idler[Symbol.dispose]();
  await settled(target);
}

/** MiB of the server when it has given back what it does not need: collectors wait for a while. */
async function rested(target: Target): Promise<number> {
  let mib = memoryMib(target.pids), since = performance.now();
  if (target.pids.length === 0) return mib;
  for (const end = since + REST_MAX_MS; performance.now() < Math.min(since + REST_MS, end);) {
    await new Promise((wake) => setTimeout(wake, 1000));
    const now = memoryMib(target.pids);
    if (Math.abs(now - mib) < 1) continue;
    [mib, since] = [now, performance.now()];
  }
  return mib;
}

/** Delivers one message after another; every idler of its account must hear of each. */
async function latency(load: Load, record: Recorder, count: number, accounts: number): Promise<void> {
  const protocol = load.target.ports.lmtp === undefined ? "smtp" : "lmtp";
  const idlers = await openAll(load, record, count, accounts, false);
  using conn = await LoadConn.open(load.target.host, port(load, protocol));
  await conn.reply("220");
  await conn.send(`${protocol === "smtp" ? "EHLO" : "LHLO"} load.test\r\n`);
  await conn.reply("250");
  const round = async (i: number) => {
    const account = i % accounts + 1;
    const heard = idlers.filter((each) => each.account === account).map(async ({ idler }) => {
      await idler.until(/^\* \d+ EXISTS/m);
      return performance.now();
    });
    const settledAll = Promise.allSettled(heard);
    await conn.send(`MAIL FROM:<ada@sender.test>\r\nRCPT TO:<${user(load, account)}>\r\nDATA\r\n`);
    for (const code of ["250", "250", "354"]) await conn.reply(code);
    await conn.send(dotted(LETTERS.octets(i)));
    await conn.reply("250");
    const acknowledged = performance.now();
    for (const each of await settledAll) {
      if (each.status === "fulfilled") record.ok(Math.max(0, each.value - acknowledged));
      else record.failed(each.reason);
    }
  };
  const until = (ms: number) => {
    const end = performance.now() + ms;
    return async () => {
      for (let i = 0; performance.now() < end; i++) await round(i);
    };
  };
  await until(load.seconds * 250)();
  record.restart();
  await record.measure(until(load.seconds * 1000));
  for (const { idler } of idlers) idler[Symbol.dispose]();
  await settled(load.target);
  await emptyInboxes(load);
}
