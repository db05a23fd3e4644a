/** What SORT and THREAD compare (RFC 5256), read from headers once. */
import { type Kysely, sql } from "kysely";

/** Applies the step; Kysely runs it in one transaction. */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of STATEMENTS) await sql.raw(statement).execute(db);
}

const STATEMENTS: readonly string[] = [
  `create table message_sort (
    account_id int8 not null,
    message_id int8 not null,
    sender text collate "C" not null,
    recipient text collate "C" not null,
    copied text collate "C" not null,
    display_sender text collate "C" not null,
    display_recipient text collate "C" not null,
    subject text collate "C" not null,
    is_reply boolean not null,
    sent_at timestamptz,
    ids text not null,
    primary key (account_id, message_id)
  )`,
  `comment on table message_sort is 'case-folded (RFC 5051) keys of SORT and THREAD; derived, may be rebuilt'`,
  `comment on column message_sort.subject is 'base subject (RFC 5256 §2.1)'`,
  `comment on column message_sort.sent_at is 'the Date field; null where the internal date stands in'`,
  `comment on column message_sort.ids is
    'Message-ID (- without one) and references, oldest first, spaces between them'`,

  `alter table account_state add column sorted_message_id int8 not null default 0`,
  `comment on column account_state.sorted_message_id is
    'the keys of every message up to this one are in message_sort'`,
];
