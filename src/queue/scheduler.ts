/**
 * Takes work from the database, lane by lane, and opens as many connections as each destination bears. A lane that
 * is stuck holds a few connections and nothing else; what waits in it stays in the database.
 */
import { type Emit, emitBug } from "../core/events.ts";
import { Unavailable } from "../core/failure.ts";
import type { HopResult, Reacher, Router, Signer } from "../core/outbound.ts";
import type { World } from "../core/world.ts";
import { retrying } from "../store/failures.ts";
import type { Door } from "../store/pg/door.ts";
import { Courier } from "./courier.ts";
import "./events.ts";
import { Here, type HereOptions } from "./here.ts";
import { Lane } from "./lane.ts";
import type { QueueLimits } from "./limits.ts";
import { BlobReader } from "./octets.ts";
import { Recorder } from "./recorder.ts";
import { fraction } from "./schedule.ts";
import { blockLane, openLane } from "./sql/record.ts";
import { Supply, type Taken, type Unit } from "./work.ts";

/** What a scheduler is made of. */
export interface SchedulerOptions {
  readonly door: Door;
  readonly router: Router;
  readonly reacher: Reacher;
  readonly signer?: Signer;
  /** Recipients of ours get their copies; left out: all mail leaves. */
  readonly here?: HereOptions;
  readonly world: World;
  readonly emit: Emit;
  readonly limits: QueueLimits;
  /** Whether a lane is this worker's; all are when left out. */
  readonly isMine?: (lane: string) => boolean;
}

/** Lanes without work whose concurrency is remembered. */
const LANES_KEPT = 10_000;

/** One worker's share of the queue. */
export class Scheduler {
  readonly #options: SchedulerOptions;
  readonly #supply: Supply;
  readonly #courier: Courier;
  readonly #lanes = new Map<string, Lane>();
  readonly #stop = new AbortController();
  readonly #kill = new AbortController();
  readonly #running = new Set<Promise<void>>();
  #open = 0;
  #unproven = 0;
  #pumping: Promise<void> | undefined;
  #again = false;
  /** Where the walk over all lanes stands; undefined: not now. */
  #walk: string | undefined = "";
  #timer: ReturnType<typeof setTimeout> | undefined;
  #renewer: ReturnType<typeof setInterval>;

  constructor(options: SchedulerOptions) {
    this.#options = options;
    const { door, limits, emit, world } = options;
    this.#supply = new Supply(door, limits);
    const reader = new BlobReader(door), { lease } = this.#supply;
    this.#courier = new Courier({
      ...options,
      reader,
      here: options.here && new Here(options.here, { reader, limits, lease }),
      recorder: new Recorder(door, limits, lease, emit, this.#kill.signal),
      supply: this.#supply,
      signal: this.#kill.signal,
      random: world.random,
    });
    this.#renewer = setInterval(() => void this.#renew(), limits.leaseMs / 3);
    this.#poll();
  }

  /** There is work in lanes; in some lane, when left out. */
  wake(lanes?: readonly string[]): void {
    if (this.#stop.signal.aborted) return;
    if (lanes === undefined) this.#walk = "";
    else for (const name of lanes) if (this.#isMine(name)) this.#lane(name).more = true;
    this.#pump();
  }

  /**
   * Takes nothing more, lets transactions that run finish for at most `withinMs`, gives back what was not begun.
   */
  async drain(withinMs: number): Promise<void> {
    this.#stop.abort();
    clearTimeout(this.#timer);
    for (const lane of this.#lanes.values()) for (const end of lane.idle.splice(0)) end(undefined);
    const late = setTimeout(() => this.#kill.abort(), withinMs);
    await this.#pumping;
    const back = [...this.#lanes.values()].flatMap((lane) => lane.units.splice(0));
    await this.#supply.giveBack(back.flatMap((unit) => unit.recipients));
    await Promise.all(this.#running);
    clearTimeout(late);
    this.#kill.abort();
    clearInterval(this.#renewer);
  }

  #isMine(lane: string): boolean {
    return this.#options.isMine?.(lane) ?? true;
  }

  #lane(name: string): Lane {
    let lane = this.#lanes.get(name);
    if (lane === undefined) this.#lanes.set(name, lane = new Lane(name, this.#options.limits));
    return lane;
  }

  #poll(): void {
    this.#timer = setTimeout(() => {
      this.wake();
      this.#poll();
    }, this.#options.limits.pollMs);
    this.wake();
  }

  /** One at a time: asks for what lanes lack, until they have enough or nothing is left. */
  #pump(): void {
    this.#again = true;
    if (this.#pumping !== undefined || this.#stop.signal.aborted) return;
    this.#pumping = this.#fill().catch((thrown) => this.#failed("take", thrown)).finally(() => {
      this.#pumping = undefined;
    });
  }

  async #fill(): Promise<void> {
    const { limits } = this.#options;
    while (this.#again && !this.#stop.signal.aborted) {
      this.#again = false;
      if (this.#walk !== undefined && this.#supply.held < limits.held) await this.#discover(this.#walk);
      const wants = this.#wants();
      if (wants.length === 0) continue;
      for (const { lane } of wants) lane.asked = true;
      let taken: ReadonlyMap<string, Taken>;
      try {
        taken = await this.#supply.take(
          wants.map(({ lane, count }) => ({ lane: lane.name, count, after: lane.after })),
        );
      } finally {
        for (const { lane } of wants) lane.asked = false;
      }
      for (const { lane, count } of wants) {
        lane.took(taken.get(lane.name), count, limits);
        this.#start(lane);
      }
      this.#again = true;
    }
  }

  #wants(): { readonly lane: Lane; readonly count: number }[] {
    const { limits } = this.#options;
    const wants: { readonly lane: Lane; readonly count: number }[] = [];
    let room = limits.held - this.#supply.held;
    for (const lane of this.#lanes.values()) {
      if (wants.length >= limits.takeLanes || room <= 0) break;
      const count = this.#hasSlot(lane) || lane.running > 0 ? lane.wanted(limits) : 0;
      if (count === 0) continue;
      wants.push({ lane, count });
      room -= count;
    }
    // Who was asked goes to the end, so that all have their turn.
    for (const { lane } of wants) {
      this.#lanes.delete(lane.name);
      this.#lanes.set(lane.name, lane);
    }
    return wants;
  }

  /** Goes on with the walk over all lanes that have work. */
  async #discover(after: string): Promise<void> {
    const found = await this.#supply.discover(after);
    for (const { lane, blocked } of found) {
      if (!blocked && this.#isMine(lane)) this.#lane(lane).more = true;
    }
    const ended = found.length < this.#options.limits.discoverLanes;
    this.#walk = ended ? undefined : found.at(-1)!.lane;
    if (!ended) this.#again = true;
    const crowded = this.#lanes.size > LANES_KEPT;
    for (const [name, lane] of this.#lanes) {
      if (lane.isQuiet && (crowded || !lane.window.proven)) this.#lanes.delete(name);
    }
  }

  #hasSlot(lane: Lane): boolean {
    const { connections, connectionsUnproven } = this.#options.limits;
    return this.#open < connections && (lane.window.proven || this.#unproven < connectionsUnproven);
  }

  /** Gives units to connections that wait, and opens more as far as the destination bears it. */
  #start(lane: Lane): void {
    while (lane.units.length > 0 && lane.idle.length > 0) lane.idle.shift()!(lane.units.shift()!);
    let opening = lane.units.length;
    while (opening-- > 0 && lane.running < lane.window.size && this.#hasSlot(lane)) {
      const unit = lane.units.shift()!;
      const run = this.#run(lane, unit);
      this.#running.add(run);
      void run.finally(() => this.#running.delete(run));
    }
  }

  /** One connection's life, from its first unit on. */
  async #run(lane: Lane, first: Unit): Promise<void> {
    const unproven = !lane.window.proven;
    lane.running++;
    this.#open++;
    if (unproven) this.#unproven++;
    let counted = unproven;
    let unit: Unit | undefined = first;
    try {
      await using trip = this.#courier.trip();
      while (unit !== undefined) {
        const told = await trip.carry(unit);
        if (told.stuck !== undefined) {
          await this.#stuck(lane, told.stuck, told.back);
          break;
        }
        if (told.trouble !== undefined) {
          lane.window.failed();
          if (lane.window.failures >= this.#options.limits.laneFailures) {
            await this.#block(lane, told.trouble);
          }
        } else if (told.sent) {
          lane.window.succeeded();
          if (lane.failures > 0) await this.#opened(lane);
          if (counted) {
            counted = false;
            this.#unproven--;
          }
        }
        if (lane.running > lane.window.size) break;
        unit = await this.#next(lane, trip.isOpen);
      }
    } catch (thrown) {
      this.#failed("send", thrown);
      if (unit !== undefined) await this.#courier.abandon(unit);
    } finally {
      const { connections, connectionsUnproven } = this.#options.limits;
      const scarce = this.#open >= connections || this.#unproven >= connectionsUnproven;
      lane.running--;
      this.#open--;
      if (counted) this.#unproven--;
      if (!this.#stop.signal.aborted) {
        this.#start(lane);
        // Lanes that waited for a connection may have one now.
        if (scarce) {
          for (const other of this.#lanes.values()) if (other.units.length > 0) this.#start(other);
        }
        this.#pump();
      }
    }
  }

  /** The next unit for a connection; where there is none it waits a while, if it may be used again. */
  #next(lane: Lane, isOpen: boolean): Promise<Unit | undefined> | Unit | undefined {
    if (this.#stop.signal.aborted) return undefined;
    const unit = lane.units.shift();
    if (lane.units.length < lane.window.size && lane.more) this.#pump();
    if (unit !== undefined || !isOpen) return unit;
    return new Promise((resolve) => {
      const end = (next: Unit | undefined) => {
        clearTimeout(timer);
        resolve(next);
      };
      lane.idle.push(end);
      const timer = setTimeout(() => {
        const at = lane.idle.indexOf(end);
        if (at >= 0) lane.idle.splice(at, 1);
        end(undefined);
      }, this.#options.limits.connectionIdleMs);
    });
  }

  /** No connection could be had: others of the lane may still work, otherwise it is blocked. */
  async #stuck(lane: Lane, result: HopResult, back: Unit): Promise<void> {
    lane.window.failed();
    if (lane.running > 1 && lane.window.failures < this.#options.limits.laneFailures) {
      lane.units.unshift(back);
      return;
    }
    await this.#courier.defer(back, result);
    await this.#block(lane, result);
  }

  async #block(lane: Lane, { reply, step }: HopResult): Promise<void> {
    const { door, emit, limits, world } = this.#options;
    lane.more = false;
    await this.#supply.giveBack(lane.units.splice(0).flatMap((unit) => unit.recipients));
    const jitter = Math.round(800 + 400 * fraction(world.random));
    const { laneRetryFirstMs: first, laneRetryMostMs: most } = limits;
    const rows = await retrying(() =>
      door.query(blockLane, lane.name, first, most, jitter, reply.code, reply.status, reply.text, step)
    );
    lane.failures = rows.int(0, 0);
    const seconds = Math.round(rows.int(0, 1) / 1000);
    const { name, failures } = lane;
    emit("queue.lane.blocked", { lane: name, failures, seconds, reply: reply.code, step, text: reply.text });
  }

  async #opened(lane: Lane): Promise<void> {
    lane.failures = 0;
    lane.more = true;
    await retrying(() => this.#options.door.query(openLane, lane.name));
    this.#options.emit("queue.lane.opened", { lane: lane.name });
  }

  async #renew(): Promise<void> {
    await this.#supply.renew().catch((thrown) => this.#failed("renew", thrown));
  }

  #failed(where: string, thrown: unknown): void {
    const { emit } = this.#options;
    if (thrown instanceof Unavailable) emit("queue.unavailable", { where, error: thrown.message });
    else emitBug(emit, `queue.${where}`, thrown);
  }
}
