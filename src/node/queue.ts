/** The queue of one worker, with the ways out that the configuration names. */
import type { Config } from "../config/mod.ts";
import type { Directory } from "../core/directory.ts";
import type { Emit } from "../core/events.ts";
import type { OutboundDoor } from "../core/outbound.ts";
import { realWorld } from "../core/world.ts";
import { lanesOf, type Queue, type QueueLimits, startQueue } from "../queue/mod.ts";
import type { QueueSettings, Store } from "../store/mod.ts";
import type { Database } from "../store/pg/database.ts";
import type { Door } from "../store/pg/door.ts";
import { openWays, type Ways } from "./outbound_ways.ts";

/** Between two looks for policies and reports that are over. */
const SWEEP_MS = 3_600_000;

/** What the worker has of it: first the settings for its store, then, with that store, the queue itself. */
export class NodeQueue {
  readonly #ways: Ways;
  readonly #limits: QueueLimits;
  readonly #emit: Emit;
  #queue: Queue | undefined;
  #sweeper: ReturnType<typeof setInterval> | undefined;

  private constructor(ways: Ways, limits: QueueLimits, emit: Emit) {
    this.#ways = ways;
    this.#limits = limits;
    this.#emit = emit;
  }

  /** @throws Error when a file that the configuration names cannot be read */
  static async open(config: Config, database: Database, emit: Emit): Promise<NodeQueue> {
    return new NodeQueue(await openWays(config, database, emit), config.limits.queue, emit);
  }

  /** What the store is told of those who send. */
  get settings(): QueueSettings {
    return {
      lifetimeMs: this.#limits.lifetimeMs,
      warnAfterMs: this.#limits.warnAfterMs,
      laneOf: lanesOf(this.#ways.router),
      queued: (lanes) => this.#queue?.queued(lanes),
    };
  }

  /** Begins to send. `number`: of this worker among `workers`, from 1. */
  start(
    { door, store, directory, hostname, number, workers }: {
      readonly door: Door;
      readonly store: Store;
      readonly directory: Directory;
      readonly hostname: string;
      readonly number: number;
      readonly workers: number;
    },
  ): OutboundDoor {
    const { router, reacher, signer } = this.#ways;
    const emit = this.#emit, limits = this.#limits;
    this.#queue = startQueue({
      door,
      store,
      directory,
      router,
      reacher,
      signer,
      world: realWorld,
      emit,
      limits,
      hostname,
      number,
      workers,
    });
    if (number === 1) {
      this.#sweeper = setInterval(
        () =>
          void this.#ways.sweep().catch((thrown) =>
            emit("queue.unavailable", { where: "sweep", error: String(thrown) })
          ),
        SWEEP_MS,
      );
    }
    return this.#queue.door;
  }

  /** Lets what runs finish for so long, gives the rest back. */
  async drain(withinMs: number): Promise<void> {
    clearInterval(this.#sweeper);
    await this.#queue?.drain(withinMs);
    await this.#ways[Symbol.asyncDispose]();
  }
}
