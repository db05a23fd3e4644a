/** Annotations of messages (RFC 5257). */
import type {
  AnnotatedMailbox,
  AnnotationValue,
  MessageAnnotation,
  MessageAnnotations,
} from "../core/annotation.ts";
import type { AccountId, ModSeq, Uid } from "../core/brands.ts";
import { done, type Outcome, refused } from "../core/failure.ts";
import type { FlagRow } from "../core/store.ts";
import { rangesOf, type UidSet } from "../core/uidset.ts";
import { foldText } from "../mime/mod.ts";
import { keywordIndexes } from "./bits.ts";
import { notice } from "./changes.ts";
import type { StoreContext } from "./context.ts";
import { retrying } from "./failures.ts";
import { call } from "./pg/door.ts";
import { rangeColumns } from "./ranges.ts";
import { lockAccount } from "./sql/account.ts";
import * as sql from "./sql/annotation.ts";
import { copyScope } from "./sql/copy.ts";

/** The one implementation of core's MessageAnnotations. */
export class StoreAnnotations implements MessageAnnotations {
  constructor(private readonly context: StoreContext) {}

  async read(of: AnnotatedMailbox, uids: UidSet): Promise<readonly MessageAnnotation[]> {
    const { lows, highs } = rangeColumns(uids);
    const rows = await retrying(() =>
      this.context.door.query(sql.readAnnotations, of.account, of.mailbox, lows, highs, of.user)
    );
    return Array.from({ length: rows.count }, (_, row) => ({
      uid: rows.int(row, 0),
      entry: rows.text(row, 1),
      shared: rows.bool(row, 2),
      value: rows.octets(row, 3),
    }));
  }

  async changed(of: AnnotatedMailbox, uids: UidSet, since: ModSeq) {
    const { lows, highs } = rangeColumns(uids);
    const rows = await retrying(() =>
      this.context.door.query(sql.changedAnnotations, of.account, of.mailbox, lows, highs, of.user, since)
    );
    return Array.from(
      { length: rows.count },
      (_, row) => ({ uid: rows.int(row, 0), entry: rows.text(row, 1) }),
    );
  }

  async set(
    of: AnnotatedMailbox,
    uids: UidSet,
    values: readonly AnnotationValue[],
    unchangedSince: ModSeq | undefined,
  ): Promise<Outcome<{ readonly changed: readonly FlagRow[]; readonly modified: UidSet }>> {
    const { limits, changes } = this.context;
    const { account, mailbox } = of;
    const refusal = valuesRefused(values, limits.annotationOctets);
    if (refusal !== undefined) return refusal;
    try {
      const result = await retrying(() => this.#setWithin(of, uids, values, unchangedSince));
      const newest = result.changed[0]?.modSeq;
      if (newest !== undefined) changes.publish([notice(account, mailbox, newest)]);
      return done(result);
    } catch (thrown) {
      if (thrown instanceof Refusal) return thrown.outcome;
      throw thrown;
    }
  }

  async use(account: AccountId): Promise<{ readonly octets: number; readonly octetLimit: number }> {
    const rows = await retrying(() => this.context.door.query(sql.annotationOctets, account));
    return { octets: rows.int(0, 0), octetLimit: this.context.limits.annotationTotal };
  }

  #setWithin(
    { account, mailbox, user }: AnnotatedMailbox,
    uids: UidSet,
    values: readonly AnnotationValue[],
    unchangedSince: ModSeq | undefined,
  ): Promise<{ readonly changed: readonly FlagRow[]; readonly modified: UidSet }> {
    const { annotationEntries, annotationTotal } = this.context.limits;
    const { lows, highs } = rangeColumns(uids);
    const added = octetsOf(values);
    return this.context.door.transaction(async (tx) => {
      const [, scope] = await tx.run(
        call(lockAccount, account),
        call(copyScope, account, mailbox, lows, highs),
      );
      // Before anything is written: a value for each of a million messages would be much to take back.
      if (scope!.int(0, 0) * added > annotationTotal) throw new Refusal(OVER_QUOTA);
      const columns = valueColumns(values, user);
      const [rows] = await tx.run(
        call(sql.setAnnotations, account, mailbox, lows, highs, unchangedSince ?? null, ...columns),
      );
      if (added > 0) {
        const used = await tx.query(sql.annotationsUsed, account, mailbox, lows, highs);
        if (used.int(0, 0) > annotationTotal) throw new Refusal(OVER_QUOTA);
        if (used.int(0, 1) > annotationEntries) throw new Refusal(TOO_MANY);
      }
      const changed: FlagRow[] = [], modified: number[] = [];
      for (let row = 0; row < rows!.count; row++) {
        const uid = rows!.int(row, 0) as Uid, modSeq = rows!.int(row, 3) as ModSeq;
        if (rows!.bool(row, 4)) modified.push(uid);
        else {changed.push({
            uid,
            flags: rows!.int(row, 1),
            keywords: keywordIndexes(rows!.bits(row, 2)),
            modSeq,
          });}
      }
      if (changed.length > 0 && values.some(({ value }) => value === null)) {
        const most = 2 * annotationEntries;
        await tx.query(sql.forgetRemoved, account, mailbox, lows, highs, changed[0]!.modSeq, most);
      }
      return { changed, modified: rangesOf(modified) };
    });
  }
}

const OVER_QUOTA = refused("OVERQUOTA", "Annotations take too much room");
const TOO_MANY = refused("LIMIT", "Too many annotations");

/** TOOBIG when a value is. */
export function valuesRefused(values: readonly AnnotationValue[], most: number) {
  return values.some(({ value }) => value !== null && value.length > most)
    ? refused("TOOBIG", "The annotation is too large")
    : undefined;
}

/** Octets that values take when they are kept. */
export function octetsOf(values: readonly AnnotationValue[]): number {
  return values.reduce(
    (sum, { entry, value }) => value === null ? sum : sum + entry.length + value.length,
    0,
  );
}

/** Columns of `setAnnotations` and `annotateDelivered`: user, entry, value, folded value. */
export function valueColumns(values: readonly AnnotationValue[], user: AccountId) {
  return [
    values.map(({ shared }) => shared ? sql.SHARED : user as number),
    values.map(({ entry }) => entry),
    values.map(({ value }) => value),
    values.map(({ value }) => value === null ? null : folded(value)),
  ] as const;
}

const utf8 = new TextDecoder("utf-8", { fatal: true });

/** The text of a value; undefined for what is no text, or none that PostgreSQL can hold. */
export function annotationText(value: Uint8Array): string | undefined {
  if (value.includes(0)) return undefined;
  try {
    return utf8.decode(value);
  } catch {
    return undefined; // TypeError: not UTF-8
  }
}

/** The text of a value as it is compared; null where there is none. */
function folded(value: Uint8Array): string | null {
  const text = annotationText(value);
  return text === undefined ? null : foldText(text);
}

/** Undoes the transaction. */
class Refusal extends Error {
  constructor(readonly outcome: Extract<Outcome<never>, { readonly ok: false }>) {
    super("refused");
  }
}
