import type { AccountId } from "../core/brands.ts";
import type { QuotaUse } from "../core/store.ts";
import type { StoreContext } from "./context.ts";
import { retrying } from "./failures.ts";
import { quotaUse, quotaUseOf } from "./sql/account.ts";

/** MailStore.quota: an account's own use and limits; a domain's limit shows only when it refuses. */
export async function quota(context: StoreContext, account: AccountId): Promise<QuotaUse> {
  return quotaUseOf(await retrying(() => context.door.query(quotaUse, account)));
}
