/**
 * The one way in. Deliveries that are ready while a commit is in flight go together in the next one: no timer,
 * so an idle server commits a lone message at once. A batch that fails is tried again one by one, so that
 * one bad message harms no other.
 */
import type { MailboxId, ModSeq, Uid } from "../core/brands.ts";
import { done, type Failure, type Outcome, refused, Unavailable } from "../core/failure.ts";
import type { ChangeNotice, DeliveryTarget, Placed, StagedMessage } from "../core/store.ts";
import { notice } from "./changes.ts";
import type { StoreContext } from "./context.ts";
import { retrying } from "./failures.ts";
import { checkKeywords, ensureKeywords } from "./keywords.ts";
import { createMissing } from "./mailboxes.ts";
import { type Job, messageColumns, type Target, targetColumns } from "./job.ts";
import { Message } from "./message.ts";
import { mailboxName } from "./names.ts";
import { call, type Rows } from "./pg/door.ts";
import { isPlain, plainColumns } from "./plain.ts";
import { lockAccounts, lockQuotaDomains } from "./sql/account.ts";
import { deliver, putOctets, Status } from "./sql/deliver.ts";
import { deliverPlain } from "./sql/deliver_plain.ts";

declare module "../core/events.ts" {
  interface Events {
    /** One delivery transaction was committed. */
    "store.delivered": {
      readonly messages: number;
      readonly targets: number;
      readonly octets: number;
      readonly ms: number;
    };
    /** A delivery transaction failed and its messages are tried one by one. */
    "store.batch.split": { readonly messages: number; readonly error: string };
  }
}

type Item = { readonly message: StagedMessage; readonly to: readonly DeliveryTarget[] };

/** How long it is remembered that some domain has a quota. */
const RESTRICTED_MS = 10_000;

/** The queue before the database. */
export class Deliveries {
  readonly #context: StoreContext;
  #queue: Job[] = [];
  #busy = 0;
  /** Until when `deliverPlain` is not tried, since some domain has a quota. */
  #restrictedUntil = 0;

  constructor(context: StoreContext) {
    this.#context = context;
  }

  /** True while deliveries wait for a lane. */
  get pressed(): boolean {
    return this.#queue.length > 0;
  }

  /** MailStore.deliver. */
  async deliver(
    items: readonly Item[],
    options: { readonly atomic: boolean },
  ): Promise<readonly (readonly Outcome<Placed>[])[]> {
    const all = items.flatMap((item, i) => item.to.map((to) => this.#target(item, i, to)));
    // More than one round only where mailboxes or keywords had to be made first.
    for (let round = 0; round < 3; round++) {
      const open = all.filter((target) => target.outcome === undefined);
      if (open.length === 0 || options.atomic && open.length < all.length) break;
      const missing = await this.#enqueue(open, options.atomic);
      if (missing.length > 0) await this.#make(missing);
    }
    const failed = all.find((target) => target.outcome !== undefined && !target.outcome.ok)?.outcome;
    const left: Outcome<Placed> = failed ?? refused("CANNOT", "Mailbox changes too fast");
    const results: Outcome<Placed>[][] = items.map(() => []);
    for (const target of all) {
      // Atomic: nothing was written, so those that could have been are refused with the first one's reason.
      results[target.item]!.push(target.outcome ?? left);
    }
    return results;
  }

  #target(item: Item, index: number, wanted: DeliveryTarget): Target {
    if (!(item.message instanceof Message)) throw new TypeError("Cannot deliver a message of another store");
    const name = mailboxName(wanted.mailbox, this.#context.limits);
    const keywords = checkKeywords(wanted.keywords ?? [], this.#context.limits);
    const failure: Failure | undefined = !name.ok
      ? name.failure
      : !keywords.ok
      ? keywords.failure
      : undefined;
    return {
      item: index,
      message: item.message,
      account: wanted.account,
      name: name.ok ? name.value : "",
      keywords: keywords.ok && keywords.value.length > 0 ? keywords.value.join(" ").toLowerCase() : null,
      wanted,
      outcome: failure === undefined ? undefined : { ok: false, failure },
      lost: false,
    };
  }

  /** Puts targets into the queue; gives those that need something made before they can be placed. */
  async #enqueue(targets: readonly Target[], atomic: boolean): Promise<readonly Target[]> {
    const messages = new Set(targets.map((target) => target.message));
    let octets = 0;
    for (const message of messages) octets += message.octets?.length ?? 0;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#queue.push({ targets, atomic, messages: messages.size, octets, resolve, reject });
    this.#pump();
    await promise;
    return targets.filter((target) => target.outcome === undefined);
  }

  #pump(): void {
    const { lanes } = this.#context.limits;
    while (this.#busy < lanes && this.#queue.length > 0) {
      const jobs = this.#take();
      this.#busy++;
      this.#run(jobs).finally(() => {
        this.#busy--;
        this.#pump();
      });
    }
  }

  /** The jobs of the next transaction: the first one whatever its size, then while there is room. */
  #take(): readonly Job[] {
    const { batchMessages, batchOctets } = this.#context.limits;
    let count = 0, messages = 0, octets = 0;
    for (const job of this.#queue) {
      messages += job.messages;
      octets += job.octets;
      if (count > 0 && (messages > batchMessages || octets > batchOctets)) break;
      count++;
    }
    return this.#queue.splice(0, count);
  }

  /** Runs jobs in one transaction, and when that fails or refuses one, those that are open one by one. */
  async #run(jobs: readonly Job[]): Promise<void> {
    try {
      await this.#commit(jobs);
    } catch (thrown) {
      // Unavailable: the outcome may be unknown, so nothing may be tried again here.
      if (jobs.length === 1 || thrown instanceof Unavailable) {
        for (const job of jobs) job.reject(thrown);
        return;
      }
      this.#context.emit("store.batch.split", { messages: jobs.length, error: String(thrown) });
      for (const job of jobs) await this.#run([job]);
      return;
    }
    for (const job of jobs) {
      if (job.targets.some((target) => target.lost)) {
        job.reject(new Unavailable("Cannot deliver: the staged octets are gone"));
      } else if (jobs.length > 1 && mayFitAlone(job)) {
        for (const target of job.targets) if (isOverQuota(target)) target.outcome = undefined;
        await this.#run([openOf(job)]);
      } else job.resolve();
    }
  }

  async #commit(jobs: readonly Job[]): Promise<void> {
    const { world, emit, changes } = this.#context;
    const targets = jobs.flatMap((job) => job.targets);
    const messages = [...new Set(targets.map((target) => target.message))];
    const inline = messages.filter((message) => message.octets !== undefined);
    const begun = world.ticks();
    let rows: Rows;
    try {
      rows = await this.#place(jobs, targets, messages);
    } catch (thrown) {
      if (thrown instanceof Unavailable) { for (const message of messages) message.fate = "unknown"; }
      throw thrown;
    }
    const notices = this.#read(targets, rows);
    if (notices.length === 0) return;
    changes.publish(notices);
    let octets = 0;
    for (const message of inline) octets += message.size;
    emit("store.delivered", {
      messages: messages.length,
      targets: targets.length,
      octets,
      ms: world.ticks() - begun,
    });
  }

  /** Runs the transaction; gives a row for each target, with its number, from 1, in column 5. */
  async #place(
    jobs: readonly Job[],
    targets: readonly Target[],
    messages: readonly Message[],
  ): Promise<Rows> {
    const { door, world } = this.#context;
    const accounts = [...new Set(targets.map((target) => target.account))];
    const now = world.now();
    const inline = messages.filter((message) => message.octets !== undefined);
    const octets = [inline.map((message) => message.blob), inline.map((message) => message.octets!)] as const;
    if (isPlain(targets) && world.ticks() >= this.#restrictedUntil) {
      const columns = plainColumns(targets, now);
      const [, rows] = await retrying(() =>
        door.run(call(lockAccounts, accounts), call(deliverPlain, ...columns, ...octets))
      );
      if (rows!.bool(0, 0)) return rows!;
      // Nothing was written: the long statement finds out why, and for whom.
      if (rows!.bool(0, 6)) this.#restrictedUntil = world.ticks() + RESTRICTED_MS;
    }
    const columns = [...targetColumns(jobs, messages, now), ...messageColumns(messages)];
    const [, , rows] = await retrying(() =>
      door.run(
        call(lockAccounts, accounts),
        call(lockQuotaDomains, accounts),
        call(deliver, ...columns),
        call(putOctets, ...octets),
      )
    );
    return rows!;
  }

  /** Notes what became of each target; gives a notice for each mailbox that got mail. */
  #read(targets: readonly Target[], rows: Rows): readonly ChangeNotice[] {
    const notices = new Map<string, ChangeNotice>();
    for (let row = 0; row < rows.count; row++) {
      const target = targets[rows.int(row, 5) - 1]!;
      if (!rows.isNull(row, 3)) {
        const mailbox = rows.int(row, 1) as MailboxId;
        const modSeq = rows.int(row, 4) as ModSeq;
        target.message.fate = "delivered";
        target.outcome = done({
          mailbox,
          uidValidity: rows.int(row, 2),
          uid: rows.int(row, 3) as Uid,
          modSeq,
        });
        const key = `${target.account}:${mailbox}`;
        // Rows have no order: the newest counts.
        if ((notices.get(key)?.modSeq ?? 0) < modSeq) {
          notices.set(key, notice(target.account, mailbox, modSeq));
        }
        continue;
      }
      switch (rows.int(row, 0)) {
        case Status.NoAccount:
          target.outcome = refused("NONEXISTENT", "No such account");
          break;
        case Status.NoMailbox:
          if (!target.wanted.create) target.outcome = refused("TRYCREATE", "No such mailbox");
          break;
        case Status.OverQuota:
          target.outcome = refused("OVERQUOTA", "Quota exceeded");
          break;
        case Status.NotStaged:
          target.lost = true;
      }
    }
    return [...notices.values()];
  }

  /** Makes the mailboxes and keywords that targets lack. */
  async #make(targets: readonly Target[]): Promise<void> {
    for (const target of targets) {
      if (target.wanted.create) {
        const made = await createMissing(this.#context, target.account, target.name);
        if (!made.ok) {
          target.outcome = made;
          continue;
        }
      }
      if (target.keywords === null) continue;
      const made = await ensureKeywords(
        this.#context,
        target.account,
        target.name,
        target.wanted.keywords ?? [],
      );
      if (!made.ok) target.outcome = made;
    }
  }
}

function isOverQuota(target: Target): boolean {
  const outcome = target.outcome;
  return outcome !== undefined && !outcome.ok && outcome.failure.kind === "refused" &&
    outcome.failure.code === "OVERQUOTA";
}

/**
 * The quota of a batch is counted over refused targets too: only alone is a refusal certain. An atomic job
 * that has another refusal as well is refused anyway.
 */
function mayFitAlone(job: Job): boolean {
  if (!job.targets.some(isOverQuota)) return false;
  return !job.atomic || job.targets.every((target) => target.outcome === undefined || isOverQuota(target));
}

/** What of a job is still to be placed, as a job of its own that answers to the same caller. */
function openOf(job: Job): Job {
  return { ...job, targets: job.targets.filter((target) => target.outcome === undefined) };
}
