/** Deliveries that wait, and the columns that the statement takes of them. */
import type { AccountId } from "../core/brands.ts";
import type { Outcome } from "../core/failure.ts";
import type { DeliveryTarget, Placed } from "../core/store.ts";
import { valueColumns } from "./annotations.ts";
import type { Message } from "./message.ts";
import type { Parcel, QueuedParcel } from "./outbound.ts";
import { type Call, call } from "./pg/door.ts";
import { annotateDelivered } from "./sql/annotation.ts";

/** One target on its way. */
export interface Target {
  readonly item: number;
  readonly message: Message;
  readonly account: AccountId;
  readonly name: string;
  /** In small letters, spaces between them. */
  readonly keywords: string | null;
  readonly wanted: DeliveryTarget;
  outcome: Outcome<Placed> | undefined;
  /** True when the octets that were staged are not there any more. */
  lost: boolean;
}

/** One call of `deliver`. */
export interface Job {
  readonly targets: readonly Target[];
  /** What goes out with it. */
  readonly parcels: readonly Parcel[];
  /** Calls at the end of the same transaction; they may run although nothing was placed. */
  readonly along: readonly Call[];
  readonly atomic: boolean;
  readonly messages: number;
  readonly octets: number;
  readonly resolve: () => void;
  readonly reject: (thrown: unknown) => void;
}

/** Columns $1 to $7 of `deliver`. */
export function targetColumns(jobs: readonly Job[], messages: readonly Message[], now: number) {
  const numbers = new Map(messages.map((message, i) => [message, i + 1]));
  const accounts: number[] = [], names: string[] = [], parcels: number[] = [], groups: number[] = [];
  const flags: number[] = [], keywords: (string | null)[] = [], dates: number[] = [];
  let group = 0;
  for (const job of jobs) {
    group++;
    for (const target of job.targets) {
      if (!job.atomic) group++;
      accounts.push(target.account);
      names.push(target.name);
      parcels.push(numbers.get(target.message)!);
      groups.push(group);
      flags.push(target.wanted.flags ?? 0);
      keywords.push(target.keywords);
      dates.push(target.wanted.internalDate ?? now);
    }
  }
  return [accounts, names, parcels, groups, flags, keywords, dates] as const;
}

/** Columns $8 to $15 of `deliver`. */
export function messageColumns(messages: readonly Message[]) {
  return [
    messages.map((m) => m.blob as string),
    messages.map((m) => m.size),
    messages.map((m) => m.derived.headerSize),
    messages.map((m) => m.derived.sentOn),
    messages.map((m) => m.derived.envelope),
    messages.map((m) => m.derived.bodyStructure),
    messages.map((m) => m.derived.structure),
    messages.map((m) => m.pieces === undefined),
  ] as const;
}

/** The call that annotates what was placed, behind `deliver`; none where nothing is annotated. */
export function annotateCalls(targets: readonly Target[]): readonly Call[] {
  const accounts: number[] = [], names: string[] = [], blobs: string[] = [];
  const users: number[] = [], entries: string[] = [];
  const values: (Uint8Array | null)[] = [], texts: (string | null)[] = [];
  for (const { account, name, message, wanted } of targets) {
    const kept = wanted.annotations?.filter(({ value }) => value !== null) ?? [];
    const [user, entry, value, folded] = valueColumns(kept, wanted.annotator ?? account);
    for (const at of kept.keys()) {
      accounts.push(account);
      names.push(name);
      blobs.push(message.blob);
      users.push(user[at]!);
      entries.push(entry[at]!);
      values.push(value[at]!);
      texts.push(folded[at]!);
    }
  }
  if (accounts.length === 0) return [];
  return [call(annotateDelivered, accounts, names, blobs, users, entries, values, texts)];
}

/** True when it only places copies: the usual one, which no other kind is to slow down. */
export function isLocal(job: Job): boolean {
  return job.parcels.length === 0 && job.along.length === 0;
}

/** Parcels of jobs, each with a message whose copy must have been placed. */
export function parcelsOf(jobs: readonly Job[]): readonly QueuedParcel[] {
  return jobs.flatMap((job) =>
    job.parcels.map((parcel) => ({
      parcel,
      placed: parcel.withCopies ? job.targets[0]?.message : undefined,
    }))
  );
}

/** True when a quota refused the target. */
export function isOverQuota(target: Target): boolean {
  const outcome = target.outcome;
  return outcome !== undefined && !outcome.ok && outcome.failure.kind === "refused" &&
    outcome.failure.code === "OVERQUOTA";
}

/**
 * The quota of a batch is counted over refused targets too: only alone is a refusal certain. An atomic job
 * that has another refusal as well is refused anyway.
 */
export function mayFitAlone(job: Job): boolean {
  if (!job.targets.some(isOverQuota)) return false;
  return !job.atomic || job.targets.every((target) => target.outcome === undefined || isOverQuota(target));
}

/** What of a job is still to be placed or queued, as a job of its own that answers to the same caller. */
export function openOf(job: Job): Job {
  return {
    ...job,
    targets: job.targets.filter((target) => target.outcome === undefined),
    parcels: job.parcels.filter((parcel) => parcel.queued === undefined),
  };
}
