/** What the role that serves mail may do: rows of our tables, and nothing else. */
import { sql } from "kysely";
import type { Database } from "./database.ts";

/** What it may do with a table. Not TRUNCATE, REFERENCES or TRIGGER. */
const RIGHTS = ["select", "insert", "update", "delete"] as const;

/** Our tables and views in the schema we are in; those that the migrations are recorded in are the owner's alone. */
const OURS =
  sql`pg_class c where c.relnamespace = current_schema()::regnamespace and c.relkind in ('r', 'p', 'v')
  and c.relname not like 'kysely\\_%'`;

/** A view for administrators: it reads as its owner, past the fence (`fence.ts`), and nothing that serves needs it. */
const PAST_THE_FENCE = "mail_messages";

/**
 * Gives a role its rights on tables that it lacks them on; `owner`: as whom the schema was made. Nothing is
 * written where nothing is missing, so that nodes which start at once do not meet.
 */
export async function grantServing(owner: Database, role: string): Promise<void> {
  const missing = sql.join(
    RIGHTS.map((right) => sql`not has_table_privilege(${role}, c.oid, ${right})`),
    sql` or `,
  );
  const viewWrong = sql`not has_table_privilege(${role}, c.oid, 'select')
    or has_table_privilege(${role}, c.oid, 'insert, update, delete')`;
  const { rows } = await sql`
    select from ${OURS} and case when c.relname = ${PAST_THE_FENCE}
                                 then has_table_privilege(${role}, c.oid, 'select')
                                 when c.relkind = 'v' then ${viewWrong} else ${missing} end
     limit 1`.execute(owner);
  if (rows.length === 0) return;
  await owner.transaction().execute(async (trx) => {
    await sql`select pg_advisory_xact_lock(hashtext('malleposte grants'))`.execute(trx);
    const { rows: [place] } = await sql<{ schema: string }>`select current_schema() as schema`.execute(trx);
    const [schema, name] = [sql.id(place!.schema), sql.id(role)];
    await sql`grant usage on schema ${schema} to ${name}`.execute(trx);
    await sql`grant usage on all sequences in schema ${schema} to ${name}`.execute(trx);
    const { rows: tables } = await sql<{ name: string; view: boolean }>`
      select c.relname as name, c.relkind = 'v' as view from ${OURS}`.execute(trx);
    for (const table of tables) {
      const on = sql.id(place!.schema, table.name);
      // What is written to a view is written with its owner's rights, past the fence: views are read only.
      if (table.view) await sql`revoke all on ${on} from ${name}`.execute(trx);
      if (table.name === PAST_THE_FENCE) continue;
      const rights = table.view ? "select" : RIGHTS.join(", ");
      await sql`grant ${sql.raw(rights)} on ${on} to ${name}`.execute(trx);
    }
  });
}

/** True when no fence holds the role that a door belongs to: it made the schema, may add to it, or sees past policies. */
export async function isUnbound(database: Database): Promise<boolean> {
  const { rows } = await sql<{ unbound: boolean }>`
    select rolsuper or rolbypassrls or has_schema_privilege(current_schema(), 'create')
        or exists (select from ${OURS} and pg_has_role(c.relowner, 'usage')) as unbound
      from pg_roles where rolname = current_user`.execute(database);
  return rows[0]?.unbound ?? true;
}
