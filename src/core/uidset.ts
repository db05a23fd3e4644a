/** Inclusive ranges of UIDs, ascending, merged, never overlapping. `[]` is the empty set. */
export type UidSet = readonly (readonly [low: number, high: number])[];

/** Sorts and merges ranges; accepts them in any order and with `low > high` (RFC 9051 §9 seq-range). */
export function mergeRanges(ranges: Iterable<readonly [number, number]>): UidSet {
  const sorted = Array.from(ranges, ([a, b]): [number, number] => a <= b ? [a, b] : [b, a]);
  sorted.sort((x, y) => x[0] - y[0]);
  const merged: [number, number][] = [];
  for (const [low, high] of sorted) {
    const last = merged[merged.length - 1];
    if (last !== undefined && low <= last[1] + 1) last[1] = Math.max(last[1], high);
    else merged.push([low, high]);
  }
  return merged;
}

/** The set of ascending numbers, as ranges. */
export function rangesOf(ascending: Iterable<number>): UidSet {
  const ranges: [number, number][] = [];
  let last: [number, number] | undefined;
  for (const n of ascending) {
    if (last !== undefined && n === last[1] + 1) last[1] = n;
    else ranges.push(last = [n, n]);
  }
  return ranges;
}

/** True when `n` lies in the set; binary search. */
export function inSet(set: UidSet, n: number): boolean {
  let low = 0, high = set.length - 1;
  while (low <= high) {
    const middle = (low + high) >> 1;
    const range = set[middle]!;
    if (n < range[0]) high = middle - 1;
    else if (n > range[1]) low = middle + 1;
    else return true;
  }
  return false;
}

/** What two sets have in common. */
export function intersect(a: UidSet, b: UidSet): UidSet {
  const common: [number, number][] = [];
  for (let i = 0, j = 0; i < a.length && j < b.length;) {
    const low = Math.max(a[i]![0], b[j]![0]), high = Math.min(a[i]![1], b[j]![1]);
    if (low <= high) common.push([low, high]);
    if (a[i]![1] < b[j]![1]) i++;
    else j++;
  }
  return common;
}

/** How many numbers the set holds. */
export function countOf(set: UidSet): number {
  let count = 0;
  for (const [low, high] of set) count += high - low + 1;
  return count;
}
