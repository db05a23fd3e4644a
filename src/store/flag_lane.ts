/** Changes of single messages' flags: those that come while a commit is in flight share the next one, as deliveries do. */
import type { AccountId, MailboxId } from "../core/brands.ts";
import type { StoreContext } from "./context.ts";
import { asUnavailable, retrying } from "./failures.ts";
import { Gathering } from "./gathering.ts";
import { call, type Param, PgError, type Rows } from "./pg/door.ts";
import { lockAccounts } from "./sql/account.ts";
import { setFlagsOfOne } from "./sql/change.ts";
import { relaxCommit } from "./sql/relax.ts";

/** Milliseconds after which a commit, which may wait for an account's lock, no longer keeps others back. */
const PASS_MS = 50;

interface Job {
  readonly account: AccountId;
  readonly values: readonly Param[];
  readonly resolve: (rows: Rows) => void;
  readonly reject: (thrown: unknown) => void;
}

/** The queue before the database. */
export class FlagLane {
  readonly #context: StoreContext;
  #queue: Job[] = [];
  #busy = false;
  readonly #gathering = new Gathering(() => this.#pump());

  constructor(context: StoreContext) {
    this.#context = context;
  }

  /**
   * `setFlagsOfOne` under the account's lock, committed with those of others; gives its rows.
   *
   * @param values of the statement, from UID on
   * @throws Unavailable
   */
  change(account: AccountId, mailbox: MailboxId, ...values: readonly Param[]): Promise<Rows> {
    const { promise, resolve, reject } = Promise.withResolvers<Rows>();
    this.#queue.push({ account, values: [account, mailbox, ...values], resolve, reject });
    this.#pump();
    return promise;
  }

  #pump(): void {
    const { world, limits } = this.#context;
    if (this.#busy || this.#queue.length === 0 || this.#gathering.holds(this.#queue.length)) return;
    const jobs = this.#queue.splice(0, limits.batchMessages);
    this.#gathering.begin(jobs.length);
    this.#busy = true;
    const begun = world.ticks();
    let over = false;
    const free = () => {
      if (over) return;
      over = true;
      this.#busy = false;
      this.#gathering.end(jobs.length, this.#queue.length, world.ticks() - begun);
      this.#pump();
    };
    const passing = setTimeout(free, PASS_MS);
    this.#run(jobs).finally(() => {
      clearTimeout(passing);
      free();
    });
  }

  /** One transaction; when it fails for what may be one job's fault, one for each. */
  async #run(jobs: readonly Job[]): Promise<void> {
    try {
      const commit = () => this.#commit(jobs);
      const rows = await (jobs.length === 1 ? retrying(commit) : commit());
      for (const [at, job] of jobs.entries()) job.resolve(rows[at]!);
    } catch (thrown) {
      if (jobs.length > 1 && thrown instanceof PgError) {
        await Promise.all(jobs.map((job) => this.#run([job])));
      } else for (const job of jobs) job.reject(asUnavailable(thrown));
    }
  }

  /** The rows of each job. */
  async #commit(jobs: readonly Job[]): Promise<readonly Rows[]> {
    const results = await this.#context.door.run(
      ...(this.#context.relaxedFlags ? [call(relaxCommit)] : []),
      call(lockAccounts, [...new Set(jobs.map(({ account }) => account))]),
      ...jobs.map(({ values }) => call(setFlagsOfOne, ...values)),
    );
    return results.slice(-jobs.length);
  }
}
