/** What an account's mail is read in where it does not say. */
import { type Kysely, sql } from "kysely";

/** Applies the step; Kysely runs it in one transaction. */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of STATEMENTS) await sql.raw(statement).execute(db);
}

const STATEMENTS: readonly string[] = [
  `alter table account_state add column charset text collate "C"`,
  `comment on column account_state.charset is
    'of 8-bit text that declares none and is no UTF-8; null: store.charset'`,
];
