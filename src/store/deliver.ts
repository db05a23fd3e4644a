/**
 * The one way in. Deliveries that are ready while a commit is in flight go together in the next one, which waits
 * a moment for those that are likely to come (`Gathering`); an idle server commits a lone message at once. A batch
 * that fails is tried again one by one, so that one bad message harms no other.
 */
import type { MailboxId, ModSeq, Uid } from "../core/brands.ts";
import { done, type Failure, type Outcome, refused, Unavailable } from "../core/failure.ts";
import { SentTooMuch } from "../core/outbound.ts";
import type { ChangeNotice, DeliveryItem, DeliveryTarget, Placed } from "../core/store.ts";
import { notice } from "./changes.ts";
import type { StoreContext, TracedDelivery } from "./context.ts";
import { Gathering } from "./gathering.ts";
import { checkKeywords, ensureKeywords } from "./keywords.ts";
import { createMissing } from "./mailboxes.ts";
import { isLocal, isOverQuota, type Job, mayFitAlone, openOf, type Target } from "./job.ts";
import { Message } from "./message.ts";
import { messageKey } from "./message_key.ts";
import { mailboxName } from "./names.ts";
import { type Parcel, tellable } from "./outbound.ts";
import { type Call, PgError, type Rows } from "./pg/door.ts";
import { Placing } from "./place.ts";
import { Status } from "./sql/deliver.ts";
import { SENT_TOO_MUCH } from "./sql/sent.ts";

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

/** How `deliver` delivers. */
export interface DeliverOptions {
  readonly atomic: boolean;
  /** Calls at the end of the transaction; they see what it wrote, and must look whether it wrote anything. */
  readonly along?: readonly Call[];
}

/** The queue before the database. */
export class Deliveries {
  readonly #context: StoreContext;
  #queue: Job[] = [];
  #busy = 0;
  readonly #placing: Placing;
  readonly #gathering = new Gathering(() => this.#pump());

  constructor(context: StoreContext) {
    this.#context = context;
    this.#placing = new Placing(context);
  }

  /** True while deliveries wait for a lane. */
  get pressed(): boolean {
    return this.#queue.length > 0;
  }

  /** MailStore.deliver. */
  async deliver(
    items: readonly DeliveryItem[],
    options: DeliverOptions,
  ): Promise<readonly (readonly Outcome<Placed>[])[]> {
    const all = items.flatMap((item, i) => item.to.map((to) => this.#target(item, i, to)));
    const parcels = items.flatMap((item) => parcelOf(item, options.atomic && all.length > 0));
    // More than one round only where mailboxes or keywords had to be made first.
    for (let round = 0; round < 3; round++) {
      const open = all.filter((target) => target.outcome === undefined);
      const unsent = parcels.filter((parcel) => parcel.queued === undefined);
      if (open.length === 0 && unsent.length === 0) break;
      if (options.atomic && open.length < all.length) break;
      const missing = await this.#enqueue(open, unsent, options);
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

  #target(item: DeliveryItem, index: number, wanted: DeliveryTarget): Target {
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
  async #enqueue(
    targets: readonly Target[],
    parcels: readonly Parcel[],
    { atomic, along = [] }: DeliverOptions,
  ): Promise<readonly Target[]> {
    const messages = new Set(targets.map((target) => target.message));
    for (const parcel of parcels) messages.add(parcel.message);
    let octets = 0;
    for (const message of messages) octets += message.pieces === undefined ? 0 : message.size;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#queue.push({ targets, parcels, along, atomic, messages: messages.size, octets, resolve, reject });
    this.#pump();
    await promise;
    return targets.filter((target) => target.outcome === undefined);
  }

  #pump(): void {
    const { lanes } = this.#context.limits;
    while (this.#busy < lanes && this.#queue.length > 0) {
      if (this.#gathering.holds(this.#queue.length)) return;
      const jobs = this.#take();
      this.#gathering.begin(jobs.length);
      this.#busy++;
      const begun = this.#context.world.ticks();
      this.#run(jobs).finally(() => {
        this.#busy--;
        this.#gathering.end(jobs.length, this.#queue.length, this.#context.world.ticks() - begun);
        this.#pump();
      });
    }
  }

  /**
   * The jobs of the next transaction: the first one whatever its size, then others of its kind while there is
   * room. Those with mail that goes out have transactions of their own, so that the others stay short.
   */
  #take(): readonly Job[] {
    const { batchMessages, batchOctets } = this.#context.limits;
    const local = isLocal(this.#queue[0]!);
    const jobs: Job[] = [], others: Job[] = [];
    let messages = 0, octets = 0, read = 0;
    for (const job of this.#queue) {
      if (isLocal(job) === local) {
        messages += job.messages;
        octets += job.octets;
        if (jobs.length > 0 && (messages > batchMessages || octets > batchOctets)) break;
        jobs.push(job);
      } else others.push(job);
      read++;
    }
    this.#queue.splice(0, read, ...others);
    return jobs;
  }

  /** Runs jobs in one transaction, and when that fails or refuses one, those that are open one by one. */
  async #run(jobs: readonly Job[]): Promise<void> {
    try {
      await this.#commit(jobs);
    } catch (thrown) {
      // Unavailable: the outcome may be unknown, so nothing may be tried again here.
      if (jobs.length === 1 || thrown instanceof Unavailable) {
        for (const job of jobs) job.reject(refusalOf(thrown));
        return;
      }
      this.#context.emit("store.batch.split", { messages: jobs.length, error: String(thrown) });
      for (const job of jobs) await this.#run([job]);
      return;
    }
    for (const job of jobs) {
      if (job.targets.some((target) => target.lost) || job.parcels.some((parcel) => parcel.lost)) {
        job.reject(new Unavailable("Cannot deliver: the staged octets are gone"));
      } else if (jobs.length > 1 && mayFitAlone(job)) {
        for (const target of job.targets) if (isOverQuota(target)) target.outcome = undefined;
        await this.#run([openOf(job)]);
      } else job.resolve();
    }
  }

  async #commit(jobs: readonly Job[]): Promise<void> {
    const { world, emit, changes, traced } = this.#context;
    const targets = jobs.flatMap((job) => job.targets);
    const messages = [...new Set(targets.map((target) => target.message))];
    const begun = world.ticks();
    let rows: Rows | undefined;
    try {
      rows = isLocal(jobs[0]!)
        ? await this.#placing.place(jobs, targets, messages)
        : await this.#placing.placeAndQueue(jobs, targets, messages);
    } catch (thrown) {
      if (thrown instanceof Unavailable) {
        for (const message of messages) message.fate = "unknown";
        for (const { parcels } of jobs) for (const { message } of parcels) message.fate = "unknown";
      }
      throw thrown;
    }
    if (rows === undefined) return;
    const notices = this.#read(targets, rows);
    if (notices.length === 0) return;
    changes.publish(notices);
    traced?.(targets.filter(({ outcome }) => outcome?.ok).map(tracedOf(world.now())));
    let octets = 0;
    for (const message of messages) if (message.pieces !== undefined) octets += message.size;
    emit("store.delivered", {
      messages: messages.length,
      targets: targets.length,
      octets,
      ms: world.ticks() - begun,
    });
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

/** What a transaction's failure is called by those who deliver. */
function refusalOf(thrown: unknown): unknown {
  const of = thrown instanceof PgError ? SENT_TOO_MUCH[thrown.code] : undefined;
  return of === undefined ? thrown : new SentTooMuch(of);
}

function parcelOf({ message, outbound }: DeliveryItem, withCopies: boolean): readonly Parcel[] {
  if (outbound === undefined || outbound.recipients.length + tellable(outbound).length === 0) return [];
  if (!(message instanceof Message)) throw new TypeError("Cannot queue a message of another store");
  return [{ message, outbound, withCopies, queued: undefined, lost: false }];
}

function tracedOf(at: number) {
  return ({ message, account, name }: Target): TracedDelivery => ({
    blob: message.blob,
    messageId: messageKey(message.derived.envelope),
    account,
    mailbox: name,
    at,
  });
}
