/** Administration of the directory. Refusals are one sentence that says what to do. */
import { AccountAdmin } from "./admin_accounts.ts";
import { AliasAdmin } from "./admin_aliases.ts";
import { AppPasswordAdmin } from "./admin_app_passwords.ts";
import type { AdminOptions } from "./admin_common.ts";
import { DkimAdmin } from "./admin_dkim.ts";
import { FilterAdmin } from "./admin_filters.ts";
import { DomainAdmin } from "./admin_domains.ts";
import { ReferralAdmin } from "./admin_referrals.ts";
import { SharedAdmin } from "./admin_shared.ts";

export type { AccountListRow, WithPassword } from "./admin_accounts.ts";
export type { AliasRow } from "./admin_aliases.ts";
export type { AppPasswordRow } from "./admin_app_passwords.ts";
export type { AdminOptions, FoundAccount, Quota } from "./admin_common.ts";
export type { DkimRow } from "./admin_dkim.ts";
export type { FilterRow } from "./admin_filters.ts";
export type { ReferralRow } from "./admin_referrals.ts";
export type { DomainRow } from "./admin_domains.ts";

/** What administrators do, by what they do it to. */
export interface Admin {
  readonly domains: DomainAdmin;
  readonly accounts: AccountAdmin;
  readonly aliases: AliasAdmin;
  readonly appPasswords: AppPasswordAdmin;
  readonly dkim: DkimAdmin;
  readonly filters: FilterAdmin;
  readonly referrals: ReferralAdmin;
  readonly shared: SharedAdmin;
}

/** Sets up administration on a database. */
export function createAdmin(options: AdminOptions): Admin {
  return {
    domains: new DomainAdmin(options),
    accounts: new AccountAdmin(options),
    aliases: new AliasAdmin(options),
    appPasswords: new AppPasswordAdmin(options),
    dkim: new DkimAdmin(options),
    filters: new FilterAdmin(options),
    referrals: new ReferralAdmin(options),
    shared: new SharedAdmin(options),
  };
}
