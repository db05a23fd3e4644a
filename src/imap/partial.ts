/** Places in a result: PARTIAL (RFC 9394). */
import type { PartialRange } from "./command.ts";

/** The first place, from 0, and the one behind the last; an empty stretch where nothing is there. */
export function placesOf(range: PartialRange, count: number): readonly [first: number, end: number] {
  const near = Math.min(Math.abs(range.from), Math.abs(range.to));
  const far = Math.min(Math.max(Math.abs(range.from), Math.abs(range.to)), count);
  if (near > far) return [0, 0];
  return range.from > 0 ? [near - 1, far] : [count - far, count - near + 1];
}

/** The part of a result that a range asks for. */
export function partOf<T>(result: readonly T[], range: PartialRange): readonly T[] {
  return result.slice(...placesOf(range, result.length));
}
