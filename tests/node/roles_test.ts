/** What the role that serves mail may do with the database. */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { sql } from "kysely";
import { parseConfig } from "../../src/config/mod.ts";
import { type NodeDatabase, openNodeDatabase } from "../../src/node/database.ts";
import { openDatabase } from "../../src/store/pg/database.ts";
import { SERVING } from "../../src/store/pg/embedded/owner.ts";
import { isUnbound } from "../../src/store/pg/roles.ts";
import { testDatabase, urlOf } from "../support/database.ts";
import { run, settingsFor } from "../support/server.ts";

/** Statements that whoever serves must not be able to run, and what PostgreSQL says. */
const FORBIDDEN = [
  ["drop table message", /must be owner/],
  ["truncate entry", /permission denied/],
  ["alter table account add column planted text", /must be owner/],
  ["create table planted (x int4)", /permission denied/],
  ["create index planted on entry (uid)", /must be owner/],
  ["create or replace view mail_messages as select 1 as one", /must be owner|permission denied/],
  ["select from mail_messages", /permission denied/],
  ["delete from placed_blob", /permission denied/],
  ["update account_use set quota_octets = null", /permission denied/],
  ["insert into searched_text (account_id, message_id) values (1, 1)", /permission denied/],
  ["create function planted() returns int4 language sql as 'select 1'", /permission denied/],
  [
    "create trigger planted before insert on entry for each row execute function suppress_redundant_updates_trigger()",
    /permission denied|must be owner/,
  ],
  ["alter table entry disable trigger all", /must be owner/],
  ["delete from kysely_migration", /permission denied/],
  ["set role malleposte", /permission denied/],
  ["alter role current_user superuser", /permission denied/],
  ["alter system set fsync = off", /permission denied/],
  ["set session_replication_role = replica", /permission denied/],
  ["copy account to program 'true'", /permission denied|must be superuser/],
  ["copy account to '/tmp/malleposte-planted'", /permission denied|must be superuser/],
  ["select pg_read_file('PG_VERSION')", /permission denied/],
  ["create database planted", /permission denied/],
] as const;

async function refusesAll({ database }: NodeDatabase, t: Deno.TestContext): Promise<void> {
  for (const [statement, why] of FORBIDDEN) {
    await t.step(statement, async () => {
      const said = await sql.raw(statement).execute(database).then(
        () => "done",
        (error: Error) => error.message,
      );
      assert(why.test(said), said);
    });
  }
  await t.step("but rows", async () => {
    await database.insertInto("domain").values({ name: "roles.test" }).execute();
    await database.updateTable("domain").set({ name: "role.test" }).where("name", "=", "roles.test")
      .execute();
    assertEquals((await database.deleteFrom("domain").executeTakeFirst()).numDeletedRows, 1n);
    assertEquals(await isUnbound(database), false);
  });
}

Deno.test("the embedded server: who serves mail cannot change the schema, nor become its owner", async (t) => {
  const folder = await Deno.makeTempDir({ prefix: "malleposte-roles-" });
  const config = parseConfig("", "test", [
    ...settingsFor(folder).filter((word) => word !== "--set"),
    "log.level=error",
  ]);
  for (const start of ["first", "second"]) {
    const node = await openNodeDatabase(config, () => {});
    try {
      assertEquals(node.migrated.length > 0, start === "first");
      await t.step(`${start} start`, async (t) => await refusesAll(node, t));
      await t.step("the owner needs the password", async () => {
        if (node.address.kind !== "socket") throw new Error("the embedded server listens on a socket");
        for (const password of [{}, { password: "guessed" }]) {
          const owner = openDatabase({ ...node.address, ...password, user: "malleposte" }, {
            connections: 1,
          });
          await assertRejects(() => sql`select 1`.execute(owner), Error, "password");
          await owner.destroy();
        }
      });
    } finally {
      await node.close();
    }
  }
  const { mode } = await Deno.stat(`${folder}/postgres/owner.password`);
  assertEquals((mode ?? 0) & 0o777, 0o600);
  await Deno.remove(folder, { recursive: true });
});

Deno.test("a server of yours: owner_url makes the schema, url serves; mail check says where one is both", async (t) => {
  await using db = await testDatabase();
  // As if nobody had served here yet, but for a right that is to be taken back.
  await sql.raw(`revoke all on all tables in schema public from ${SERVING};
    revoke all on all sequences in schema public from ${SERVING};
    grant select on mail_messages to ${SERVING}`).execute(db.database);
  const folder = await Deno.makeTempDir({ prefix: "malleposte-roles-" });
  const config = (owner: boolean) => [
    `data=${folder}`,
    `database.url=${urlOf(db.address, owner)}`,
    ...owner ? [`database.owner_url=${urlOf(db.address)}`] : [],
  ];
  const check = async (owner: boolean) => {
    const { code, stdout, stderr } = await run([
      ...["task", "-q", "mail", "check", "--json"],
      ...config(owner).flatMap((setting) => ["--set", setting]),
    ]);
    assertEquals([code, stderr], [0, ""]);
    return JSON.parse(stdout);
  };
  await t.step("one role for both", async () => {
    const { breaches, warnings } = await check(false);
    assertEquals([breaches, warnings.length], [[], 1]);
  });
  await t.step("two", async (t) => {
    assertEquals(await check(true).then(({ breaches, warnings }) => [breaches, warnings]), [[], []]);
    const node = await openNodeDatabase(parseConfig("", "test", config(true)), () => {});
    try {
      await refusesAll(node, t);
    } finally {
      await node.close();
    }
  });
  await Deno.remove(folder, { recursive: true });
});
