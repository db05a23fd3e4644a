/** What serves SEARCH in large mailboxes: trigrams of the text that it looks at. */
import { type Kysely, sql } from "kysely";

/** Applies the step; Kysely runs it in one transaction. */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of STATEMENTS) await sql.raw(statement).execute(db);
}

const STATEMENTS: readonly string[] = [
  // Both extensions come with PostgreSQL and may be made by the database's owner. Where they are not installed,
  // SEARCH reads all of the account's text, as it does for texts that have no three ASCII letters in a row.
  `do $$ begin
    create extension if not exists pg_trgm;
    create extension if not exists btree_gin;
    create index message_text_header on message_text using gin (account_id, header gin_trgm_ops);
    create index message_text_body on message_text using gin (account_id, body gin_trgm_ops);
  exception when others then
    raise notice 'no index for SEARCH: %', sqlerrm;
  end $$`,
];
