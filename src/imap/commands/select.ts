/** SELECT and EXAMINE (RFC 9051 §6.3.2, §6.3.3, RFC 7162 §3.2.5). */
import type { Command } from "../command.ts";
import { countLine, listLine, type ResponseCode } from "../encode/mod.ts";
import { condition } from "../reply.ts";
import type { Selected } from "../session.ts";
import { mailboxId } from "../object_id.ts";
import { View } from "../view.ts";
import { accountOf, bad, type Completion, type Context, failed, no, ok } from "./context.ts";
import { enableCondstore } from "./enable.ts";
import { writeFlagsLines } from "./flags_line.ts";
import { leave } from "./close.ts";
import { working } from "./progress.ts";
import { resync } from "./resync.ts";
import { tellMechanisms } from "./url_auth.ts";

/** Leaves the selected mailbox in any case; a refusal leaves none selected. */
export async function select(
  cx: Context,
  command: Extract<Command, { readonly name: "SELECT" | "EXAMINE" }>,
): Promise<Completion> {
  if (command.resync !== undefined && !cx.session.qresync) return bad("ENABLE QRESYNC first");
  leave(cx);
  if (command.condstore) enableCondstore(cx);
  const { store } = cx.services;
  const mailbox = await store.mailbox(accountOf(cx), command.mailbox);
  if (mailbox === undefined) return no("No such mailbox", { code: "NONEXISTENT" });
  const opened = await working(cx, View.open(store, accountOf(cx), mailbox));
  if (!opened.ok) return failed(opened.failure);
  const view = opened.value;
  const readOnly = command.name === "EXAMINE";
  const annotations = command.annotate ? { told: view.mirror.modSeq } : undefined;
  cx.session.selected = { name: mailbox.name, view, readOnly, annotations };
  tellOpened(cx, cx.session.selected);
  if (command.resync !== undefined) await resync(cx, command.resync);
  return readOnly
    ? ok("EXAMINE completed", { code: "READ-ONLY" })
    : ok("SELECT completed", { code: "READ-WRITE" });
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
  tell("The mailbox's identifier", { code: "MAILBOXID", id: mailboxId(accountOf(cx), info.id) });
  // RFC 5257 §4.1, §3.4.
  const most = readOnly ? undefined : cx.services.limits.afterLogin.metadata;
  tell("Annotations of messages", { code: "ANNOTATIONS", most });
  tellMechanisms(cx);
  if (cx.session.rev2) listLine(out, "LIST", { name, attributes: [] }, cx.session.mode);
}
