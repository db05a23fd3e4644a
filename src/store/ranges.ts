import type { UidSet } from "../core/uidset.ts";

/** Every UID that can be. */
export const ALL_UIDS: UidSet = [[1, 0xffff_ffff]];

/** Ranges in the two columns that statements take. */
export interface RangeColumns {
  readonly lows: readonly number[];
  readonly highs: readonly number[];
}

/** Turns ranges into columns. */
export function rangeColumns(set: UidSet): RangeColumns {
  return { lows: set.map((range) => range[0]), highs: set.map((range) => range[1]) };
}

/** At most `count` ranges of a set that lie behind `after`, the first one cut to begin there. */
export function rangesAfter(set: UidSet, after: number, count: number): UidSet {
  let low = 0, high = set.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (set[middle]![1] <= after) low = middle + 1;
    else high = middle;
  }
  const rest = set.slice(low, low + count);
  const first = rest[0];
  if (first !== undefined && first[0] <= after) rest[0] = [after + 1, first[1]];
  return rest;
}
