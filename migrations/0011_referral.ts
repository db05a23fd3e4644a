/** Accounts and mailboxes that are on other servers (RFC 2193, RFC 2221). */
import { type Kysely, sql } from "kysely";

/** Applies the step; Kysely runs it in one transaction. */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of STATEMENTS) await sql.raw(statement).execute(db);
}

const STATEMENTS: readonly string[] = [
  `create table referral (
    account_id int8 not null,
    mailbox text collate "C" not null,
    server text not null,
    remote_mailbox text not null,
    primary key (account_id, mailbox)
  )`,
  `comment on table referral is 'where else an account''s mail is: IMAP clients are sent there'`,
  `comment on column referral.mailbox is
    'the name of a mailbox, which stands for what is below it, too; empty: all of the account'`,
  `comment on column referral.server is 'host or host:port'`,
  `comment on column referral.remote_mailbox is 'its name there'`,
];
