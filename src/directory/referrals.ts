/** What of an account is on other servers, by the hot path's door: every login asks. */
import type { AccountId } from "../core/brands.ts";
import type { Referrals, RemoteMailbox, Whereabouts } from "../core/referral.ts";
import { statement } from "../store/pg/door.ts";
import { withDatabase } from "./failures.ts";
import type { Asking } from "./lookup.ts";

const referralsOf = statement(
  "referrals_of",
  ["int8"],
  `select mailbox, server, remote_mailbox from referral where account_id = $1 order by mailbox`,
);

/** The one implementation of core's Referrals. */
export class DirectoryReferrals implements Referrals {
  constructor(private readonly door: Asking) {}

  async of(account: AccountId): Promise<Whereabouts> {
    const rows = await withDatabase(() => this.door.query(referralsOf, account));
    let server: string | undefined;
    const mailboxes: RemoteMailbox[] = [];
    for (let row = 0; row < rows.count; row++) {
      const name = rows.text(row, 0);
      if (name === "") server = rows.text(row, 1);
      else mailboxes.push({ name, server: rows.text(row, 1), remoteName: rows.text(row, 2) });
    }
    return { server, mailboxes };
  }
}
