/** SELECT and EXAMINE (RFC 9051 §6.3.2, §6.3.3, RFC 7162 §3.2.5). */
import type { ModSeq } from "../../core/brands.ts";
import type { MailboxInfo } from "../../core/store.ts";
import type { Command } from "../command.ts";
import { countLine, listLine, type ResponseCode } from "../encode/mod.ts";
import { condition } from "../reply.ts";
import { Selected } from "../selected.ts";
import { mailboxId } from "../object_id.ts";
import { View } from "../view.ts";
import { accountOf, bad, type Completion, type Context, failed, no, ok } from "./context.ts";
import { enableCondstore } from "./enable.ts";
import { writeFlagsLines } from "./flags_line.ts";
import { leave } from "./close.ts";
import { working } from "./progress.ts";
import { resync } from "./resync.ts";

type Select = Extract<Command, { readonly name: "SELECT" | "EXAMINE" }>;

/** Leaves the selected mailbox in any case; a refusal leaves none selected. */
export async function select(
  cx: Context,
  command: Select,
): Promise<Completion> {
  if (command.resync !== undefined && !cx.session.qresync) return bad("ENABLE QRESYNC first");
  leave(cx);
  if (command.condstore) enableCondstore(cx);
  const { store } = cx.services;
  const mailbox = await store.mailbox(accountOf(cx), command.mailbox);
  if (mailbox === undefined) return no("No such mailbox", { code: "NONEXISTENT" });
  const readOnly = command.name === "EXAMINE";
  if (isLater(cx, command, mailbox)) {
    const selected = new Selected(
      mailbox.name,
      readOnly,
      () => View.openAs(store, accountOf(cx), mailbox),
    );
    cx.session.selected = selected;
    tellOpened(cx, selected, mailbox, 0);
    // The first command that needs it waits for it, and says what went wrong.
    selected.ready().catch(() => {});
  } else {
    const opened = await working(cx, View.open(store, accountOf(cx), mailbox));
    if (!opened.ok) return failed(opened.failure);
    const view = opened.value;
    cx.session.selected = new Selected(mailbox.name, readOnly, view);
    const { info, modSeq } = view.mirror;
    const told = { ...info, messages: view.count, highestModSeq: modSeq as ModSeq };
    tellOpened(cx, cx.session.selected, told, view.firstUnseen);
  }
  if (command.resync !== undefined) await resync(cx, command.resync);
  return readOnly
    ? ok("EXAMINE completed", { code: "READ-ONLY" })
    : ok("SELECT completed", { code: "READ-WRITE" });
}

/**
 * True when SELECT is answered from the mailbox's counters and its messages are read behind its back: of a large
 * mailbox, unless more than the counters must be told.
 */
function isLater(cx: Context, command: Select, { messages }: MailboxInfo): boolean {
  return messages > cx.services.limits.selectAtOnce && command.resync === undefined &&
    cx.session.notify === undefined;
}

/** The untagged answers that SELECT owes (RFC 9051 §6.3.2, RFC 3501 §6.3.1, RFC 7162 §3.1.2). */
function tellOpened(
  cx: Context,
  { name, readOnly }: Selected,
  info: MailboxInfo,
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
  tell("The mailbox's identifier", { code: "MAILBOXID", id: mailboxId(accountOf(cx), info.id) });
  if (cx.session.rev2) listLine(out, "LIST", { name, attributes: [] }, cx.session.mode);
}
