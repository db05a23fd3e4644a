/** Which messages sets of numbers mean in a mailbox (RFC 9051 §9 sequence-set). */
import type { AccountId } from "../core/brands.ts";
import { mergeRanges, type UidSet } from "../core/uidset.ts";
import { type By, type SequenceSet, STAR } from "./command.ts";

/** What turns numbers into UIDs. */
export interface Numbering {
  /** Whose mailbox it is. */
  readonly account: AccountId;
  /** How many messages there are. */
  readonly count: number;
  /** The UIDs that a set names; undefined when a sequence number is greater than `count`. */
  resolve(set: SequenceSet, by: By, saved: UidSet): UidSet | undefined;
}

/** Resolves by the first `count` entries of an ascending column of UIDs, clipped to them. */
export function resolveRanges(
  uids: Uint32Array,
  count: number,
  ranges: readonly (readonly [number, number])[],
  by: By,
): UidSet | undefined {
  const max = by === "seq" ? count : count === 0 ? 0 : uids[count - 1]!;
  const resolved: [number, number][] = [];
  for (const [a, b] of ranges) {
    const first = a === STAR ? max : a, last = b === STAR ? max : b;
    const low = Math.min(first, last), high = Math.max(first, last);
    if (by === "seq") {
      if (low < 1 || high > count) return undefined;
      resolved.push([uids[low - 1]!, uids[high - 1]!]);
    } else if (low <= max && max > 0) resolved.push([low, Math.min(high, max)]);
  }
  return mergeRanges(resolved);
}

/** The numbering of a mailbox that is not selected. */
export function numberingOf(account: AccountId, uids: Uint32Array): Numbering {
  return {
    account,
    count: uids.length,
    // `$` holds messages of the selected mailbox (RFC 5182 §2.1).
    resolve: (set, by) => set.kind === "saved" ? [] : resolveRanges(uids, uids.length, set.ranges, by),
  };
}

/** For sets of UIDs without `*`: they say by themselves what they mean. */
export function unnumbered(account: AccountId): Numbering {
  return { account, count: 0, resolve: (set) => set.kind === "saved" ? [] : mergeRanges(set.ranges) };
}
