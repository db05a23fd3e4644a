import type { AccountId } from "../core/brands.ts";

/** The longest rest, in milliseconds. */
const MAX_REST_MS = 2_000;

interface Share {
  running: number;
  readonly waiting: (() => void)[];
}

/** When an account's work rests. */
export interface Rest {
  /** How long the next one that waits goes on waiting, in times of what this one took. */
  readonly times: number;
  /** How many of the account must wait for it: fewer are what somebody's devices do. */
  readonly waiting: number;
}

/**
 * How much of the way to PostgreSQL one account takes. What is asked on a connection is answered in order, so hundreds of
 * sessions of one account would put their reads in front of everybody's next command. Beyond its share an account's
 * sessions wait for each other; nobody else's do. Where many of the account wait, a piece of work may be followed by a
 * rest: one session after the other is then not the whole of a processor, and one that is alone never rests.
 */
export class Shares {
  readonly #shares = new Map<AccountId, Share>();

  /**
   * @param each how many of an account run at once
   * @param rest never when left out
   * @param ticks monotonic milliseconds
   */
  constructor(
    private readonly each: number,
    private readonly rest: Rest = { times: 0, waiting: Infinity },
    private readonly ticks: () => number = () => performance.now(),
  ) {}

  /** Runs `work` when it is its turn: those of one account in the order in which they came. */
  async run<T>(account: AccountId, work: () => Promise<T>): Promise<T> {
    let share = this.#shares.get(account);
    if (share === undefined) this.#shares.set(account, share = { running: 0, waiting: [] });
    if (share.running < this.each) share.running++;
    // Whoever ends hands its place on, so `running` stays as it is.
    else await new Promise<void>((resolve) => share.waiting.push(resolve));
    const began = this.ticks();
    try {
      return await work();
    } finally {
      const restMs = Math.min((this.ticks() - began) * this.rest.times, MAX_REST_MS);
      const rests = share.waiting.length >= this.rest.waiting && restMs >= 1;
      if (rests) setTimeout(() => this.#handOn(account, share), restMs);
      else this.#handOn(account, share);
    }
  }

  #handOn(account: AccountId, share: Share): void {
    const next = share.waiting.shift();
    if (next !== undefined) next();
    else if (--share.running === 0) this.#shares.delete(account);
  }
}
