/** What a client missed while it was away (RFC 7162 §3.2.5, §3.2.6). */
import type { ModSeq } from "../../core/brands.ts";
import { inSet, intersect, type UidSet } from "../../core/uidset.ts";
import type { Resync } from "../command.ts";
import { vanishedLines } from "../encode/mod.ts";
import type { View } from "../view.ts";
import { type Context, selectedAccount, selectedOf } from "./context.ts";
import { tellFlagsOf, tellHeldBack } from "./updates.ts";

/** `* VANISHED (EARLIER) …`: UIDs of a set that went after a mod-sequence. Throws Unavailable. */
export async function tellEarlier(cx: Context, uids: UidSet, since: number): Promise<void> {
  const { view } = selectedOf(cx);
  const given = intersect(uids, [[1, view.mirror.info.uidNext - 1]]);
  if (given.length === 0) return;
  const gone = await cx.services.store.vanished(selectedAccount(cx), view.mirror.id, since as ModSeq);
  // Deleted meanwhile: the mirror will hear of it, and every message is told as gone then.
  if (!gone.ok) return;
  // Without a record that reaches back, whatever is not there counts as gone (RFC 7162 §3.2.6, note).
  const missed = view.missing(gone.value.complete ? intersect(given, gone.value.uids) : given);
  vanishedLines(cx.out.gather, missed, true);
  await cx.out.breathe();
}

/** SELECT's QRESYNC parameter: what vanished first, then what is new or has other flags. */
export async function resync(cx: Context, asked: Resync): Promise<void> {
  const { view } = selectedOf(cx);
  const { mirror } = view;
  if (asked.uidValidity !== mirror.info.uidValidity) return;
  const known = asked.known ?? [[1, 0xffff_ffff]] as UidSet;
  const matched = lastMatch(view, asked.match);
  await tellEarlier(cx, intersect(known, [[matched + 1, 0xffff_ffff]]), asked.modSeq);
  let told = 0;
  for (let seq = 1; seq <= view.count; seq++) {
    const index = view.indexAt(seq);
    if (index < 0 || mirror.modSeqAt(index) <= asked.modSeq || !inSet(known, view.uidAt(seq))) continue;
    tellFlagsOf(cx, view, seq, true);
    if (++told % 1000 === 0) await cx.out.breathe();
  }
  tellHeldBack(cx);
}

/**
 * RFC 7162 §3.2.5.2: the highest UID that has the sequence number that the client says, or 0. Up to there
 * the client knows every removal.
 */
function lastMatch(view: View, match: Resync["match"]): number {
  if (match === undefined) return 0;
  let s = match.seqs.length - 1, u = match.uids.length - 1;
  if (s < 0 || u < 0) return 0;
  // Both sets hold equally many numbers: walked down together, run by run.
  let seq = match.seqs[s]![1], uid = match.uids[u]![1];
  for (;;) {
    const run = Math.min(seq - match.seqs[s]![0], uid - match.uids[u]![0]);
    for (let n = Math.max(0, seq - view.count); n <= run; n++) {
      if (view.uidAt(seq - n) === uid - n) return uid - n;
    }
    seq -= run + 1;
    uid -= run + 1;
    if (seq < match.seqs[s]![0]) {
      if (--s < 0) return 0;
      seq = match.seqs[s]![1];
    }
    if (uid < match.uids[u]![0]) {
      if (--u < 0) return 0;
      uid = match.uids[u]![1];
    }
  }
}
