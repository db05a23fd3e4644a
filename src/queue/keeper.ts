/** Housekeeping: what is due again, what is over, whom to tell, what to forget. Safe on several nodes at once. */
import { type Emit, emitBug } from "../core/events.ts";
import { Unavailable } from "../core/failure.ts";
import { retrying } from "../store/failures.ts";
import type { Door } from "../store/pg/door.ts";
import "./events.ts";
import type { QueueLimits } from "./limits.ts";
import type { Reporter } from "./reports.ts";
import { forget, forgetTrace, forgetVoid, look, promote } from "./sql/keep.ts";

/** What it works with. */
export interface KeeperOptions {
  readonly door: Door;
  readonly emit: Emit;
  readonly limits: QueueLimits;
  readonly reporter: Reporter;
  /** Recipients in these lanes may go again. */
  readonly wake: (lanes: readonly string[]) => void;
}

/** Rows of one statement; milliseconds between two rounds of forgetting. */
const PROMOTED = 1000, LOOKED = 200, FORGOTTEN = 1000, PAGES = 200, FORGET_MS = 600_000;

/** Looks again and again until it is drained. */
export class Keeper {
  readonly #options: KeeperOptions;
  readonly #stop = new AbortController();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #running: Promise<void> = Promise.resolve();
  #forgotten = -Infinity;

  constructor(options: KeeperOptions) {
    this.#options = options;
    this.#next(0);
  }

  /** Resolves when nothing runs any more. */
  async drain(): Promise<void> {
    this.#stop.abort();
    clearTimeout(this.#timer);
    await this.#running;
  }

  /** One round. @throws Unavailable */
  async round(): Promise<void> {
    await this.#promote();
    await this.#look();
    await this.#options.reporter.run(this.#stop.signal);
    if (performance.now() - this.#forgotten < FORGET_MS) return;
    this.#forgotten = performance.now();
    await this.#forget();
  }

  #next(pause: number): void {
    this.#timer = setTimeout(() => {
      this.#running = this.round().catch((thrown) => this.#failed(thrown)).then(() => {
        if (!this.#stop.signal.aborted) this.#next(this.#options.limits.pollMs);
      });
    }, pause);
  }

  async #promote(): Promise<void> {
    const { door, wake } = this.#options;
    for (let moved = PROMOTED; moved === PROMOTED && !this.#stop.signal.aborted;) {
      const rows = await retrying(() => door.query(promote, PROMOTED));
      moved = 0;
      const lanes: string[] = [];
      for (let row = 0; row < rows.count; row++) {
        lanes.push(rows.text(row, 0));
        moved += rows.int(row, 1);
      }
      if (lanes.length > 0) wake(lanes);
    }
  }

  async #look(): Promise<void> {
    const { door, emit, limits } = this.#options;
    for (let looked = LOOKED; looked === LOOKED && !this.#stop.signal.aborted;) {
      const rows = await retrying(() => door.query(look, LOOKED, limits.reportDelayMs));
      looked = rows.int(0, 0);
      const failed = rows.int(0, 1), warned = rows.int(0, 2);
      if (failed + warned > 0) emit("queue.overdue", { failed, warned });
    }
  }

  async #forget(): Promise<void> {
    const { door, limits: { historyMs } } = this.#options;
    for (let after = 0, more = true; more && !this.#stop.signal.aborted;) {
      const rows = await retrying(() => door.query(forget, after, FORGOTTEN, historyMs));
      after = rows.int(0, 0);
      more = rows.int(0, 1) === FORGOTTEN && !rows.bool(0, 3);
    }
    for (const one of forgetVoid) await retrying(() => door.query(one));
    for (let gone = PAGES; gone === PAGES && !this.#stop.signal.aborted;) {
      gone = (await retrying(() => door.query(forgetTrace, historyMs, PAGES))).affected;
    }
  }

  #failed(thrown: unknown): void {
    const { emit } = this.#options;
    if (thrown instanceof Unavailable) emit("queue.unavailable", { where: "keep", error: thrown.message });
    else emitBug(emit, "queue.keep", thrown);
  }
}
