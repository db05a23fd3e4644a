/** XLIST, Gmail's LIST of before RFC 6154: old clients find Drafts and Sent by nothing else. */
import type { Command } from "../command.ts";
import { listLine, listSeparatorLine } from "../encode/mod.ts";
import { accountOf, type Completion, type Context, ok } from "./context.ts";
import { listed } from "./list_select.ts";

/** Gmail's own names beside those of RFC 6154. */
const ALSO: Readonly<Record<string, string>> = {
  "\\Junk": "\\Spam",
  "\\All": "\\AllMail",
  "\\Flagged": "\\Starred",
};

/** Names mailboxes with what each is for. */
export async function xlist(
  cx: Context,
  command: Extract<Command, { readonly name: "XLIST" }>,
): Promise<Completion> {
  if (command.pattern === "") {
    listSeparatorLine(cx.out.gather, "XLIST");
    return ok("XLIST completed");
  }
  const mailboxes = await cx.services.store.mailboxes(accountOf(cx));
  const { reference, pattern } = command;
  const all = { select: [], returns: [], reference, patterns: [pattern], extended: false };
  for (const each of listed(all, mailboxes, [])) {
    const also = ALSO[each.mailbox?.specialUse ?? ""];
    const attributes = [...each.attributes];
    if (also !== undefined) attributes.push(also);
    if (each.name === "INBOX") attributes.push("\\Inbox");
    listLine(cx.out.gather, "XLIST", { ...each, attributes }, cx.session.mode);
    await cx.out.breathe();
  }
  return ok("XLIST completed");
}
