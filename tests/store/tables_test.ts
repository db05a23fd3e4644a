import { assertEquals } from "@std/assert";
import { sql } from "kysely";
import { bench } from "./support.ts";

/** Column types of PostgreSQL as `tables.ts` writes them. */
const TYPES: Readonly<Record<string, string>> = {
  int2: "number",
  int4: "number",
  int8: "number",
  bool: "boolean",
  text: "string",
  uuid: "string",
  date: "string",
  bit: "string",
  bytea: "Uint8Array",
  timestamptz: "Date",
  _text: "string[]",
  _int4: "number[]",
  _int8: "number[]",
  jsonb: "unknown",
};

Deno.test("tables.ts says what the database has", async () => {
  await using t = await bench();
  const { rows } = await sql<{ table: string; column: string; type: string; nullable: boolean }>`
    select c.table_name as table, c.column_name as column, c.udt_name as type, c.is_nullable = 'YES' as nullable
      from information_schema.columns c join information_schema.tables t using (table_schema, table_name)
     where c.table_schema = 'public' and t.table_type = 'BASE TABLE' and c.table_name not like 'kysely%'`
    .execute(t.db.database);
  const there = new Map<string, string>();
  for (const row of rows) {
    there.set(`${row.table}.${row.column}`, TYPES[row.type]! + (row.nullable ? " | null" : ""));
  }
  const source = await Deno.readTextFile(new URL("../../src/store/pg/tables.ts", import.meta.url));
  const body = source.slice(source.indexOf("export interface Tables"));
  const said = new Map<string, string>();
  for (const [, table, columns] of body.matchAll(/^ {2}(\w+): \{([^}]*)\}/gm)) {
    for (const [, column, type] of columns!.matchAll(/(\w+): ([^;]+?)\s*(?:;|$)/g)) {
      const plain = type!.replace(/^Generated<(.*)>$/, "$1").replace('"password" | "app"', "string");
      said.set(`${table}.${column}`, plain);
    }
  }
  const sorted = (map: Map<string, string>) => [...map].sort(([a], [b]) => a < b ? -1 : 1);
  assertEquals(sorted(said), sorted(there));
});
