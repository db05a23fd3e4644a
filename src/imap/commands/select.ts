/** SELECT and EXAMINE (RFC 9051 §6.3.2, §6.3.3, RFC 7162 §3.2.5). */
import type { ModSeq } from "../../core/brands.ts";
import type { MailboxInfo } from "../../core/store.ts";
import { Right } from "../../core/acl.ts";
import type { Command } from "../command.ts";
import { countLine, listLine, type ResponseCode } from "../encode/mod.ts";
import { condition } from "../reply.ts";
import { Selected } from "../selected.ts";
import { mailboxId } from "../object_id.ts";
import { reach, type Reached } from "../reach.ts";
import { View } from "../view.ts";
import { accountOf, bad, type Completion, type Context, failed, ok, seekerOf } from "./context.ts";
import { enableCondstore } from "./enable.ts";
import { writeFlagsLines } from "./flags_line.ts";
import { leave } from "./close.ts";
import { working } from "./progress.ts";
import { resync } from "./resync.ts";
import { tellMechanisms } from "./url_auth.ts";

/** What SELECT tells of a mailbox. */
type Told = MailboxInfo & Pick<Reached, "account">;

type Select = Extract<Command, { readonly name: "SELECT" | "EXAMINE" }>;
/** Rights of which one makes a mailbox READ-WRITE. */
const CHANGES = Right.Insert | Right.Expunge | Right.Seen | Right.Write | Right.DeleteMessages;

/** Leaves the selected mailbox in any case; a refusal leaves none selected. */
export async function select(
  cx: Context,
  command: Select,
): Promise<Completion> {
  if (command.resync !== undefined && !cx.session.qresync) return bad("ENABLE QRESYNC first");
  leave(cx);
  if (command.condstore) enableCondstore(cx);
  const found = await reach(seekerOf(cx), command.mailbox, Right.Read);
  if (!found.ok) return failed(found.failure);
  const mailbox = found.value;
  const { account, name, rights } = mailbox;
  const { store } = cx.services;
  const examined = command.name === "EXAMINE";
  // RFC 4314 §5.2; all flags are shared.
  const readOnly = examined || (rights & CHANGES) === 0;
  const facts = { name, readOnly, rights, foreign: account !== accountOf(cx), examined };
  const annotationsFrom = (told: number) => command.annotate ? { told } : undefined;
  if (isLater(cx, command, mailbox)) {
    const annotations = annotationsFrom(mailbox.highestModSeq);
    const selected = new Selected({ ...facts, annotations }, () => View.openAs(store, account, mailbox));
    cx.session.selected = selected;
    tellOpened(cx, selected, mailbox, 0);
    // The first command that needs it waits for it, and says what went wrong.
    selected.ready().catch(() => {});
  } else {
    const opened = await working(cx, View.open(store, account, mailbox));
    if (!opened.ok) return failed(opened.failure);
    const view = opened.value;
    const { info, modSeq } = view.mirror;
    cx.session.selected = new Selected({ ...facts, annotations: annotationsFrom(modSeq) }, view);
    const told = { ...info, account, messages: view.count, highestModSeq: modSeq as ModSeq };
    tellOpened(cx, cx.session.selected, told, view.firstUnseen);
  }
  if (command.resync !== undefined) await resync(cx, command.resync);
  return ok(`${command.name} completed`, { code: readOnly ? "READ-ONLY" : "READ-WRITE" });
}

/**
 * True when SELECT is answered from the mailbox's counters and its messages are read behind its back: of a large
 * mailbox, unless more than the counters must be told.
 */
function isLater(cx: Context, command: Select, { messages }: Told): boolean {
  return messages > cx.services.limits.selectAtOnce && command.resync === undefined &&
    cx.session.notify === undefined;
}

/** The untagged answers that SELECT owes (RFC 9051 §6.3.2, RFC 3501 §6.3.1, RFC 7162 §3.1.2). */
function tellOpened(
  cx: Context,
  { name, readOnly, examined }: Selected,
  info: Told,
  firstUnseen: number,
): void {
  const out = cx.out.gather;
  const tell = (text: string, code: ResponseCode) => condition(out, undefined, "OK", text, code);
  writeFlagsLines(cx, info.keywords, readOnly);
  countLine(out, info.messages, "EXISTS");
  if (!cx.session.rev2) {
    countLine(out, 0, "RECENT");
    // RFC 9586 §3: it would tell a sequence number.
    const unseen = cx.session.uidOnly ? 0 : firstUnseen;
    if (unseen > 0) tell("First unseen message", { code: "UNSEEN", value: unseen });
  }
  tell("UIDs are valid", { code: "UIDVALIDITY", value: info.uidValidity });
  tell("Predicted next UID", { code: "UIDNEXT", value: info.uidNext });
  tell("Highest mod-sequence", { code: "HIGHESTMODSEQ", value: info.highestModSeq });
  tell("The mailbox's identifier", { code: "MAILBOXID", id: mailboxId(info.account, info.id) });
  // RFC 5257 §4.1; with the right to read, private values may be written (§3.4).
  const most = examined ? undefined : cx.services.limits.afterLogin.metadata;
  tell("Annotations of messages", { code: "ANNOTATIONS", most });
  tellMechanisms(cx);
  if (cx.session.rev2) listLine(out, "LIST", { name, attributes: [] }, cx.session.mode);
}
