/** Sequence sets: RFC 9051 §9, RFC 5182 §2.1. */
import { mergeRanges } from "../../core/uidset.ts";
import { type SequenceSet, STAR } from "../command.ts";
import type { Cursor } from "./cursor.ts";
import { nzNumber } from "./string.ts";

/**
 * sequence-set = (seq-number / seq-range) ["," sequence-set] / seq-last-command
 * seq-range = seq-number ":" seq-number
 * seq-last-command = "$"
 *
 * Ranges without `*` come out ascending and merged, those with `*` behind them as written.
 */
export function sequenceSet(c: Cursor): SequenceSet | undefined {
  if (c.take(0x24)) return { kind: "saved" };
  const ranges: [number, number][] = [];
  const open: [number, number][] = [];
  let ascending = true;
  do {
    const low = sequenceNumber(c);
    if (low === undefined) return undefined;
    let high = low;
    if (c.take(0x3a)) {
      const other = sequenceNumber(c);
      if (other === undefined) return undefined;
      high = other;
    }
    if (low === STAR || high === STAR) {
      // A set needs `*` in few ranges; more say nothing new and would not merge.
      if (open.length === 16) return tooMany(c);
      open.push([low, high]);
      continue;
    }
    const last = ranges[ranges.length - 1];
    if (low > high || (last !== undefined && low <= last[1] + 1)) ascending = false;
    ranges.push([low, high]);
  } while (c.take(0x2c));
  const merged = ascending ? ranges : mergeRanges(ranges);
  if (merged.length + open.length > c.limits.ranges) return tooMany(c);
  return { kind: "ranges", ranges: open.length === 0 ? merged : [...merged, ...open] };
}

function tooMany(c: Cursor): undefined {
  return c.fail("too many ranges", "A sequence set has too many ranges", "NO", { code: "LIMIT" });
}

/** seq-number = nz-number / "*"; STAR for `*`. */
export function sequenceNumber(c: Cursor): number | undefined {
  return c.take(0x2a) ? STAR : nzNumber(c);
}
