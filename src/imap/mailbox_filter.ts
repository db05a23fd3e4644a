/** Which mailboxes a filter means (RFC 5465 §6, RFC 7377 §2.2). */
import { type MailboxInfo, SEPARATOR } from "../core/store.ts";
import type { MailboxFilter } from "./command.ts";

/** True when a filter means a mailbox, which need not exist. `selected` and `selected-delayed` mean none. */
export function means(filter: MailboxFilter, name: string, subscribed: boolean): boolean {
  switch (filter.kind) {
    case "selected":
    case "selected-delayed":
      return false;
    // RFC 5465 §6.3: a rule may deliver into any of them, so they are the personal ones.
    case "inboxes":
    case "personal":
      return true;
    case "subscribed":
      return subscribed;
    case "mailboxes":
      return filter.names.includes(name);
    case "subtree":
      return filter.names.some((root) => name === root || name.startsWith(root + SEPARATOR));
    case "subtree-one":
      return filter.names.some((root) => name === root || isChild(root, name));
    default:
      return filter satisfies never;
  }
}

function isChild(root: string, name: string): boolean {
  return name.startsWith(root + SEPARATOR) && !name.includes(SEPARATOR, root.length + 1);
}

/** The mailboxes that any of the filters means, each once, in the order in which they stand. */
export function meant(
  filters: readonly MailboxFilter[],
  mailboxes: readonly MailboxInfo[],
): readonly MailboxInfo[] {
  return mailboxes.filter(({ name, subscribed }) =>
    filters.some((filter) => means(filter, name, subscribed))
  );
}
