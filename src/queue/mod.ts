/** Mail that goes out: kept in PostgreSQL, taken by leases, sent, retried, reported. */
import type { Directory } from "../core/directory.ts";
import type { Emit } from "../core/events.ts";
import type { OutboundDoor, OutboundEnvelope, Reacher, Router, Signer } from "../core/outbound.ts";
import type { World } from "../core/world.ts";
import { domainOf, type QueueSettings, type Store } from "../store/mod.ts";
import type { Door } from "../store/pg/door.ts";
import { queueDoor } from "./door.ts";
import { Keeper } from "./keeper.ts";
import type { QueueLimits } from "./limits.ts";
import { Reporter } from "./reports.ts";
import { Scheduler } from "./scheduler.ts";
import { LaneShare, WakeChannel } from "./wakes.ts";

export { Tracer } from "./trace.ts";
export { QUEUE_LIMITS, type QueueLimits } from "./limits.ts";

/** What a worker's queue is made of. It closes nothing of it. */
export interface QueueOptions {
  readonly door: Door;
  readonly store: Store;
  readonly directory: Directory;
  readonly router: Router;
  readonly reacher: Reacher;
  readonly signer?: Signer;
  readonly world: World;
  readonly emit: Emit;
  readonly limits: QueueLimits;
  readonly hostname: string;
  /** Of this worker among the node's, from 1, and how many there are. */
  readonly number: number;
  readonly workers: number;
}

/** One worker's queue. */
export interface Queue {
  readonly door: OutboundDoor;
  /** Lanes have work since a commit of this worker. */
  queued(lanes: readonly string[]): void;
  /** Takes nothing more, lets what runs finish for at most so many milliseconds, gives the rest back. */
  drain(withinMs: number): Promise<void>;
}

/** The lane of a recipient: its destination, or where there is none its domain. */
export function lanesOf(router: Router): QueueSettings["laneOf"] {
  return (envelope: OutboundEnvelope, recipient: string) => {
    const way = router.route(envelope, recipient);
    return "outcome" in way ? domainOf(recipient) : way.key;
  };
}

/** Starts sending. */
export function startQueue(options: QueueOptions): Queue {
  const share = new LaneShare(options.number, options.workers);
  const scheduler = new Scheduler({ ...options, here: options, isMine: (lane) => share.isMine(lane) });
  const channel = new WakeChannel((lanes) => scheduler.wake(lanes));
  const queued = (lanes: readonly string[]) => {
    scheduler.wake(lanes);
    const others = lanes.filter((lane) => !share.isMine(lane));
    if (others.length > 0) channel.tell(others);
  };
  // One worker of a node looks after what is due; on several nodes the rows' locks part the work.
  const keeper = options.number === 1
    ? new Keeper({ ...options, reporter: new Reporter(options), wake: queued })
    : undefined;
  const laneOf = lanesOf(options.router);
  return {
    queued,
    door: queueDoor({ ...options, laneOf: (domain) => laneOf(NOBODY, `postmaster@${domain}`), wake: queued }),
    async drain(withinMs) {
      channel[Symbol.dispose]();
      await Promise.all([scheduler.drain(withinMs), keeper?.drain()]);
    },
  };
}

/** For a domain's usual way, whoever sends. */
const NOBODY: OutboundEnvelope = {
  reversePath: "",
  body: "7BIT",
  smtputf8: false,
  requireTls: false,
  ret: undefined,
  envid: undefined,
  priority: 0,
  holdUntil: undefined,
  deliverBy: undefined,
  submitter: undefined,
  session: "",
};
