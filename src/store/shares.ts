import type { AccountId } from "../core/brands.ts";

interface Share {
  running: number;
  readonly waiting: (() => void)[];
}

/**
 * How much of the way to PostgreSQL one account takes. What is asked on a connection is answered in order, so hundreds of
 * sessions of one account would put their reads in front of everybody's next command. Beyond its share an account's
 * sessions wait for each other; nobody else's do.
 */
export class Shares {
  readonly #each: number;
  readonly #shares = new Map<AccountId, Share>();

  /** @param each how many of an account run at once */
  constructor(each: number) {
    this.#each = each;
  }

  /** Runs `work` when it is its turn: those of one account in the order in which they came. */
  async run<T>(account: AccountId, work: () => Promise<T>): Promise<T> {
    let share = this.#shares.get(account);
    if (share === undefined) this.#shares.set(account, share = { running: 0, waiting: [] });
    if (share.running < this.#each) share.running++;
    // Whoever ends hands its place on, so `running` stays as it is.
    else await new Promise<void>((resolve) => share.waiting.push(resolve));
    try {
      return await work();
    } finally {
      const next = share.waiting.shift();
      if (next !== undefined) next();
      else if (--share.running === 0) this.#shares.delete(account);
    }
  }
}
