/** Telling the client what others did to its mailbox (RFC 9051 §5.2, §7.5.1). */
import type { FlagRow } from "../../core/store.ts";
import { rangesOf } from "../../core/uidset.ts";
import type { Command, Tagged } from "../command.ts";
import { countLine, FetchLine, vanishedLines } from "../encode/mod.ts";
import { condition } from "../reply.ts";
import { COMMANDS } from "../states.ts";
import type { View } from "../view.ts";
import { mayRead } from "./access.ts";
import { changedNames } from "./annotation.ts";
import { type Completion, type Context, ok } from "./context.ts";
import { writeFlagsLines } from "./flags_line.ts";
import { tellNew } from "./new_messages.ts";
import { tellContexts, tellRemovals } from "./search_context.ts";
import { asksSequence } from "./search_key.ts";
import { tellMechanisms } from "./url_auth.ts";

/** Commands behind which everything that was committed before must be told. */
const FRESH: ReadonlySet<string> = new Set([
  "NOOP",
  "CHECK",
  "APPEND",
  "COPY",
  "MOVE",
  "EXPUNGE",
  "REPLACE",
  "NOTIFY",
]);

/** Commands whose own work is told by EXPUNGE or VANISHED. */
const REMOVES: ReadonlySet<string> = new Set(["EXPUNGE", "MOVE", "REPLACE"]);

/** Tells what may be told before this command's completion. Throws Unavailable, except after its work is done. */
export async function updatesAfter(cx: Context, { command }: Tagged): Promise<void> {
  const rule = COMMANDS[command.name].updates;
  const selected = cx.session.selected;
  if (rule === "none" || selected === undefined) return;
  if (FRESH.has(command.name)) {
    // The command's own work is committed: that its echo cannot be read now must not turn OK into NO.
    if (command.name === "NOOP" || command.name === "CHECK" || command.name === "NOTIFY") {
      await selected.view.mirror.refresh();
    } else await selected.view.mirror.refresh().catch(() => {});
  }
  const expunge = rule === "all" || namesByUid(command);
  await tellUpdates(cx, expunge, REMOVES.has(command.name));
  if (!expunge || cx.session.notify !== undefined) tellHeldBack(cx);
}

/** RFC 7162 §3.2.10.2: a UID SEARCH whose keys hold sequence numbers must not change their meaning either. */
function namesByUid(command: Command): boolean {
  if (!("by" in command) || command.by === "seq") return false;
  return !("criteria" in command && asksSequence(command.criteria));
}

/**
 * RFC 7162 §3.2: a client that lost its connection now would believe that it knows everything up to the
 * highest MODSEQ that it was told; while removals are held back, it must not.
 */
export function tellHeldBack(cx: Context): void {
  const view = cx.session.selected?.view;
  if (view === undefined || !cx.session.qresync) return;
  if (!view.behind && (cx.session.notify === undefined || view.toldUpTo >= view.mirror.modSeq)) return;
  const code = { code: "HIGHESTMODSEQ", value: view.toldUpTo } as const;
  condition(cx.out.gather, undefined, "OK", "Removals are still to be told", code);
}

/** The answer to a command that removed messages: under QRESYNC with HIGHESTMODSEQ (RFC 7162 §3.2.7). */
export async function removed(cx: Context, text: string): Promise<Completion> {
  const view = cx.session.selected?.view;
  if (view === undefined || !cx.session.qresync) return ok(text);
  // The command's work is committed: without its echo, the older number is still true.
  await view.mirror.refresh().catch(() => {});
  await tellUpdates(cx, true, true);
  return ok(text, { code: "HIGHESTMODSEQ", value: view.toldUpTo });
}

/**
 * Tells everything that the view has learnt: EXPUNGE, EXISTS, FLAGS, FETCH, ESEARCH, in this order. Where NOTIFY
 * chose less, only that, but for what a command itself did (`own`).
 */
export async function tellUpdates(cx: Context, expunge: boolean, own = false): Promise<void> {
  const { selected, notify } = cx.session;
  if (selected === undefined || !mayRead(cx)) return;
  const chosen = notify === undefined
    ? undefined
    : new Map(notify.selected.map((each) => [each.event, each]));
  if (chosen !== undefined && chosen.size === 0 && !own) return;
  const { view } = selected;
  const out = cx.out.gather;
  const updates = view.updates(expunge, chosen === undefined || own || chosen.has("FlagChange"));
  tellRemovals(cx, updates);
  let told = 0;
  if (cx.session.tellsVanished) vanishedLines(out, updates.vanished, false);
  else {
    for (const seq of updates.expunged) {
      countLine(out, seq, "EXPUNGE");
      if (++told % 1000 === 0) await cx.out.breathe();
    }
  }
  if (updates.exists !== undefined) {
    countLine(out, updates.exists, "EXISTS");
    if (!cx.session.rev2) countLine(out, 0, "RECENT");
  }
  if (updates.keysReset) tellMechanisms(cx);
  if (updates.keywords) writeFlagsLines(cx, view.mirror.info.keywords, selected.readOnly);
  await tellFlags(cx, view, updates.changed);
  const fresh = updates.arrived.filter((uid) => !cx.session.ownArrivals.delete(uid));
  await tellContexts(cx, new Set(fresh));
  const news = chosen?.get("MessageNew");
  if (news?.event === "MessageNew") await tellNew(cx, news.items, fresh);
}

/** Takes over the flags that this command has just written, and tells what others changed before it. */
export async function takeOwn(cx: Context, view: View, rows: readonly FlagRow[]): Promise<void> {
  const { mirror } = view;
  // A keyword that the mailbox did not have: its name comes first, or the sessions that share the mirror would be
  // woken by flags that they cannot name yet, and never be told. Under QRESYNC what was committed before has a
  // lower MODSEQ, so the client must not learn of ours alone. The flags are committed: OK stays OK.
  if (cx.session.qresync || !mirror.names(rows)) await mirror.refresh().catch(() => {});
  if (rows.some((row) => row.keywords.some((number) => number >= view.toldKeywords))) {
    writeFlagsLines(cx, mirror.info.keywords, false);
    view.keywordsTold();
  }
  const { notify } = cx.session;
  const flags = notify === undefined || notify.selected.some(({ event }) => event === "FlagChange");
  await tellFlags(cx, view, view.own(rows, flags));
}

/** `* seq FETCH (FLAGS (…))` for messages whose flags changed. */
export async function tellFlags(cx: Context, view: View, seqs: readonly number[]): Promise<void> {
  const names = await changedNames(cx, rangesOf(seqs.map((seq) => view.uidAt(seq))));
  let told = 0;
  for (const seq of seqs) {
    tellFlagsOf(cx, view, seq, false, names.get(view.uidAt(seq)));
    if (++told % 1000 === 0) await cx.out.breathe();
  }
}

/**
 * One line of it; with UID for answers to UID commands (RFC 9051 §6.4.9), and always once CONDSTORE is on
 * (RFC 7162 §3.2.4).
 */
export function tellFlagsOf(
  cx: Context,
  view: View,
  seq: number,
  uid: boolean,
  annotations?: readonly string[],
): void {
  const { mirror } = view;
  const itsUid = view.uidAt(seq), index = view.indexAt(seq);
  if (index < 0) return;
  const line = new FetchLine(cx.out.gather, cx.session.uidOnly);
  line.begin(seq, itsUid);
  if ((uid || cx.session.condstore) && !cx.session.uidOnly) line.uid(itsUid);
  line.flags(mirror.flagsAt(index), mirror.keywordsOf(itsUid), mirror.info.keywords);
  if (annotations !== undefined) line.annotationNames(annotations);
  if (cx.session.condstore) line.modSeq(mirror.modSeqAt(index));
  line.end();
}
