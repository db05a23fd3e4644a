/** Domains that are other names for domains. */
import { type Kysely, sql } from "kysely";

/** Applies the step; Kysely runs it in one transaction. */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of STATEMENTS) await sql.raw(statement).execute(db);
}

const STATEMENTS: readonly string[] = [
  `alter table domain add column alias_of text references domain (name)`,
  `comment on column domain.alias_of is
    'the domain that this one is another name for: each of its addresses is the other''s; null: none'`,
  `create index domain_alias on domain (alias_of) where alias_of is not null`,
];
