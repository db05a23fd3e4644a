/** What every row has in common: how much load, and how it is spread over connections. */
import type { Recorder } from "./recorder.ts";
import type { Target } from "./target.ts";

/** How much of it. */
export interface Load {
  readonly target: Target;
  /** Connections of rows that write mail. */
  readonly connections: number;
  /** Connections, each with a mailbox of its own, of rows that read mail. */
  readonly readers: number;
  /** Seconds of a row that can go on for ever. */
  readonly seconds: number;
  /** Messages in each mailbox that is read. */
  readonly messages: number;
  readonly accounts: number;
  /** Idle connections. */
  readonly idle: number;
}

/** One row of the table: `run` prepares, does what counts within `record.measure`, and cleans up. */
export interface Row {
  readonly name: string;
  readonly title: string;
  readonly unit: string;
  /** @throws Skip when the server cannot do it. */
  readonly run: (load: Load, record: Recorder) => Promise<void>;
}

/** The server lacks what a row needs. */
export class Skip extends Error {
  override name = "Skip";
}

/** The name of account `i`, from 1. */
export function user({ target }: Load, i: number): string {
  return target.users.replace("%d", String(i));
}

/** The port of a protocol. @throws Skip when the target does not have it. */
export function port({ target }: Load, protocol: "smtp" | "lmtp" | "imaps" | "pop3"): number {
  const found = target.ports[protocol];
  if (found === undefined) throw new Skip(`the server has no ${protocol}`);
  return found;
}

/** How the work of a row is spread. */
export interface Spread<C extends Disposable> {
  readonly connections: number;
  /** Milliseconds. */
  readonly ms: number;
  readonly open: (worker: number) => Promise<C>;
  /** One exchange; `i` counts over all workers. Gives operations and octets, one and none when it gives nothing. */
  readonly work: (
    conn: C,
    i: number,
    worker: number,
  ) => Promise<{ operations?: number; octets?: number } | void>;
}

/** Errors in a row after which a worker gives up: a server that refuses everything is not asked for ever. */
const GIVE_UP = 20;

/** Works until the time is over. */
export async function spread<C extends Disposable>(record: Recorder, what: Spread<C>): Promise<void> {
  let next = 0;
  const until = performance.now() + what.ms;
  await Promise.all(Array.from({ length: what.connections }, async (_, worker) => {
    let conn: C | undefined;
    for (let failures = 0; performance.now() < until && failures < GIVE_UP;) {
      const began = performance.now();
      try {
        conn ??= await what.open(worker);
        const did = await what.work(conn, next++, worker);
        record.ok(performance.now() - began, did?.operations ?? 1, did?.octets ?? 0);
        failures = 0;
      } catch (error) {
        failures++;
        record.failed(error);
        conn?.[Symbol.dispose]();
        conn = undefined;
      }
    }
    conn?.[Symbol.dispose]();
  }));
}

/** Warms the server up with the same work, then measures it; `visible` is waited for within the time. */
export async function measured<C extends Disposable>(
  load: Load,
  record: Recorder,
  what: Omit<Spread<C>, "ms">,
  visible: () => Promise<void> = async () => {},
): Promise<void> {
  await spread(record, { ...what, ms: load.seconds * 250 });
  await visible();
  record.restart();
  await record.measure(async () => {
    await spread(record, { ...what, ms: load.seconds * 1000 });
    await visible();
  });
}

/** `open` for work that connects by itself. */
export function nothing(): Promise<Disposable> {
  return Promise.resolve({ [Symbol.dispose]() {} });
}
