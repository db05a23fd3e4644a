import { assertEquals, assertRejects } from "@std/assert";
import { sql } from "kysely";
import { migrateToLatest } from "../../src/store/pg/migrate.ts";
import { testDatabase } from "../support/database.ts";

Deno.test("a migrated database has nothing left to do", async () => {
  await using db = await testDatabase();
  assertEquals(await migrateToLatest(db.database), []);
});

Deno.test("octets, numbers and days come back as they went in", async () => {
  await using db = await testDatabase();
  const octets = Uint8Array.from({ length: 256 }, (_, i) => i);
  await db.database.insertInto("setting").values({ name: "s", value: octets }).execute();
  const row = await db.database.selectFrom("setting").select("value").executeTakeFirstOrThrow();
  assertEquals(new Uint8Array(row.value), octets);
  const one = await sql<{ n: number; d: string }>`select 9007199254740991::int8 as n, date '2026-02-28' as d`
    .execute(db.database);
  assertEquals(one.rows, [{ n: 9007199254740991, d: "2026-02-28" }]);
});

Deno.test("a connection that the server ends while somebody holds it fails its holder, and nothing else", async () => {
  await using db = await testDatabase();
  await assertRejects(() =>
    db.database.transaction().execute(async (trx) => {
      const { rows } = await sql<{ pid: number }>`select pg_backend_pid() as pid`.execute(trx);
      await sql`select pg_terminate_backend(${rows[0]!.pid})`.execute(db.database);
      await new Promise((wake) => setTimeout(wake, 100));
      await sql`select 1`.execute(trx);
    })
  );
  assertEquals((await sql<{ one: number }>`select 1 as one`.execute(db.database)).rows, [{ one: 1 }]);
});
