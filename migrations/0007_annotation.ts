/** Annotations of messages (RFC 5257), and keys of URLs that carry their own authorization (RFC 4467). */
import { type Kysely, sql } from "kysely";

/** Applies the step; Kysely runs it in one transaction. */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of STATEMENTS) await sql.raw(statement).execute(db);
}

const STATEMENTS: readonly string[] = [
  `create table annotation (
    account_id int8 not null,
    mailbox_id int4 not null,
    uid int8 not null,
    entry text collate "C" not null,
    user_id int8 not null,
    modseq int8 not null,
    value bytea,
    folded text collate "C",
    primary key (account_id, mailbox_id, uid, entry, user_id)
  )`,
  `comment on column annotation.user_id is 'whose private value it is; 0: shared'`,
  `comment on column annotation.value is 'null: taken away at modseq, for sessions that are to be told'`,
  `comment on column annotation.folded is
    'case-folded (RFC 5051) value for SEARCH and SORT; null where it is no text'`,
  `create table url_key (
    account_id int8 not null,
    owner_id int8 not null,
    mailbox_id int4 not null,
    key bytea not null,
    primary key (account_id, owner_id, mailbox_id)
  )`,
  `comment on table url_key is 'mailbox access keys of a user: owner_id and mailbox_id name the mailbox'`,
  `create index url_key_mailbox on url_key (owner_id, mailbox_id)`,
  `alter table mailbox add key_resets int4 not null default 0`,
  `comment on column mailbox.key_resets is 'how often a url_key was replaced or taken away: sessions are told'`,
];
