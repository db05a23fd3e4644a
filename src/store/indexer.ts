/**
 * Extracts text in the background, once deliveries have paused: the same work costs less when it is done for many
 * messages at a time, and SEARCH does what is left when it comes earlier.
 */
import type { AccountId } from "../core/brands.ts";
import { emitBug } from "../core/events.ts";
import { Unavailable } from "../core/failure.ts";
import type { StoreContext } from "./context.ts";
import { gramSome, indexSome } from "./text.ts";

/** Accounts that wait; more are left to their next delivery or search. */
const WAITING = 10_000;
/** Milliseconds between two looks for a quiet moment, between two batches, and after a failure. */
const DELAY = 200, PAUSE = 5, FAILED = 5_000;

/** One loop a worker. */
export class Indexer implements AsyncDisposable {
  readonly #context: StoreContext;
  readonly #pressed: () => boolean;
  /** Accounts, the one that waits longest first, and since when. */
  readonly #waiting = new Map<AccountId, number>();
  #lastChange = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #running: Promise<void> = Promise.resolve();
  #stopped = false;

  /** `pressed` is true while deliveries wait: then so does the indexer. */
  constructor(context: StoreContext, pressed: () => boolean) {
    this.#context = context;
    this.#pressed = pressed;
  }

  /** Notes an account that may have got mail. */
  add(account: AccountId): void {
    if (this.#stopped) return;
    const now = this.#lastChange = this.#context.world.ticks();
    if (this.#waiting.size < WAITING && !this.#waiting.has(account)) this.#waiting.set(account, now);
    this.#start(DELAY);
  }

  /** Stops after the batch that runs. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    await this.#running;
  }

  #start(ms: number): void {
    if (this.#stopped || this.#waiting.size === 0) return;
    this.#timer ??= setTimeout(() => {
      this.#running = this.#step().then((pause) => {
        this.#timer = undefined;
        this.#start(pause);
      });
    }, ms);
  }

  /** Does one batch of the account that waits longest; gives the pause after it. */
  async #step(): Promise<number> {
    const next = this.#next();
    if (next === undefined) return DELAY;
    const [account, since] = next;
    this.#waiting.delete(account);
    try {
      // More of it is no reason to let others wait: it goes to the end, and keeps its age.
      const more = await indexSome(this.#context, account) || await gramSome(this.#context, account);
      if (more) this.#waiting.set(account, since);
      return PAUSE;
    } catch (thrown) {
      if (!(thrown instanceof Unavailable)) emitBug(this.#context.emit, "store.indexer", thrown);
      else this.#waiting.set(account, since);
      return FAILED;
    }
  }

  /** The account that waits longest when nothing more pressing is to be done; else one that waited too long. */
  #next(): readonly [account: AccountId, since: number] | undefined {
    const { world, limits } = this.#context;
    const now = world.ticks();
    const quiet = now - this.#lastChange >= limits.textQuietMs && !this.#pressed();
    for (const one of this.#waiting) if (quiet || now - one[1] >= limits.textLatestMs) return one;
    return undefined;
  }
}
