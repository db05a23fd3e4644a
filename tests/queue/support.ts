/** What the queue's tests share: mail in the queue, next hops that are functions. */
import { silent } from "../../src/core/events.ts";
import {
  type Destination,
  type HopConnection,
  type HopResult,
  Notify,
  type Outbound,
  type OutboundEnvelope,
  type OutboundMessage,
  type OutboundRecipient,
  type Reached,
  type Reacher,
  type Router,
} from "../../src/core/outbound.ts";
import { realWorld } from "../../src/core/world.ts";
import { QUEUE_LIMITS, type QueueLimits } from "../../src/queue/limits.ts";
import { Scheduler, type SchedulerOptions } from "../../src/queue/scheduler.ts";
import { domainOf, type Store } from "../../src/store/mod.ts";
import type { Database } from "../../src/store/pg/database.ts";
import { type Bench, mail, stage } from "../store/support.ts";

/** An envelope without anything special. */
export const ENVELOPE: OutboundEnvelope = {
  reversePath: "ann@example.test",
  body: "7BIT",
  smtputf8: false,
  requireTls: false,
  ret: undefined,
  envid: undefined,
  priority: 0,
  holdUntil: undefined,
  deliverBy: undefined,
  submitter: undefined,
  session: "s1",
};

/** A way out. */
export function outbound(
  addresses: readonly string[],
  envelope: Partial<OutboundEnvelope> = {},
  recipient: Partial<OutboundRecipient> = {},
): Outbound {
  return {
    envelope: { ...ENVELOPE, ...envelope },
    recipients: addresses.map((address) => ({
      address,
      notify: Notify.Failure | Notify.Delay,
      originalRecipient: undefined,
      ...recipient,
    })),
  };
}

/** Queues a message. */
export async function enqueue(
  store: Store,
  out: Outbound,
  octets: Uint8Array = mail("Out", "Hello\n", `Message-ID: <${crypto.randomUUID()}@example.test>\n`),
): Promise<void> {
  await using message = await stage(store, octets);
  await store.deliver([{ message, to: [], outbound: out }], { atomic: true });
}

/** Queues messages of one recipient each. */
export async function enqueueMany(
  store: Store,
  count: number,
  address: (i: number) => string,
  envelope: Partial<OutboundEnvelope> = {},
  recipient: Partial<OutboundRecipient> = {},
): Promise<void> {
  for (let at = 0; at < count; at += 200) {
    await Promise.all(
      Array.from(
        { length: Math.min(200, count - at) },
        (_, i) => enqueue(store, outbound([address(at + i)], envelope, recipient)),
      ),
    );
  }
}

/** Results. */
export const DELIVERED: HopResult = {
  outcome: "delivered",
  step: "end",
  reply: { code: 250, status: "2.0.0", text: "ok" },
};
export const DEFERRED: HopResult = {
  outcome: "deferred",
  step: "rcpt",
  reply: { code: 450, status: "4.2.1", text: "try later" },
};
export const FAILED: HopResult = {
  outcome: "failed",
  step: "rcpt",
  reply: { code: 550, status: "5.1.1", text: "no such user here" },
};
export const UNREACHABLE: HopResult = {
  outcome: "deferred",
  step: "connect",
  reply: { code: 0, status: "4.4.1", text: "connection refused" },
};

/** What a next hop got. */
export interface Got {
  readonly to: string;
  readonly recipients: readonly string[];
  readonly connection: number;
  readonly octets: string;
}

/** Next hops by domain: what each does with a recipient, or why it cannot be reached. */
export class Hops implements Reacher {
  readonly got: Got[] = [];
  /** Connections tried, by destination. */
  readonly tried = new Map<string, number>();
  /** Most connections open at once, by destination. */
  readonly most = new Map<string, number>();
  readonly #open = new Map<string, number>();
  #count = 0;
  /** By domain; others deliver. */
  readonly answers = new Map<
    string,
    HopResult | ((message: OutboundMessage, recipient: string) => HopResult | Promise<HopResult>)
  >();
  /** By domain; others are there. */
  readonly unreachable = new Map<string, HopResult>();
  /** What all of them take. */
  takes = { eightBit: true, binary: true };
  /** Before a result is given. */
  pause: (to: string) => Promise<void> = () => Promise.resolve();

  /** Recipients that got mail, in order. */
  get recipients(): readonly string[] {
    return this.got.flatMap((one) => one.recipients);
  }

  reach(to: Destination): Promise<Reached> {
    const { key } = to;
    this.tried.set(key, (this.tried.get(key) ?? 0) + 1);
    const result = this.unreachable.get(key);
    if (result !== undefined) return Promise.resolve({ ok: false, result });
    const open = (this.#open.get(key) ?? 0) + 1;
    this.#open.set(key, open);
    this.most.set(key, Math.max(open, this.most.get(key) ?? 0));
    return Promise.resolve({ ok: true, connection: this.#connection(key, ++this.#count) });
  }

  #connection(key: string, number: number): HopConnection {
    return {
      host: `mx.${key}`,
      address: "192.0.2.1",
      security: "TLSv1.3",
      usable: true,
      takes: this.takes,
      send: async (message) => {
        let octets = "";
        const decoder = new TextDecoder();
        for await (const piece of message.octets()) octets += decoder.decode(piece, { stream: true });
        await this.pause(key);
        const results: HopResult[] = [];
        for (const { address } of message.recipients) {
          const answer = this.answers.get(domainOf(address)) ?? DELIVERED;
          results.push(typeof answer === "function" ? await answer(message, address) : answer);
        }
        const taken = message.recipients.filter((_, i) =>
          results[i]!.outcome === "delivered" || results[i]!.outcome === "relayed"
        );
        if (taken.length > 0) {
          this.got.push({ to: key, recipients: taken.map((one) => one.address), connection: number, octets });
        }
        return results;
      },
      [Symbol.asyncDispose]: () => {
        this.#open.set(key, this.#open.get(key)! - 1);
        return Promise.resolve();
      },
    };
  }
}

/** Each domain is a destination of its own. */
export const byDomain: Router = {
  route: (_, recipient): Destination => ({
    key: domainOf(recipient),
    protocol: domainOf(recipient).startsWith("lmtp") ? "lmtp" : "smtp",
    by: { kind: "mx", domain: domainOf(recipient) },
    tls: "may",
    implicitTls: false,
    login: undefined,
  }),
};

/** Limits that a test need not wait for. */
export const QUICK: QueueLimits = { ...QUEUE_LIMITS, pollMs: 50, connectionIdleMs: 50, reportDelayMs: 0 };

/** A scheduler on a bench's database. */
export function scheduler(
  t: Bench,
  hops: Hops,
  limits: Partial<QueueLimits> = {},
  more: Partial<SchedulerOptions> = {},
): Scheduler & AsyncDisposable {
  const made = new Scheduler({
    door: t.db.door,
    router: byDomain,
    reacher: hops,
    world: realWorld,
    emit: silent,
    limits: { ...QUICK, ...limits },
    ...more,
  });
  return Object.assign(made, { [Symbol.asyncDispose]: () => made.drain(10_000) });
}

/** How many recipients are in each state. */
export async function states(db: Database): Promise<Record<string, number>> {
  const rows = await db.selectFrom("queue_recipient").select([
    "state",
    (eb) => eb.fn.countAll<number>().as("n"),
  ])
    .groupBy("state").execute();
  return Object.fromEntries(rows.map((row) => [row.state, Number(row.n)]).sort());
}

/** Waits until a condition holds. */
export async function until(
  condition: () => boolean | Promise<boolean>,
  what: string,
  withinMs = 60_000,
): Promise<void> {
  const end = performance.now() + withinMs;
  while (!await condition()) {
    if (performance.now() > end) throw new Error(`Waited in vain until ${what}`);
    await new Promise((wake) => setTimeout(wake, 10));
  }
}

/** Waits until no recipient is on its way. */
export async function drained(db: Database): Promise<void> {
  await until(async () => {
    const { ready = 0, waiting = 0 } = await states(db);
    return ready + waiting === 0;
  }, "the queue is empty");
}
