/** SELECT and EXAMINE (RFC 9051 §6.3.2, §6.3.3, RFC 7162 §3.2.5). */
import { Right } from "../../core/acl.ts";
import type { Command } from "../command.ts";
import { countLine, listLine, type ResponseCode } from "../encode/mod.ts";
import { condition } from "../reply.ts";
import type { Selected } from "../session.ts";
import { mailboxId } from "../object_id.ts";
import { reach } from "../reach.ts";
import { View } from "../view.ts";
import { accountOf, bad, type Completion, type Context, failed, ok, seekerOf } from "./context.ts";
import { enableCondstore } from "./enable.ts";
import { writeFlagsLines } from "./flags_line.ts";
import { leave } from "./close.ts";
import { working } from "./progress.ts";
import { resync } from "./resync.ts";

/** Rights of which one makes a mailbox READ-WRITE. */
const CHANGES = Right.Insert | Right.Expunge | Right.Seen | Right.Write | Right.DeleteMessages;

/** Leaves the selected mailbox in any case; a refusal leaves none selected. */
export async function select(
  cx: Context,
  command: Extract<Command, { readonly name: "SELECT" | "EXAMINE" }>,
): Promise<Completion> {
  if (command.resync !== undefined && !cx.session.qresync) return bad("ENABLE QRESYNC first");
  leave(cx);
  if (command.condstore) enableCondstore(cx);
  const found = await reach(seekerOf(cx), command.mailbox, Right.Read);
  if (!found.ok) return failed(found.failure);
  const { account, name, rights } = found.value;
  const opened = await working(cx, View.open(cx.services.store, account, found.value));
  if (!opened.ok) return failed(opened.failure);
  const view = opened.value;
  // RFC 4314 §5.2; all flags are shared.
  const readOnly = command.name === "EXAMINE" || (rights & CHANGES) === 0;
  cx.session.selected = { name, view, readOnly, rights, foreign: account !== accountOf(cx) };
  tellOpened(cx, cx.session.selected);
  if (command.resync !== undefined) await resync(cx, command.resync);
  return ok(`${command.name} completed`, { code: readOnly ? "READ-ONLY" : "READ-WRITE" });
}

/** The untagged answers that SELECT owes (RFC 9051 §6.3.2, RFC 3501 §6.3.1, RFC 7162 §3.1.2). */
function tellOpened(cx: Context, { name, view, readOnly }: Selected): void {
  const out = cx.out.gather;
  const { info, modSeq } = view.mirror;
  const tell = (text: string, code: ResponseCode) => condition(out, undefined, "OK", text, code);
  writeFlagsLines(cx, info.keywords, readOnly);
  countLine(out, view.count, "EXISTS");
  if (!cx.session.rev2) {
    countLine(out, 0, "RECENT");
    // RFC 9586 §3: it would tell a sequence number.
    const unseen = cx.session.uidOnly ? 0 : view.firstUnseen;
    if (unseen > 0) tell("First unseen message", { code: "UNSEEN", value: unseen });
  }
  tell("UIDs are valid", { code: "UIDVALIDITY", value: info.uidValidity });
  tell("Predicted next UID", { code: "UIDNEXT", value: info.uidNext });
  tell("Highest mod-sequence", { code: "HIGHESTMODSEQ", value: modSeq });
  tell("The mailbox's identifier", { code: "MAILBOXID", id: mailboxId(view.account, info.id) });
  if (cx.session.rev2) listLine(out, "LIST", { name, attributes: [] }, cx.session.mode);
}
