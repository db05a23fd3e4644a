/** Which mailboxes a filter means (RFC 5465 §6, RFC 7377 §2.2). */
import { type MailboxInfo, SEPARATOR } from "../core/store.ts";
import { isForeign } from "./namespace.ts";
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
      return !isForeign(name);
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

/** True when a filter may mean mailboxes of others. */
export function mayMeanForeign(filter: MailboxFilter): boolean {
  return filter.kind === "subscribed" || "names" in filter && filter.names.some(isForeign);
}

/** The mailboxes that any of the filters means, each once, in the order in which they stand. */
export function meant<M extends MailboxInfo>(
  filters: readonly MailboxFilter[],
  mailboxes: readonly M[],
): readonly M[] {
  return mailboxes.filter(({ name, subscribed }) =>
    filters.some((filter) => means(filter, name, subscribed))
  );
}
