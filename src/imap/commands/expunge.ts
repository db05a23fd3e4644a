/** EXPUNGE and UID EXPUNGE (RFC 9051 §6.4.3, §6.4.9, RFC 4315, RFC 7162 §3.2.7, §3.2.9). */
import { Right } from "../../core/acl.ts";
import { Flag } from "../../core/store.ts";
import { rangesOf, type UidSet } from "../../core/uidset.ts";
import type { Command } from "../command.ts";
import { lacks } from "./access.ts";
import { type Completion, type Context, failed, no, ok, selectedAccount, selectedOf } from "./context.ts";
import { limited, sayLimit } from "./message_limit.ts";
import { working } from "./progress.ts";
import { removed } from "./updates.ts";

/** Removes messages that are marked \Deleted; what vanished is told with the updates of the command. */
export async function expunge(
  cx: Context,
  command: Extract<Command, { readonly name: "EXPUNGE" }>,
): Promise<Completion> {
  const { view, readOnly } = selectedOf(cx);
  if (readOnly) return no("The mailbox is selected read-only");
  const lacking = lacks(cx, Right.Expunge);
  if (lacking !== undefined) return lacking;
  if (command.uids !== undefined) return await some(cx, view.resolve(command.uids, "uid", cx.session.saved)!);
  return await expungeSet(cx, "all");
}

/** RFC 9738 §3.1: only UID EXPUNGE has a limit, and only messages that are marked \\Deleted count. */
async function some(cx: Context, named: UidSet): Promise<Completion> {
  const { view } = selectedOf(cx);
  const { mirror } = view;
  const marked: number[] = [];
  for (const [first, last] of view.seqRanges(named)) {
    for (let seq = first; seq <= last; seq++) {
      const index = view.indexAt(seq);
      if (index >= 0 && (mirror.flagsAt(index) & Flag.Deleted) !== 0) marked.push(view.uidAt(seq));
    }
  }
  // Marked ones that the mirror has not heard of yet are in the set all the same, unless there are too many.
  const { uids, lowest } = limited(cx, rangesOf(marked));
  return sayLimit(cx, await expungeSet(cx, lowest === undefined ? named : uids), lowest);
}

async function expungeSet(cx: Context, uids: UidSet | "all"): Promise<Completion> {
  if (uids.length === 0) return ok("EXPUNGE completed, no messages");
  const { mirror } = selectedOf(cx).view;
  const gone = await working(cx, cx.services.store.expunge(selectedAccount(cx), mirror.id, uids));
  if (!gone.ok) return failed(gone.failure);
  mirror.remove(gone.value.removed);
  return gone.value.removed.length === 0 ? ok("EXPUNGE completed") : await removed(cx, "EXPUNGE completed");
}
