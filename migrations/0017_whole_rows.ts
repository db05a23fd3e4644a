/**
 * Octets that fit into half a page stay in their row, where they were cut into pieces of 2 KB in a table of their own.
 * Texts are not packed: to unpack them was most of a search, to pack them half of what a text cost. Long ones stay beside
 * their rows, so that a search of headers does not walk past them.
 */
import { type Kysely, sql } from "kysely";

/** Applies the step; Kysely runs it in one transaction. What was written before stays as it is. */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of STATEMENTS) await sql.raw(statement).execute(db);
}

const STATEMENTS: readonly string[] = [
  `alter table message_text alter column header set storage external, alter column body set storage external`,
  // Two rows a page. A little more than half a page would leave the rest of it empty.
  `alter table blob_chunk set (toast_tuple_target = 4080)`,
];
