/** STATUS (RFC 9051 §6.3.11, RFC 7162 §3.1.2.1, RFC 7889, RFC 8438). */
import { Right } from "../../core/acl.ts";
import type { Command, StatusItem } from "../command.ts";
import { statusLine } from "../encode/mod.ts";
import { mailboxId } from "../object_id.ts";
import { reach, type Reached } from "../reach.ts";
import { type Completion, type Context, failed, ok, seekerOf } from "./context.ts";
import { enableCondstore } from "./enable.ts";

/** Answers from the mailbox's counters. */
export async function status(
  cx: Context,
  command: Extract<Command, { readonly name: "STATUS" }>,
): Promise<Completion> {
  const found = await reach(seekerOf(cx), command.mailbox, Right.Read);
  if (!found.ok) return failed(found.failure);
  await writeStatus(cx, found.value, command.items);
  if (command.items.includes("HIGHESTMODSEQ")) enableCondstore(cx);
  return ok("STATUS completed");
}

/** `* STATUS mailbox (…)`. */
export async function writeStatus(
  cx: Context,
  mailbox: Reached,
  items: readonly StatusItem[],
): Promise<void> {
  const deleted = items.includes("DELETED-STORAGE") ? await deletedOctets(cx, mailbox) : 0;
  const values = items.map((item) =>
    [item, item === "DELETED-STORAGE" ? deleted : valueOf(cx, mailbox, item)] as const
  );
  statusLine(cx.out.gather, mailbox.name, values, cx.session.mode);
}

/** RFC 9208 §4.1.4; the one item that the mailbox's counters do not have. */
async function deletedOctets(cx: Context, mailbox: Reached): Promise<number> {
  return mailbox.deleted === 0 ? 0 : await cx.services.store.deletedOctets(mailbox.account, mailbox.id);
}

function valueOf(
  cx: Context,
  mailbox: Reached,
  item: Exclude<StatusItem, "DELETED-STORAGE">,
): number | string {
  switch (item) {
    case "MESSAGES":
      return mailbox.messages;
    case "UIDNEXT":
      return mailbox.uidNext;
    case "UIDVALIDITY":
      return mailbox.uidValidity;
    case "UNSEEN":
      return mailbox.unseen;
    case "DELETED":
      return mailbox.deleted;
    case "SIZE":
      return mailbox.octets;
    case "RECENT":
      return 0;
    case "HIGHESTMODSEQ":
      return mailbox.highestModSeq;
    case "APPENDLIMIT":
      return cx.services.limits.afterLogin.append;
    case "MAILBOXID":
      return mailboxId(mailbox.account, mailbox.id);
    default:
      return item satisfies never;
  }
}
