/** Telling the client what others did to its mailbox (RFC 9051 §5.2, §7.5.1). */
import type { FlagRow } from "../../core/store.ts";
import type { Tagged } from "../command.ts";
import { countLine, FetchLine } from "../encode/mod.ts";
import { COMMANDS } from "../states.ts";
import type { View } from "../view.ts";
import type { Context } from "./context.ts";
import { writeFlagsLines } from "./flags_line.ts";

/** Commands behind which everything that was committed before must be told. */
const FRESH: ReadonlySet<string> = new Set(["NOOP", "CHECK", "APPEND", "COPY", "MOVE", "EXPUNGE", "REPLACE"]);

/** Tells what may be told before this command's completion. Throws Unavailable, except after its work is done. */
export async function updatesAfter(cx: Context, { command }: Tagged): Promise<void> {
  const rule = COMMANDS[command.name].updates;
  const selected = cx.session.selected;
  if (rule === "none" || selected === undefined) return;
  if (FRESH.has(command.name)) {
    // The command's own work is committed: that its echo cannot be read now must not turn OK into NO.
    if (command.name === "NOOP" || command.name === "CHECK") await selected.view.mirror.refresh();
    else await selected.view.mirror.refresh().catch(() => {});
  }
  await tellUpdates(cx, rule === "all" || "by" in command && command.by === "uid");
}

/** Tells everything that the view has learnt: EXPUNGE, EXISTS, FLAGS, FETCH, in this order. */
export async function tellUpdates(cx: Context, expunge: boolean): Promise<void> {
  const selected = cx.session.selected;
  if (selected === undefined) return;
  const { view } = selected;
  const out = cx.out.gather;
  const updates = view.updates(expunge);
  let told = 0;
  for (const seq of updates.expunged) {
    countLine(out, seq, "EXPUNGE");
    if (++told % 1000 === 0) await cx.out.breathe();
  }
  if (updates.exists !== undefined) {
    countLine(out, updates.exists, "EXISTS");
    if (!cx.session.rev2) countLine(out, 0, "RECENT");
  }
  if (updates.keywords) writeFlagsLines(cx, view.mirror.info.keywords, selected.readOnly);
  await tellFlags(cx, view, updates.changed);
}

/** Takes over the flags that this command has just written, and tells what others changed before it. */
export async function takeOwn(cx: Context, view: View, rows: readonly FlagRow[]): Promise<void> {
  const { mirror } = view;
  if (!mirror.names(rows)) {
    // A keyword that the mailbox did not have. Its name comes first, or the sessions that share the mirror would
    // be woken by flags that they cannot name yet, and never be told. The flags are committed: OK stays OK.
    await mirror.refresh().catch(() => {});
    writeFlagsLines(cx, mirror.info.keywords, false);
    view.keywordsTold();
  }
  await tellFlags(cx, view, view.own(rows));
}

/** `* seq FETCH (FLAGS (…))` for messages whose flags changed. */
export async function tellFlags(cx: Context, view: View, seqs: readonly number[]): Promise<void> {
  let told = 0;
  for (const seq of seqs) {
    tellFlagsOf(cx, view, seq, false);
    if (++told % 1000 === 0) await cx.out.breathe();
  }
}

/** One line of it; with UID for answers to UID commands (RFC 9051 §6.4.9). */
export function tellFlagsOf(cx: Context, view: View, seq: number, uid: boolean): void {
  const { mirror } = view;
  const itsUid = view.uidAt(seq), index = view.indexAt(seq);
  if (index < 0) return;
  const line = new FetchLine(cx.out.gather);
  line.begin(seq);
  if (uid) line.uid(itsUid);
  line.flags(mirror.flagsAt(index), mirror.keywordsOf(itsUid), mirror.info.keywords);
  if (cx.session.condstore) line.modSeq(mirror.modSeqAt(index));
  line.end();
}
