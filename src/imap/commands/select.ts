/** SELECT and EXAMINE (RFC 9051 §6.3.2, §6.3.3). */
import type { Command } from "../command.ts";
import { View } from "../view.ts";
import { accountOf, type Completion, type Context, failed, no, ok } from "./context.ts";
import { enableCondstore } from "./enable.ts";
import { writeFlagsLine } from "./flags.ts";
import { writeListed } from "./names.ts";
import { leave } from "./close.ts";
import { untagged } from "./untagged.ts";

/** Leaves the selected mailbox in any case; a refusal leaves none selected. */
export async function select(
  cx: Context,
  command: Extract<Command, { readonly name: "SELECT" | "EXAMINE" }>,
): Promise<Completion> {
  leave(cx);
  if (command.condstore) enableCondstore(cx);
  const { store } = cx.services;
  const mailbox = await store.mailbox(accountOf(cx), command.mailbox);
  if (mailbox === undefined) return no("No such mailbox", "NONEXISTENT");
  const opened = await View.open(store, accountOf(cx), mailbox);
  if (!opened.ok) return failed(opened.failure);
  const view = opened.value;
  const readOnly = command.name === "EXAMINE";
  cx.session.selected = { name: mailbox.name, view, readOnly };
  const { info, modSeq } = view.mirror;
  writeFlagsLine(cx, info.keywords, readOnly);
  untagged(cx, `${view.count} EXISTS`);
  if (!cx.session.rev2) {
    untagged(cx, "0 RECENT");
    const unseen = view.firstUnseen;
    if (unseen > 0) untagged(cx, `OK [UNSEEN ${unseen}] First unseen message`);
  }
  untagged(cx, `OK [UIDVALIDITY ${info.uidValidity}] UIDs are valid`);
  untagged(cx, `OK [UIDNEXT ${info.uidNext}] Predicted next UID`);
  untagged(cx, `OK [HIGHESTMODSEQ ${modSeq}] Highest`);
  if (cx.session.rev2) writeListed(cx, "LIST", { name: mailbox.name, attributes: [], childInfo: false });
  return readOnly ? ok("EXAMINE completed", "READ-ONLY") : ok("SELECT completed", "READ-WRITE");
}
