/** What the whole installation holds, for `mail status`. */
import { sql } from "kysely";
import { type Database, serverVersion } from "./database.ts";

/** Counts over all accounts. */
export interface Totals {
  /** PostgreSQL's version, e.g. `18.4`. */
  readonly postgres: string;
  readonly domains: number;
  readonly accounts: number;
  readonly messages: number;
  /** Octets of all messages, one that stands in several mailboxes counted in each. */
  readonly octets: number;
  /** Octets of the database on disk. */
  readonly databaseOctets: number;
}

/** Counts; takes as long as there are accounts. */
export async function totals(db: Database): Promise<Totals> {
  const { rows } = await sql<Omit<Totals, "postgres">>`
    select (select count(*) from domain) as domains,
           (select count(*) from account) as accounts,
           (select coalesce(sum(used_messages), 0)::int8 from account_state) as messages,
           (select coalesce(sum(used_octets), 0)::int8 from account_state) as octets,
           pg_database_size(current_database()) as "databaseOctets"`.execute(db);
  const version = await serverVersion(db);
  return { ...rows[0]!, postgres: `${version / 10_000 | 0}.${version % 10_000}` };
}
