/** What a client must be told so that its sorted result is ours (RFC 5267 §4.3.3, §4.3.4). */
import { rangesOf } from "../core/uidset.ts";
import type { ResultChange } from "./encode/mod.ts";

/** Turns UIDs into the numbers that the client is told. */
export type NumberOf = (uid: number) => number;

/** REMOVEFROM for some of a result: from its end to its begin, so that no place shifts another. */
export function removals(
  result: readonly number[],
  gone: (uid: number) => boolean,
  numberOf: NumberOf,
): readonly ResultChange[] {
  const changes: ResultChange[] = [];
  for (let end = result.length; end > 0;) {
    if (!gone(result[end - 1]!)) {
      end--;
      continue;
    }
    let start = end - 1;
    while (start > 0 && gone(result[start - 1]!)) start--;
    changes.push({ position: start + 1, set: rangesOf(result.slice(start, end).map(numberOf)) });
    end = start;
  }
  return changes;
}

/** ADDTO for what is new in a result: from its begin to its end. */
export function additions(
  result: readonly number[],
  fresh: (uid: number) => boolean,
  numberOf: NumberOf,
): readonly ResultChange[] {
  const changes: ResultChange[] = [];
  for (let start = 0; start < result.length;) {
    if (!fresh(result[start]!)) {
      start++;
      continue;
    }
    let end = start + 1;
    while (end < result.length && fresh(result[end]!)) end++;
    changes.push({ position: start + 1, set: rangesOf(result.slice(start, end).map(numberOf)) });
    start = end;
  }
  return changes;
}
