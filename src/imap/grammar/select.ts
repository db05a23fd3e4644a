/** SELECT and EXAMINE: RFC 9051 §6.3.2, RFC 4466 §2.1, RFC 7162 §3.1.8, §3.2.5. */
import { countOf, type UidSet } from "../../core/uidset.ts";
import { type Command, type Resync, STAR } from "../command.ts";
import type { Cursor } from "./cursor.ts";
import { mailbox } from "./mailbox.ts";
import { sequenceSet } from "./sequence_set.ts";
import { number64, nzNumber } from "./string.ts";

/**
 * select = "SELECT" SP mailbox [select-params]
 * select-params = SP "(" select-param *(SP select-param) ")"
 * select-param = "CONDSTORE" / "ANNOTATE" / "QRESYNC" SP "(" … ")"
 */
export function select(name: "SELECT" | "EXAMINE"): (c: Cursor) => Command | undefined {
  return (c) => {
    const box = c.sp() ? mailbox(c) : undefined;
    if (box === undefined) return undefined;
    let condstore = false, annotate = false;
    let resync: Resync | undefined;
    if (c.takeSpaceParen()) {
      do {
        if (c.keyword("CONDSTORE")) condstore = true;
        else if (c.keyword("ANNOTATE")) annotate = true;
        else if (!c.keyword("QRESYNC")) return c.fail("select parameter", "No such SELECT parameter");
        else if (resync !== undefined) return c.fail("select parameter", "QRESYNC comes twice");
        else if ((resync = qresync(c)) === undefined) return undefined;
      } while (c.take(0x20));
      if (!c.expect(0x29)) return undefined;
    }
    return { name, mailbox: box, condstore, annotate, resync };
  };
}

/**
 * SP "(" uidvalidity SP mod-sequence-value [SP known-uids] [SP seq-match-data] ")", behind QRESYNC
 *
 * seq-match-data = "(" known-sequence-set SP known-uid-set ")"
 */
function qresync(c: Cursor): Resync | undefined {
  if (!c.sp() || !c.expect(0x28)) return undefined;
  const uidValidity = nzNumber(c);
  if (uidValidity === undefined || !c.sp()) return undefined;
  const modSeq = number64(c);
  if (modSeq === undefined) return undefined;
  let known: UidSet | undefined;
  if (c.peek() === 0x20 && c.peekAt(1) !== 0x28) {
    c.sp();
    known = closedSet(c);
    if (known === undefined) return undefined;
  }
  let match: Resync["match"];
  if (c.takeSpaceParen()) {
    const seqs = closedSet(c);
    if (seqs === undefined || !c.sp()) return undefined;
    const uids = closedSet(c);
    if (uids === undefined || !c.expect(0x29)) return undefined;
    if (countOf(seqs) !== countOf(uids)) {
      return c.fail("sequence match data", "As many UIDs as sequence numbers are needed");
    }
    match = { seqs, uids };
  }
  return c.expect(0x29) ? { uidValidity, modSeq, known, match } : undefined;
}

/** sequence-set, "*" is not allowed (RFC 7162 §7). */
function closedSet(c: Cursor): UidSet | undefined {
  const set = sequenceSet(c);
  if (set === undefined) return undefined;
  if (set.kind === "saved" || set.ranges.some(([low, high]) => low === STAR || high === STAR)) {
    return c.fail("open set", "Only numbers are allowed in a set of what is known");
  }
  return set.ranges;
}
