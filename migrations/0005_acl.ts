/** Access control lists of mailboxes (RFC 4314). */
import { type Kysely, sql } from "kysely";

/** Applies the step; Kysely runs it in one transaction. */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of STATEMENTS) await sql.raw(statement).execute(db);
}

const STATEMENTS: readonly string[] = [
  `create table acl (
    account_id int8 not null,
    mailbox_id int4 not null,
    identifier text collate "C" not null,
    rights text not null check (rights ~ '^[lrswipkxtena]+$'),
    primary key (account_id, mailbox_id, identifier)
  )`,
  `comment on table acl is 'what others than the owner may do in a mailbox; the owner may do everything'`,
  `comment on column acl.identifier is
    'an account''s address, or @domain for every account of it; behind a "-" the rights are taken away'`,
  // What LIST asks: where does this account have rights.
  `create index acl_identifier on acl (identifier)`,
];
