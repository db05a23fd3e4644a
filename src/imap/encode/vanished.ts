/** VANISHED responses: RFC 7162 §3.2.10. */
import type { Gather } from "../../bytes/gather.ts";
import type { UidSet } from "../../core/uidset.ts";
import { uidSet } from "./sets.ts";

/** Ranges in one line: the client must be able to hold it. */
const RANGES = 1000;

/**
 * expunged-resp = "VANISHED" [SP "(EARLIER)"] SP known-uids; nothing for no UIDs, several lines for many.
 * `earlier`: gone before the mailbox was selected, or never told of.
 */
export function vanishedLines(out: Gather, uids: UidSet, earlier: boolean): void {
  for (let at = 0; at < uids.length; at += RANGES) {
    out.text(earlier ? "* VANISHED (EARLIER) " : "* VANISHED ");
    uidSet(out, uids.slice(at, at + RANGES));
    out.text("\r\n");
  }
}
