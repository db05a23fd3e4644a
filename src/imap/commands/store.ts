/** STORE and UID STORE (RFC 9051 §6.4.6, RFC 7162 §3.1.3). */
import { type AllowedFlags, allowedFlags } from "../../core/acl.ts";
import type { ModSeq } from "../../core/brands.ts";
import type { FlagRow } from "../../core/store.ts";
import { rangesOf, type UidSet } from "../../core/uidset.ts";
import type { By, Command } from "../command.ts";
import { FetchLine } from "../encode/mod.ts";
import type { View } from "../view.ts";
import { mayAnnotateSelected, storeAnnotations } from "./annotation.ts";
import {
  bad,
  type Completion,
  type Context,
  failed,
  no,
  ok,
  selectedAccount,
  selectedOf,
} from "./context.ts";
import { enableCondstore } from "./enable.ts";
import { limited, sayLimit } from "./message_limit.ts";
import { working } from "./progress.ts";
import { takeOwn, tellFlagsOf } from "./updates.ts";

/** Changes flags in one transaction and tells the new ones, unless .SILENT. */
export async function store(
  cx: Context,
  command: Extract<Command, { readonly name: "STORE" }>,
): Promise<Completion> {
  const selected = selectedOf(cx);
  const { view } = selected;
  const { annotations } = command;
  if (annotations !== undefined) {
    const refusal = mayAnnotateSelected(cx, annotations);
    if (refusal !== undefined) return refusal;
  } else if (selected.readOnly) return no("The mailbox is selected read-only");
  const named = view.resolve(command.set, command.by, cx.session.saved);
  if (named === undefined) return bad("No such message");
  const { uids, lowest } = limited(cx, named);
  const since = command.unchangedSince;
  if (since !== undefined) enableCondstore(cx);
  if (uids.length === 0) return ok("STORE completed, no messages");
  const allowed = allowedFlags(selected.rights);
  if (annotations === undefined && !mayChange(allowed, command)) {
    return no("Not permitted", { code: "NOPERM" });
  }
  const change = {
    op: command.op,
    flags: command.list.flags & allowed.flags,
    keywords: allowed.keywords ? command.list.keywords : [],
    allowed,
    ...(since === undefined ? {} : { unchangedSince: since as ModSeq }),
  };
  const set = annotations === undefined
    ? await working(cx, cx.services.store.setFlags(selectedAccount(cx), view.mirror.id, uids, change))
    : await storeAnnotations(cx, { ...command, annotations }, uids);
  if ("refusal" in set) return set.refusal;
  if ("failure" in set) return failed(set.failure);
  const { changed, modified } = "done" in set ? set.done : set.value;
  await takeOwn(cx, view, changed);
  const line = new FetchLine(cx.out.gather, cx.session.uidOnly);
  let told = 0;
  for (const row of changed) {
    const seq = view.seqOf(row.uid);
    if (seq === 0) continue;
    // RFC 7162 §3.1.3: after UNCHANGEDSINCE and under CONDSTORE the new MODSEQ is told even when .SILENT.
    if (!command.silent) tellFlagsOf(cx, view, seq, command.by === "uid");
    else if (cx.session.condstore && isNewest(view, row)) {
      line.begin(seq, row.uid);
      if (!cx.session.uidOnly) line.uid(row.uid);
      line.modSeq(row.modSeq);
      line.end();
    }
    if (++told % 1000 === 0) await cx.out.breathe();
  }
  if (modified.length > 0) {
    const code = { code: "MODIFIED", set: numbers(view, modified, command.by) } as const;
    return sayLimit(cx, ok("Some messages were modified meanwhile", code), lowest);
  }
  if (command.by === "seq" && isGone(view, uids)) {
    return sayLimit(cx, no("Some messages are gone", { code: "EXPUNGEISSUED" }), lowest);
  }
  return sayLimit(cx, ok("STORE completed"), lowest);
}

/**
 * False when somebody else has changed the message since: that state, with its higher MODSEQ, was told just before,
 * and a client that heard of ours after it would go back (RFC 7162 §3.1.3).
 */
function isNewest(view: View, { uid, modSeq }: FlagRow): boolean {
  const at = view.mirror.indexOf(uid);
  return at < 0 || view.mirror.modSeqAt(at) <= modSeq;
}

/** RFC 4314 §4: a STORE is refused only when nothing of it is permitted. */
function mayChange(
  allowed: AllowedFlags,
  { op, list }: Extract<Command, { readonly name: "STORE" }>,
): boolean {
  if (op === "replace" || list.flags === 0 && list.keywords.length === 0) return allowed.flags !== 0;
  return (list.flags & allowed.flags) !== 0 || allowed.keywords && list.keywords.length > 0;
}

/** MODIFIED names messages the way the command did. */
function numbers(view: View, uids: UidSet, by: By): UidSet {
  return by === "uid" ? uids : rangesOf(
    (function* () {
      for (const [first, last] of view.seqRanges(uids)) for (let n = first; n <= last; n++) yield n;
    })(),
  );
}

/** True when a message of the set is gone. */
export function isGone(view: View, uids: UidSet): boolean {
  if (!view.behind) return false;
  for (const [first, last] of view.seqRanges(uids)) {
    for (let seq = first; seq <= last; seq++) {
      if (view.indexAt(seq) < 0) return true;
    }
  }
  return false;
}
