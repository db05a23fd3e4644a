/** What serves SEARCH in large mailboxes: trigrams of the text that it looks at. */
import { type Kysely, sql } from "kysely";

/** Applies the step; Kysely runs it in one transaction. */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of STATEMENTS) await sql.raw(statement).execute(db);
}

const STATEMENTS: readonly string[] = [
  // Trigrams of a message cost PostgreSQL twenty times what all else about its text costs: they are made for large
  // accounts only. What an account had before is read, which takes no longer than it did.
  `alter table message_text add column grams boolean not null default false`,
  `comment on column message_text.grams is 'the trigram indexes have this message'`,
  `create index message_text_rest on message_text (account_id) where not grams`,
  // Both extensions come with PostgreSQL and may be made by the database's owner. Where they are not installed,
  // SEARCH reads all of the account's text, as it does for texts that have no three ASCII letters in a row.
  `do $$ begin
    create extension if not exists pg_trgm;
    create extension if not exists btree_gin;
    create index message_text_header on message_text using gin (account_id, header gin_trgm_ops) where grams;
    create index message_text_body on message_text using gin (account_id, body gin_trgm_ops) where grams;
  exception when others then
    raise notice 'no index for SEARCH: %', sqlerrm;
  end $$`,
];
