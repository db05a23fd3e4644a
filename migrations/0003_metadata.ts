/** Annotations of mailboxes and of the server (RFC 5464). */
import { type Kysely, sql } from "kysely";

/** Applies the step; Kysely runs it in one transaction. */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of STATEMENTS) await sql.raw(statement).execute(db);
}

const STATEMENTS: readonly string[] = [
  `create table metadata (
    account_id int8 not null,
    mailbox_id int4 not null,
    entry text collate "C" not null,
    value bytea not null,
    primary key (account_id, mailbox_id, entry)
  )`,
  `comment on column metadata.mailbox_id is '0: the account''s own annotations of the server'`,
  `comment on column metadata.entry is 'in small letters, from /private or /shared on'`,
];
