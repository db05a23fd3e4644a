/** Sets of numbers, mirror of `grammar/sequence_set.ts`: RFC 9051 §9. */
import type { Gather } from "../../bytes/gather.ts";
import type { UidSet } from "../../core/uidset.ts";

/** uid-set = (uniqueid / uid-range) *("," uid-set); the set must not be empty, or nothing is written. */
export function uidSet(out: Gather, set: UidSet): void {
  for (let i = 0; i < set.length; i++) {
    const [low, high] = set[i]!;
    if (i > 0) out.octet(0x2c);
    out.number(low);
    if (high !== low) out.octet(0x3a).number(high);
  }
}
