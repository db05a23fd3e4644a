/** Messages whose entries went many at a time: the sweep takes them away. */
import { type Kysely, sql } from "kysely";

/** Applies the step; Kysely runs it in one transaction. */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of STATEMENTS) await sql.raw(statement).execute(db);
}

/** The policy of 0014_fence.ts. */
const NAMED = `(account_id = any ((select named_accounts())::int8[])) is not false`;

const STATEMENTS: readonly string[] = [
  `create table message_garbage (
    account_id int8 not null,
    modseq int8 not null,
    message_ids int8[] not null,
    primary key (account_id, modseq)
  )`,
  `comment on table message_garbage is
    'messages that lost entries at this modseq; those that have none left wait for the sweep'`,
  // Packing the numbers would cost more than writing them.
  `alter table message_garbage alter column message_ids set storage external`,
  `alter table message_garbage enable row level security`,
  `create policy named on message_garbage using (${NAMED})`,
];
