/** The transactions of deliveries: which statements place copies and queue what goes out. */
import type { AccountId } from "../core/brands.ts";
import type { OutboundUse } from "../core/outbound.ts";
import { retrying } from "./failures.ts";
import type { StoreContext } from "./context.ts";
import { annotateCalls, type Job, messageColumns, parcelsOf, type Target, targetColumns } from "./job.ts";
import { type Message, pieceColumns } from "./message.ts";
import { parcelColumns, type QueuedParcel } from "./outbound.ts";
import { type Call, call, type Door, type Rows } from "./pg/door.ts";
import { isPlain, plainColumns } from "./plain.ts";
import { lockAccounts, lockQuotaDomains } from "./sql/account.ts";
import { deliver, dropUnplaced, putOctets, stageOctets } from "./sql/deliver.ts";
import { deliverPlain } from "./sql/deliver_plain.ts";
import { enqueue, Queued } from "./sql/enqueue.ts";
import { checkSent, lockSubmitters } from "./sql/sent.ts";

declare module "../core/events.ts" {
  interface Events {
    /** Messages were queued to go out, in one transaction. */
    "store.queued": { readonly messages: number; readonly recipients: number };
  }
}

/** How long it is remembered that some domain has a quota. */
const RESTRICTED_MS = 10_000;

/** Octets of a message that are put before accounts are locked; fewer are quicker with all the others. */
const AHEAD_FROM = 65_536;

/** Runs them. */
export class Placing {
  readonly #context: StoreContext;
  /** Until when `deliverPlain` is not tried, since some domain has a quota. */
  #restrictedUntil = 0;

  constructor(context: StoreContext) {
    this.#context = context;
  }

  /** Runs the transaction; gives a row for each target, with its number, from 1, in column 5. */
  async place(
    jobs: readonly Job[],
    targets: readonly Target[],
    messages: readonly Message[],
  ): Promise<Rows> {
    const { door, world } = this.#context;
    const accounts = [...new Set(targets.map((target) => target.account))];
    const now = world.now();
    if (isPlain(targets) && world.ticks() >= this.#restrictedUntil) {
      const rows = await retrying(() => placePlainly(door, accounts, plainColumns(targets, now), messages));
      if (rows.bool(0, 0)) return rows;
      // Nothing was written: the long statement finds out why, and for whom.
      if (rows.bool(0, 6)) this.#restrictedUntil = world.ticks() + RESTRICTED_MS;
    }
    const [, , rows] = await retrying(() => door.run(...placing(jobs, targets, messages, now)));
    return rows!;
  }

  /** Places copies, if there are any, and queues what goes out, in one transaction; rows as `place` gives them. */
  async placeAndQueue(
    jobs: readonly Job[],
    targets: readonly Target[],
    messages: readonly Message[],
  ): Promise<Rows | undefined> {
    const { door, world, emit, queue } = this.#context;
    const calls = targets.length === 0 ? [] : [...placing(jobs, targets, messages, world.now())];
    const at = calls.length, parcels = parcelsOf(jobs);
    const brought = new Set(
      parcels.filter(({ placed }) => placed !== undefined).map((one) => one.parcel.message),
    );
    const { lanes, values } = parcelColumns(parcels, new Set(messages.filter((m) => brought.has(m))), queue);
    if (parcels.length > 0) calls.push(call(enqueue, ...values));
    calls.push(...limitCalls(parcels));
    for (const job of jobs) calls.push(...job.along);
    const results = await retrying(() => door.run(...calls));
    let queued = 0, recipients = 0;
    parcels.forEach(({ parcel }, row) => {
      const rows = results[at]!;
      const status = rows.int(row, 0);
      parcel.lost = status === Queued.NotStaged;
      if (status !== Queued.Done) return;
      parcel.queued = rows.int(row, 1);
      parcel.message.fate = "delivered";
      queued++;
      recipients += parcel.outbound.recipients.length;
    });
    if (queued > 0) {
      queue.queued([...new Set(lanes)]);
      emit("store.queued", { messages: queued, recipients });
    }
    return at === 0 ? undefined : results[PLACED];
  }
}

/** The calls that count what submitters have sent, behind `enqueue`. */
function limitCalls(parcels: readonly QueuedParcel[]): readonly Call[] {
  const limits = new Map<number, OutboundUse>();
  for (const { parcel: { outbound: { envelope, limit } } } of parcels) {
    if (limit !== undefined && envelope.submitter !== undefined) limits.set(envelope.submitter, limit);
  }
  if (limits.size === 0) return [];
  const accounts = [...limits.keys()], uses = [...limits.values()];
  const bounded = (most: number) => Math.min(most, Number.MAX_SAFE_INTEGER);
  return [
    call(lockSubmitters, accounts),
    call(
      checkSent,
      accounts,
      uses.map(({ messages }) => bounded(messages)),
      uses.map(({ recipients }) => bounded(recipients)),
    ),
  ];
}

/** The calls that place copies; the rows of the third say where. */
function placing(
  jobs: readonly Job[],
  targets: readonly Target[],
  messages: readonly Message[],
  now: number,
): readonly Call[] {
  const accounts = [...new Set(targets.map((target) => target.account))];
  const local = jobs.filter((job) => job.targets.length > 0);
  return [
    call(lockAccounts, accounts),
    call(lockQuotaDomains, accounts),
    call(deliver, ...targetColumns(local, messages, now), ...messageColumns(messages)),
    call(putOctets, ...pieceColumns(messages)),
    ...annotateCalls(targets),
  ];
}

const PLACED = 2;

/** Tries `deliverPlain`. The locks of accounts are held for as short as may be: other workers wait for them. */
async function placePlainly(
  door: Door,
  accounts: readonly AccountId[],
  columns: ReturnType<typeof plainColumns>,
  messages: readonly Message[],
): Promise<Rows> {
  const lock = call(lockAccounts, accounts);
  const small = messages.filter((message) => !goesAhead(message));
  const [smallBlobs, , smallOctets] = pieceColumns(small);
  const place = call(deliverPlain, ...columns, smallBlobs, smallOctets);
  if (small.length === messages.length) return (await door.run(lock, place))[1]!;
  const [blobs, numbers, octets] = pieceColumns(messages.filter(goesAhead));
  // A call each: in one array PostgreSQL would copy them all twice more, and begin when the last one is there.
  const put = octets.map((piece, i) => call(stageOctets, blobs[i]!, numbers[i]!, piece));
  return (await door.run(...put, lock, place, call(dropUnplaced, blobs)))[put.length + 1]!;
}

/** True when its octets are put before accounts are locked. */
function goesAhead({ size, pieces }: Message): boolean {
  return size >= AHEAD_FROM || pieces!.length > 1;
}
