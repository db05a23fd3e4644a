/** Sets of numbers, mirror of `grammar/sequence_set.ts`: RFC 9051 §9. */
import type { Gather } from "../../bytes/gather.ts";
import type { UidSet } from "../../core/uidset.ts";
import { type SequenceSet, STAR } from "../command.ts";

/** uid-set = (uniqueid / uid-range) *("," uid-set); the set must not be empty, or nothing is written. */
export function uidSet(out: Gather, set: UidSet): void {
  for (let i = 0; i < set.length; i++) {
    const [low, high] = set[i]!;
    if (i > 0) out.octet(0x2c);
    out.number(low);
    if (high !== low) out.octet(0x3a).number(high);
  }
}

/** sequence-set as a client writes it. */
export function sequenceSet(out: Gather, set: SequenceSet): void {
  if (set.kind === "saved") {
    out.octet(0x24);
    return;
  }
  set.ranges.forEach(([low, high], i) => {
    if (i > 0) out.octet(0x2c);
    seqNumber(out, low);
    if (high === low) return;
    out.octet(0x3a);
    seqNumber(out, high);
  });
}

function seqNumber(out: Gather, n: number): void {
  if (n === STAR) out.octet(0x2a);
  else out.number(n);
}
