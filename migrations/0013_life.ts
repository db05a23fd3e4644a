/** Locks of maildrops that die with the worker that holds them. */
import { type Kysely, sql } from "kysely";

/** Applies the step; Kysely runs it in one transaction. */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of STATEMENTS) await sql.raw(statement).execute(db);
}

const STATEMENTS: readonly string[] = [
  `alter table maildrop_lock add column life int4`,
  `comment on column maildrop_lock.life is
    'the advisory lock that the holder''s worker keeps while it lives; null: only expires_at counts'`,
];
