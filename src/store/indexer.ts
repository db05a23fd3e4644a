/** Extracts text in the background after deliveries, when nothing more pressing is to be done. */
import type { AccountId } from "../core/brands.ts";
import { emitBug } from "../core/events.ts";
import { Unavailable } from "../core/failure.ts";
import type { StoreContext } from "./context.ts";
import { indexSome } from "./text.ts";

/** Accounts that wait; more are left to their next delivery or search. */
const WAITING = 10_000;
/** Milliseconds before the first account is looked at, between two batches, and after a failure. */
const DELAY = 200, PAUSE = 5, FAILED = 5_000;

/** One loop a worker. */
export class Indexer implements AsyncDisposable {
  readonly #context: StoreContext;
  readonly #pressed: () => boolean;
  readonly #waiting = new Set<AccountId>();
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
    if (this.#waiting.size < WAITING) this.#waiting.add(account);
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
    if (this.#pressed()) return DELAY;
    const [account] = this.#waiting;
    if (account === undefined) return PAUSE;
    this.#waiting.delete(account);
    try {
      if (await indexSome(this.#context, account)) this.#waiting.add(account);
      return PAUSE;
    } catch (thrown) {
      if (!(thrown instanceof Unavailable)) emitBug(this.#context.emit, "store.indexer", thrown);
      else this.#waiting.add(account);
      return FAILED;
    }
  }
}
