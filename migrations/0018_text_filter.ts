/** What spares a search most of the texts that have no trigrams: a filter of what they may hold. */
import { type Kysely, sql } from "kysely";

/** Applies the step; Kysely runs it in one transaction. What was extracted before has no filter and is read. */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of STATEMENTS) await sql.raw(statement).execute(db);
}

/** The policy of 0014_fence.ts. */
const NAMED = `(account_id = any ((select named_accounts())::int8[])) is not false`;

const STATEMENTS: readonly string[] = [
  `alter table message_text add column body_filter bytea`,
  // Beside the header, never packed: to be read where the text itself is not.
  `alter table message_text alter column body_filter set storage plain`,
  `comment on column message_text.body_filter is
    'Bloom filter of the trigrams of body (src/store/text_filter.ts); null: none'`,
  // A view has the columns of the day it was made.
  `create or replace view searched_text as select * from message_text where ${NAMED} with check option`,
];
