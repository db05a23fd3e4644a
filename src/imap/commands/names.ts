/** Mailbox names in answers (RFC 9051 §5.1, §7.3.1). */
import { SEPARATOR } from "../../core/store.ts";
import { mailbox } from "../encode/mod.ts";
import type { Context } from "./context.ts";
import type { Listed } from "./list_select.ts";

/** `* LIST (attributes) "/" name`. */
export function writeListed(
  cx: Context,
  word: "LIST" | "LSUB",
  each: Pick<Listed, "name" | "attributes" | "childInfo">,
): void {
  const out = cx.out.gather;
  out.text(`* ${word} (${each.attributes.join(" ")}) "${SEPARATOR}" `);
  writeMailbox(cx, each.name);
  out.text(each.childInfo ? ' ("CHILDINFO" ("SUBSCRIBED"))\r\n' : "\r\n");
}

/** A mailbox name, in the session's form. */
export function writeMailbox(cx: Context, name: string): void {
  mailbox(cx.out.gather, name, cx.session.utf8Names);
}
