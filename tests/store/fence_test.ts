/** The second fence around accounts: PostgreSQL shows the role that serves the rows of named accounts alone. */
import { assert, assertEquals, assertNotEquals, assertRejects } from "@std/assert";
import { sql } from "kysely";
import { Unavailable } from "../../src/core/failure.ts";
import { dial } from "../../src/net/mod.ts";
import { call, type Door, PgError, statement } from "../../src/store/pg/door.ts";
import { FENCED, queryAs } from "../../src/store/pg/fence.ts";
import { openDoor } from "../../src/store/pg/wire/mod.ts";
import { type Bench, bench, mail, put } from "./support.ts";

/** Tables with an account's number that are the directory's: it looks for accounts by their names. */
const DIRECTORY = ["account", "credential", "referral"];

/** A row of each table, of account $; with a delivered message there is one in those that are not here. */
const ROWS: Readonly<Record<string, string>> = {
  account_state: "(account_id) values ($)",
  acl: "values ($, 1, 'somebody@example.test', 'l')",
  annotation:
    "(account_id, mailbox_id, uid, entry, user_id, modseq, value) values ($, 1, 1, '/comment', 0, 1, 'x')",
  entry: "values ($, 1, 99, 1, 1, 1, now(), now(), 0)",
  changed_range: "values ($, 1, 1, 1, 1)",
  expunged: "values ($, 1, 1, 1, 1)",
  mailbox: "(account_id, mailbox_id, name, uidvalidity) values ($, 99, 'Planted', 1)",
  mailbox_garbage: "values ($, 99)",
  maildrop_lock: "values ($, 'somebody', now())",
  message: "values ($, 99, gen_random_uuid(), 1, 1, null, '', '', '')",
  message_garbage: "values ($, 1, '{1}')",
  message_sort: "values ($, 99, '', '', '', '', '', '', false, null, '')",
  message_text: "values ($, 99, 'planted', 'planted')",
  metadata: "values ($, 0, '/shared/comment', 'x')",
  subscription: "values ($, 'Planted')",
  url_key: "values ($, $, 1, 'x')",
};

/** The accounts whose entries it sees: it forgot to ask for one's. */
const forgetful = statement(
  "forgetful",
  ["int8"],
  "select coalesce(array_agg(distinct account_id), '{}'), count($1) from entry",
  [0],
);
const backend = statement("backend", ["int8"], "select pg_backend_pid(), $1", [0]);
const failing = statement(
  "failing",
  ["int8"],
  "select 1 / (count(*) - count(*)) from entry where account_id = $1",
);

/** Two accounts, a message in each. */
async function two(): Promise<Bench & { readonly a: number; readonly b: number }> {
  const t = await bench(2);
  for (const account of t.accounts) await put(t.store, account, mail("one"));
  return { ...t, a: t.accounts[0]!, b: t.accounts[1]! };
}

function narrow({ db }: Bench, shared = 1): Door {
  return openDoor(dial, db.serving, { shared, exclusive: 1 });
}

async function seen(door: Pick<Door, "query">, account: number): Promise<readonly number[]> {
  return Array.from((await door.query(forgetful, account)).ints(0, 0));
}

Deno.test("every table of accounts is fenced, but the directory's", async () => {
  await using t = await bench();
  const { rows } = await sql<{ name: string; fenced: boolean; policies: number }>`
    select c.relname as name, c.relrowsecurity as fenced,
           (select count(*) from pg_policy p where p.polrelid = c.oid) as policies
      from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attname = 'account_id'
     where c.relnamespace = current_schema()::regnamespace and c.relkind = 'r' order by c.relname`
    .execute(t.db.database);
  const fenced = rows.filter((row) => row.fenced && row.policies === 1).map(({ name }) => name);
  assertEquals(fenced, [...FENCED]);
  assertEquals(rows.map(({ name }) => name).filter((name) => !fenced.includes(name)), DIRECTORY);
});

Deno.test("whoever serves sees, changes and adds rows of the named account alone, in every table", async (t) => {
  await using at = await two();
  const { a, b, db } = at;
  for (const table of FENCED) {
    for (const account of [a, b]) {
      const row = ROWS[table]!.replaceAll("$", String(account));
      await sql.raw(`insert into ${table} ${row} on conflict do nothing`).execute(db.database);
    }
  }
  /** Runs statements for what is named, and takes back what they did. */
  const as = async (named: string | undefined, statement: string) =>
    await db.served.connection().execute(async (one) => {
      await sql.raw("begin").execute(one);
      try {
        await sql`select set_config('malleposte.accounts', ${named ?? ""}, true)`.execute(one);
        const { rows, numAffectedRows } = await sql<{ account_id: number }>`${sql.raw(statement)}`.execute(
          one,
        );
        return {
          accounts: [...new Set(rows.map((row) => row.account_id))].sort(),
          count: Number(numAffectedRows),
        };
      } finally {
        await sql.raw("rollback").execute(one);
      }
    });
  const code = async (named: string | undefined, statement: string) =>
    await as(named, statement).then(() => "done", (error: { code?: string }) => error.code);
  for (const table of FENCED) {
    await t.step(table, async () => {
      const select = `select account_id from ${table}`;
      assertEquals((await as(`{${a}}`, select)).accounts, [a]);
      assertEquals((await as(`{${b}}`, select)).accounts, [b]);
      assertEquals((await as(`{${a},${b}}`, select)).accounts, [a, b]);
      assertEquals((await as("*", select)).accounts, [a, b]);
      const change = `update ${table} set account_id = account_id returning account_id`;
      const remove = `delete from ${table} returning account_id`;
      for (const statement of [change, remove]) assertEquals((await as(`{${a}}`, statement)).accounts, [a]);
      assertEquals((await as(`{${a}}`, `${select} where account_id = ${b}`)).accounts, []);
      assertEquals(await code(`{${a}}`, `update ${table} set account_id = ${b}`), "42501");
      const row = (account: number) =>
        `insert into ${table} ${ROWS[table]!.replaceAll("$", String(account))}`;
      assertEquals(await code(`{${a}}`, row(b)), "42501");
      assertEquals(await code(`{${a}}`, `${row(b)} on conflict do nothing`), "42501");
      for (const nobody of [undefined, "{}", "{null}", "{999}"]) {
        for (const statement of [select, change, remove]) {
          assertEquals((await as(nobody, statement)).accounts, []);
        }
        assertEquals(await code(nobody, row(a)), "42501");
      }
      assertNotEquals(await code("everybody", select), "done");
    });
  }
  await t.step("searched_text", async () => {
    assertEquals((await as(`{${a}}`, "select account_id from searched_text")).accounts, [a]);
    assertEquals((await as(undefined, "select account_id from searched_text")).accounts, []);
  });
  await t.step("what is seen past the fence can only be read", async () => {
    for (
      const [view, row] of [
        ["searched_text", `(account_id, message_id, header, body) values (${a}, 98, '', '')`],
        ["placed_blob", "values (gen_random_uuid())"],
        ["account_use", `(account_id, used_octets) values (${a}, 0)`],
      ]
    ) {
      assertEquals(await code(`{${a}}`, `select from ${view}`), "done");
      for (const statement of [`insert into ${view} ${row}`, `delete from ${view}`]) {
        assertEquals(await code(`{${a}}`, statement), "42501");
      }
    }
    assertEquals(await code(`{${a}}`, "update account_use set quota_octets = null"), "42501");
  });
  await t.step("a search's query", async () => {
    const query = sql<{ account_id: number }>`select distinct account_id from entry`;
    assertEquals(await queryAs(db.served, at.accounts[1]!, query), [{ account_id: b }]);
    await assertRejects(() => queryAs(db.served, at.accounts[1]!, sql`select 1 / 0`), Error, "zero");
    await assertRejects(
      () => queryAs(db.served, at.accounts[1]!, sql`delete from entry`),
      Error,
      "read-only",
    );
    // And then the pool looks across accounts again, on each of its connections.
    const all = await Promise.all(Array.from({ length: 8 }, () => query.execute(db.served)));
    for (const { rows } of all) assertEquals(rows.length, 2);
  });
});

Deno.test("the owner sees all: migrations and its own SQL go by no name", async () => {
  await using t = await two();
  const { rows } = await sql`select distinct account_id from entry`.execute(t.db.database);
  assertEquals(rows.length, 2);
});

Deno.test("a statement that forgot its condition sees nobody else's rows, however runs are mixed", async () => {
  await using t = await two();
  const { a, b } = t;
  await using door = narrow(t, 2);
  const runs = Array.from({ length: 300 }, (_, i) => [a, b, b, a, a][i % 5]!);
  const answers = await Promise.all(runs.map((account) => seen(door, account)));
  assertEquals(answers, runs.map((account) => [account]));
  const [both] = await door.run(call(forgetful, a), call(forgetful, b));
  assertEquals(Array.from(both!.ints(0, 0)).sort(), [a, b]);
  const forgotten = { name: "nobodys", sql: "select account_id from entry", params: [] };
  await using fresh = narrow(t);
  assertEquals((await fresh.query(forgotten)).count, 0);
  const cleared = {
    name: "clearing",
    sql: "delete from entry where $1 > 0",
    params: ["int8"],
    whose: [0],
  } as const;
  assertEquals((await door.query(cleared, a)).affected, 1);
  assertEquals([await seen(door, a), await seen(door, b)], [[], [b]]);
});

Deno.test("one after the other, accounts keep the connections that know them", async () => {
  await using t = await two();
  const { a, b } = t;
  await using door = narrow(t, 2);
  // Together they come to different connections.
  const pids = (await Promise.all([door.query(backend, a), door.query(backend, b)])).map((rows) =>
    rows.int(0, 0)
  );
  for (let i = 0; i < 10; i++) pids.push((await door.query(backend, i % 2 === 0 ? a : b)).int(0, 0));
  assertEquals(new Set(pids).size, 2);
  pids.forEach((pid, i) => assertEquals(pid, pids[i % 2]));
});

Deno.test("a run that fails takes no name from those behind it in the pipeline", async () => {
  await using t = await two();
  const { a, b } = t;
  await using door = narrow(t);
  const failed = () => assertRejects(() => door.query(failing, a), PgError, "zero");
  for (const _ of ["unknown to PostgreSQL", "prepared"]) {
    const answers = await Promise.all([
      failed(),
      seen(door, a),
      seen(door, a),
      failed(),
      seen(door, b),
      seen(door, a),
    ]);
    assertEquals(answers.filter(Array.isArray), [[a], [a], [b], [a]]);
  }
});

Deno.test("a transaction names who it is for; what ROLLBACK took back is named again", async () => {
  await using t = await two();
  const { a, b } = t;
  await using door = narrow(t);
  for (const ends of [true, false, true]) {
    const work = door.transaction(async (tx) => {
      assertEquals([await seen(tx, a), await seen(tx, b)], [[a], [b]]);
      assertEquals(await Promise.all([seen(tx, a), seen(tx, b), seen(tx, a)]), [[a], [b], [a]]);
      if (!ends) throw new Error("given up");
    });
    if (ends) await work;
    else await assertRejects(() => work, Error, "given up");
  }
  assertEquals(await door.transaction((tx) => seen(tx, a)), [a]);
  const givenUp = door.transaction(async (tx) => {
    assertEquals(await seen(tx, b), [b]);
    throw new Error("given up");
  });
  await assertRejects(() => givenUp, Error, "given up");
  assertEquals(await door.transaction((tx) => seen(tx, b)), [b]);
  for (const account of [b, a]) {
    // Both fail, the second because the first did.
    await door.transaction(async (tx) => {
      const [first, second] = await Promise.allSettled([
        tx.query(failing, account),
        seen(tx, a + b - account),
      ]);
      assertEquals([first!.status, second!.status], ["rejected", "rejected"]);
      throw new Error("given up");
    }).catch((error: Error) => assertEquals(error.message, "given up"));
    assertEquals(await door.transaction((tx) => seen(tx, account)), [account]);
  }
  for await (const rows of door.stream(forgetful, [b], 10)) assertEquals(Array.from(rows.ints(0, 0)), [b]);
  for await (const rows of door.stream(forgetful, [a], 10)) assertEquals(Array.from(rows.ints(0, 0)), [a]);
});

Deno.test("a new connection is told anew", async () => {
  await using t = await two();
  const { a } = t;
  await using door = narrow(t);
  assertEquals(await seen(door, a), [a]);
  const pid = (await door.query(backend, a)).int(0, 0);
  await sql`select pg_terminate_backend(${pid}::int4, 5000)`.execute(t.db.database);
  await door.query(backend, a).catch(() => {});
  assertEquals(await seen(door, a), [a]);
  assertNotEquals((await door.query(backend, a)).int(0, 0), pid);
});

Deno.test("where naming fails, nothing behind it is answered for the accounts before", async () => {
  await using t = await two();
  const { a, b } = t;
  await using door = narrow(t);
  assertEquals([await seen(door, b), await seen(door, a)], [[b], [a]]);
  const may = (verb: string) =>
    sql.raw(
      `${verb} execute on function set_config(text, text, boolean) ${
        verb === "grant" ? "to" : "from"
      } public`,
    )
      .execute(t.db.database);
  await may("revoke");
  const answers = await Promise.allSettled([seen(door, a), seen(door, b), seen(door, b), seen(door, a)]);
  // What was asked for the account that is still named had its answer before.
  assertEquals(answers.map(({ status }) => status), ["fulfilled", "rejected", "rejected", "rejected"]);
  for (const answer of answers.slice(1)) {
    assert(answer.status === "rejected" && answer.reason instanceof Unavailable);
  }
  await may("grant");
  assertEquals(await seen(door, b), [b]);
});
