/** Ascending columns of UIDs: where one stands, what is not there, and how much room they get. */
import type { UidSet } from "../core/uidset.ts";

/** Position of `uid` in the first `count` entries of an ascending column, or -1. */
export function search(uids: Uint32Array, count: number, uid: number): number {
  const at = lowerBound(uids, count, uid);
  return at < count && uids[at] === uid ? at : -1;
}

/** First position whose entry is at least `uid`. */
export function lowerBound(uids: Uint32Array, count: number, uid: number): number {
  let low = 0, high = count;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (uids[middle]! < uid) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The numbers of a set that the first `count` entries of an ascending column do not hold. */
export function gaps(set: UidSet, uids: Uint32Array, count: number): UidSet {
  const absent: [number, number][] = [];
  for (const [low, high] of set) {
    let from = low;
    for (let at = lowerBound(uids, count, low); at < count && uids[at]! <= high; at++) {
      if (uids[at]! > from) absent.push([from, uids[at]! - 1]);
      from = uids[at]! + 1;
    }
    if (from <= high) absent.push([from, high]);
  }
  return absent;
}

/** How long a column is made for so many entries: an eighth more, so that arrivals seldom copy it. */
export function room(count: number): number {
  return count + Math.max(16, count >> 3);
}

/** UIDs below `uidNext` of a column, and those that vanished from it. */
export function withVanished(
  uids: Uint32Array,
  count: number,
  vanished: UidSet,
  uidNext: number,
): Uint32Array {
  const kept = lowerBound(uids, count, uidNext);
  const gone: number[] = [];
  for (const [low, high] of vanished) {
    // A record that is broken must not become a column of billions.
    for (let uid = low; uid <= high && uid < uidNext && gone.length < uidNext; uid++) {
      if (search(uids, kept, uid) < 0) gone.push(uid);
    }
  }
  const known = new Uint32Array(kept + gone.length);
  known.set(uids.subarray(0, kept));
  known.set(gone, kept);
  return gone.length === 0 ? known : known.sort();
}
