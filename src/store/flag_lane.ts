/** Changes of single messages' flags: those that come while a commit is in flight share the next one, as deliveries do. */
import type { AccountId, MailboxId } from "../core/brands.ts";
import type { StoreContext } from "./context.ts";
import { asUnavailable, retrying } from "./failures.ts";
import { Gathering } from "./gathering.ts";
import { call, type Param, PgError, type Rows } from "./pg/door.ts";
import { lockAccount, lockAccounts } from "./sql/account.ts";
import { setFlagsOfOne } from "./sql/change.ts";
import { relaxCommit } from "./sql/relax.ts";

/** Milliseconds that others wait for a commit, which may itself wait for an account's lock. */
const PASS_MS = 50;

interface Job {
  readonly account: AccountId;
  readonly values: readonly Param[];
  readonly resolve: (rows: Rows) => void;
  readonly reject: (thrown: unknown) => void;
}

interface Commit {
  readonly jobs: number;
  readonly begun: number;
}

/** The queue before the database. */
export class FlagLane {
  readonly #context: StoreContext;
  #queue: Job[] = [];
  /** The one in flight that others wait for. */
  #commit: Commit | undefined;
  #passing: ReturnType<typeof setTimeout> | undefined;
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
    if (this.#commit !== undefined) {
      // Only where somebody waits: most commits are over long before, and a timer costs as much as a change.
      this.#passing ??= setTimeout(() => this.#free(this.#commit), PASS_MS);
      return;
    }
    if (this.#queue.length === 0 || this.#gathering.holds(this.#queue.length)) return;
    const jobs = this.#queue.splice(0, this.#context.limits.batchMessages);
    this.#gathering.begin(jobs.length);
    const commit = this.#commit = { jobs: jobs.length, begun: this.#context.world.ticks() };
    this.#run(jobs).finally(() => this.#free(commit));
  }

  /** Lets the next commit begin, once. */
  #free(commit: Commit | undefined): void {
    if (commit === undefined || this.#commit !== commit) return;
    clearTimeout(this.#passing);
    this.#passing = this.#commit = undefined;
    this.#gathering.end(commit.jobs, this.#queue.length, this.#context.world.ticks() - commit.begun);
    this.#pump();
  }

  /** One transaction; when it fails for what may be one job's fault, one for each. */
  async #run(jobs: readonly Job[]): Promise<void> {
    try {
      const write = () => this.#write(jobs);
      const rows = jobs.length === 1 ? await retrying(write) : await write();
      for (const [at, job] of jobs.entries()) job.resolve(rows[at]!);
    } catch (thrown) {
      if (jobs.length > 1 && thrown instanceof PgError) {
        await Promise.all(jobs.map((job) => this.#run([job])));
      } else for (const job of jobs) job.reject(asUnavailable(thrown));
    }
  }

  /** The rows of each job. */
  async #write(jobs: readonly Job[]): Promise<readonly Rows[]> {
    const accounts = [...new Set(jobs.map(({ account }) => account))];
    const results = await this.#context.door.run(
      ...(this.#context.relaxedFlags ? [call(relaxCommit)] : []),
      accounts.length === 1 ? call(lockAccount, accounts[0]!) : call(lockAccounts, accounts),
      ...jobs.map(({ values }) => call(setFlagsOfOne, ...values)),
    );
    return results.slice(-jobs.length);
  }
}
