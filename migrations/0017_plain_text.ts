/** Text for SEARCH is kept as it is, beside its row where it fits: to unpack it was most of a search, to pack it most of a text's cost. */
import { type Kysely, sql } from "kysely";

/** Applies the step; Kysely runs it in one transaction. What was packed before stays so. */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of STATEMENTS) await sql.raw(statement).execute(db);
}

const STATEMENTS: readonly string[] = [
  `alter table message_text alter column header set storage external, alter column body set storage external`,
  // Two rows a page.
  `alter table message_text set (toast_tuple_target = 4080)`,
];
