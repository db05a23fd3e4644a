/** Which mailboxes are meant: RFC 5465 §8, RFC 7377 §4. */
import type { MailboxFilter } from "../command.ts";
import type { Cursor } from "./cursor.ts";
import { mailbox } from "./mailbox.ts";

/**
 * filter-mailboxes = "selected" / "selected-delayed" / "inboxes" / "personal" / "subscribed" /
 *                    ("subtree" / "subtree-one" / "mailboxes") SP one-or-more-mailbox
 */
export function filterMailboxes(c: Cursor): MailboxFilter | undefined {
  const word = c.word();
  switch (word) {
    case "SELECTED":
      return { kind: "selected" };
    case "SELECTED-DELAYED":
      return { kind: "selected-delayed" };
    case "INBOXES":
      return { kind: "inboxes" };
    case "PERSONAL":
      return { kind: "personal" };
    case "SUBSCRIBED":
      return { kind: "subscribed" };
    case "SUBTREE":
      return named(c, "subtree");
    case "SUBTREE-ONE":
      return named(c, "subtree-one");
    case "MAILBOXES":
      return named(c, "mailboxes");
    default:
      return c.fail("mailbox filter", "No such choice of mailboxes");
  }
}

function named(c: Cursor, kind: "subtree" | "subtree-one" | "mailboxes"): MailboxFilter | undefined {
  const names = c.sp() ? oneOrMoreMailbox(c) : undefined;
  return names === undefined ? undefined : { kind, names };
}

/** one-or-more-mailbox = mailbox / "(" mailbox *(SP mailbox) ")" */
function oneOrMoreMailbox(c: Cursor): readonly string[] | undefined {
  if (!c.take(0x28)) {
    const only = mailbox(c);
    return only === undefined ? undefined : [only];
  }
  const names: string[] = [];
  do {
    const name = mailbox(c);
    if (name === undefined) return undefined;
    names.push(name);
  } while (c.take(0x20));
  return c.expect(0x29) ? names : undefined;
}
