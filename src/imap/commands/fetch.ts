/** FETCH and UID FETCH (RFC 9051 §6.4.5, RFC 3516, RFC 7162 §3.1.4). */
import { Right } from "../../core/acl.ts";
import { Flag } from "../../core/store.ts";
import { rangesOf, type UidSet } from "../../core/uidset.ts";
import type { Command } from "../command.ts";
import { bad, type Completion, type Context, no, ok, selectedAccount, selectedOf } from "./context.ts";
import { hasAll } from "../reach.ts";
import { enableCondstore } from "./enable.ts";
import { planFetch } from "./fetch_plan.ts";
import { answer, type FetchRun } from "./fetch_run.ts";
import { limited, overLimit, sayLimit } from "./message_limit.ts";
import { tellEarlier } from "./resync.ts";
import { isGone } from "./store.ts";
import { takeOwn } from "./updates.ts";

/** Answers message by message, in constant memory: what the client does not take is not read either. */
export async function fetch(
  cx: Context,
  command: Extract<Command, { readonly name: "FETCH" }>,
): Promise<Completion> {
  const { view, readOnly, rights } = selectedOf(cx);
  if (command.vanished && !cx.session.qresync) return bad("ENABLE QRESYNC first");
  const named = view.resolve(command.set, command.by, cx.session.saved);
  if (named === undefined) return bad("No such message");
  const plan = planFetch(
    command.items,
    command.by === "uid" && !cx.session.uidOnly,
    command.changedSince !== undefined,
  );
  if (plan.modSeq) enableCondstore(cx);
  // RFC 9394 §3.4: first the part, then what changed of it.
  const part = command.partial === undefined ? named : view.part(named, command.partial);
  const { uids: allowed, lowest } = limited(cx, part);
  if (lowest !== undefined && command.partial !== undefined) return overLimit(cx);
  const uids = command.changedSince === undefined ? allowed : changedAfter(cx, allowed, command.changedSince);
  if (command.vanished) {
    await tellEarlier(cx, view.everyUid(command.set, cx.session.saved), command.changedSince!);
  }
  const marked = plan.seen && !readOnly && hasAll(rights, Right.Seen) ? await markSeen(cx, uids) : [];
  const run: FetchRun = { plan, marked, unknownCte: false };
  await answer(cx, run, uids);
  return sayLimit(cx, completed(run, command.by === "seq" && isGone(view, uids)), lowest);
}

function completed(run: FetchRun, someGone: boolean): Completion {
  if (run.unknownCte) return no("A part's encoding is not known", { code: "UNKNOWN-CTE" });
  // RFC 5530: numbers that the client could still use named messages that are gone.
  if (someGone) return no("Some messages are gone", { code: "EXPUNGEISSUED" });
  return ok("FETCH completed");
}

/** RFC 7162 §3.1.4.1. */
function changedAfter(cx: Context, uids: UidSet, modSeq: number): UidSet {
  const { view } = selectedOf(cx);
  const { mirror } = view;
  return rangesOf(known(cx, uids, (index) => mirror.modSeqAt(index) > modSeq));
}

/** UIDs of a set that still exist and pass a test on the mirror's columns. */
function* known(cx: Context, uids: UidSet, test: (index: number) => boolean): Generator<number> {
  const { view } = selectedOf(cx);
  for (const [first, last] of view.seqRanges(uids)) {
    for (let seq = first; seq <= last; seq++) {
      const uid = view.uidAt(seq), index = view.indexAt(seq);
      if (index >= 0 && test(index)) yield uid;
    }
  }
}

/** Sets \Seen on what lacks it, in one transaction for the whole command, before anything is sent. */
async function markSeen(cx: Context, uids: UidSet): Promise<UidSet> {
  const { view } = selectedOf(cx);
  const { mirror } = view;
  const unseen = rangesOf(known(cx, uids, (index) => (mirror.flagsAt(index) & Flag.Seen) === 0));
  if (unseen.length === 0) return [];
  const change = { op: "add", flags: Flag.Seen, keywords: [] } as const;
  const set = await cx.services.store.setFlags(selectedAccount(cx), mirror.id, unseen, change);
  if (!set.ok) return [];
  await takeOwn(cx, view, set.value.changed);
  return rangesOf(set.value.changed.map((row) => row.uid));
}
