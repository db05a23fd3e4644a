import type { AccountId, MailboxId } from "../core/brands.ts";
import type { QuotaUse } from "../core/store.ts";
import type { StoreContext } from "./context.ts";
import { retrying } from "./failures.ts";
import { deletedOctets as deletedOctetsOf, quotaUse, quotaUseOf } from "./sql/account.ts";

/** MailStore.quota: an account's own use and limits; a domain's limit shows only when it refuses. */
export async function quota(context: StoreContext, account: AccountId): Promise<QuotaUse> {
  const rows = await retrying(() => context.door.query(quotaUse, account));
  return quotaUseOf(rows, context.limits.mailboxes);
}

/** MailStore.deletedOctets. */
export async function deletedOctets(
  context: StoreContext,
  account: AccountId,
  mailbox: MailboxId,
): Promise<number> {
  return (await retrying(() => context.door.query(deletedOctetsOf, account, mailbox))).int(0, 0);
}
