import { assert, assertEquals, assertRejects } from "@std/assert";
import fc from "fast-check";
import { sql } from "kysely";
import { Unavailable } from "../../src/core/failure.ts";
import { call, PgError, statement } from "../../src/store/pg/door.ts";
import { wireTarget } from "../../src/store/pg/wire/address.ts";
import { openDoor } from "../../src/store/pg/wire/mod.ts";
import { MessageReader } from "../../src/store/pg/wire/reader.ts";
import { testDatabase } from "../support/database.ts";
import { dial } from "../../src/net/mod.ts";

const ONE = statement("one", [], "select 1");
const PLUS = statement("plus", ["int4"], "select $1 + 1");
const SERIES = statement("series", ["int8"], "select i, repeat('x', 100) from generate_series(1, $1) i");

Deno.test("MessageReader gives the same messages however the stream is cut", () => {
  const stream = new Uint8Array([
    ...[0x5a, 0, 0, 0, 5, 0x49],
    ...[0x44, 0, 0, 0, 9, 1, 2, 3, 4, 5],
    ...[0x32, 0, 0, 0, 4],
    ...[0x43, 0, 0, 0, 12, 8, 7, 6, 5, 4, 3, 2, 1],
  ]);
  const read = (size: number) => {
    const reader = new MessageReader();
    const messages: [number, number[]][] = [];
    for (let at = 0; at < stream.length; at += size) {
      reader.push(stream.subarray(at, at + size));
      for (let m = reader.next(); m !== undefined; m = reader.next()) messages.push([m.type, [...m.payload]]);
    }
    return messages;
  };
  const want = read(stream.length);
  assertEquals(want.length, 4);
  for (let size = 1; size < stream.length; size++) assertEquals(read(size), want, `cut every ${size}`);
});

Deno.test("every type goes out and comes back", async () => {
  await using db = await testDatabase();
  const all = statement(
    "all",
    [
      "bool",
      "int2",
      "int4",
      "int8",
      "text",
      "bytea",
      "uuid",
      "timestamptz",
      "bit",
      "int8[]",
      "text[]",
      "int4[]",
    ],
    "select $1, $2, $3, $4, $5, $6, $7, $8, $9::bit(16), $10, $11, $12, null",
  );
  const octets = Uint8Array.from({ length: 20_000 }, (_, i) => i);
  const id = "0190163d-8694-739b-aea5-966c26f8ad90";
  const rows = await db.door.query(
    all,
    ...[true, -32768, -2147483648, -9007199254740991, "häß\u{1f4e8}", octets, id, 1_700_000_000_123],
    ...[new Uint8Array([0xa5, 0x0f]), [1, -2, 2 ** 40], ["a", "", "ü"], []],
  );
  assertEquals(rows.bool(0, 0), true);
  assertEquals([rows.int(0, 1), rows.int(0, 2), rows.int(0, 3)], [-32768, -2147483648, -9007199254740991]);
  assertEquals(rows.text(0, 4), "häß\u{1f4e8}");
  assertEquals(new Uint8Array(rows.octets(0, 5)), octets);
  assertEquals(rows.uuid(0, 6), id);
  assertEquals(rows.time(0, 7), 1_700_000_000_123);
  assertEquals([...rows.bits(0, 8)!], [0xa5, 0x0f]);
  assertEquals([...rows.ints(0, 9)], [1, -2, 2 ** 40]);
  assertEquals(rows.texts(0, 10), ["a", "", "ü"]);
  assertEquals(rows.ints(0, 11).length, 0);
  assert(rows.isNull(0, 12));
});

Deno.test("both doors read the same numbers, texts and octets", async () => {
  await using db = await testDatabase();
  const echo = statement("echo", ["int8", "text", "bytea", "date"], "select $1, $2, $3, $4::text");
  const value = fc.record({
    n: fc.maxSafeInteger(),
    t: fc.string({ unit: "binary", maxLength: 200 }).filter((text) =>
      !text.includes("\0") && text.isWellFormed()
    ),
    o: fc.uint8Array({ maxLength: 6000 }),
    d: fc.date({ min: new Date("0001-01-01"), max: new Date("9999-12-31"), noInvalidDate: true }),
  });
  await fc.assert(
    fc.asyncProperty(value, async ({ n, t, o, d }) => {
      const day = d.toISOString().slice(0, 10);
      const wire = await db.door.query(echo, n, t, o, day);
      const plain = await sql<{ n: number; t: string; o: Uint8Array; d: string }>`
        select ${n}::int8 as n, ${t}::text as t, ${o}::bytea as o, ${day}::date::text as d`.execute(
        db.database,
      );
      const row = plain.rows[0]!;
      assertEquals([wire.int(0, 0), wire.text(0, 1), wire.text(0, 3)], [row.n, row.t, row.d]);
      assertEquals(new Uint8Array(wire.octets(0, 2)), new Uint8Array(row.o));
    }),
    { numRuns: 60, seed: 7 },
  );
});

Deno.test("what is asked together is one transaction, in order", async () => {
  await using db = await testDatabase();
  const put = statement("put", ["text", "bytea"], "insert into setting values ($1, $2)");
  const count = statement("count", [], "select count(*) from setting");
  const value = new Uint8Array([1]);
  await assertRejects(() => db.door.run(call(put, "a", value), call(put, "a", value)), PgError);
  assertEquals((await db.door.query(count)).int(0, 0), 0);
  const [one, two] = await db.door.run(call(put, "a", value), call(count));
  assertEquals([one!.affected, two!.int(0, 0)], [1, 1]);
});

Deno.test("an error harms only its own run, and leaves later ones prepared", async () => {
  await using db = await testDatabase();
  const divide = statement("divide", ["int4"], "select 1 / $1");
  const results = await Promise.allSettled([
    db.door.run(call(divide, 0), call(PLUS, 1)),
    db.door.query(PLUS, 2),
    db.door.query(PLUS, 3),
    db.door.query(PLUS, 4),
  ]);
  assertEquals(results.map((result) => result.status), ["rejected", "fulfilled", "fulfilled", "fulfilled"]);
  assertEquals((await db.door.query(PLUS, 5)).int(0, 0), 6);
});

Deno.test("a value that does not fit is refused before anything is sent", async () => {
  await using db = await testDatabase();
  const good = db.door.query(PLUS, 1);
  await assertRejects(() => db.door.query(PLUS, 2 ** 31), RangeError, "Cannot send");
  await assertRejects(() => db.door.query(PLUS), RangeError, "takes 1 values");
  assertEquals((await good).int(0, 0), 2);
});

Deno.test("a stream gives all rows in batches, and may be left early", async () => {
  await using db = await testDatabase();
  let rows = 0, batches = 0;
  for await (const batch of db.door.stream(SERIES, [2500], 1000)) {
    rows += batch.count;
    batches++;
  }
  assertEquals([rows, batches], [2500, 3]);
  for (let i = 0; i < 10; i++) {
    for await (const batch of db.door.stream(SERIES, [5000], 100)) {
      assertEquals(batch.int(0, 0), 1);
      break;
    }
  }
  const failing = statement("failing", [], "select 1 / (500 - i) from generate_series(1, 1000) i");
  await assertRejects(async () => {
    for await (const _ of db.door.stream(failing, [], 100));
  }, PgError);
  assertEquals((await db.door.query(ONE)).int(0, 0), 1);
});

Deno.test("a transaction commits or rolls back as a whole", async () => {
  await using db = await testDatabase();
  const put = statement("put", ["text"], "insert into setting values ($1, '')");
  const count = statement("count", [], "select count(*) from setting");
  await assertRejects(() =>
    db.door.transaction(async (tx) => {
      await tx.query(put, "a");
      throw new Error("no");
    })
  );
  assertEquals((await db.door.query(count)).int(0, 0), 0);
  await db.door.transaction((tx) => tx.query(put, "a"));
  assertEquals((await db.door.query(count)).int(0, 0), 1);
});

Deno.test("transactions beyond the exclusive connections wait their turn", async () => {
  await using db = await testDatabase();
  const results = await Promise.all(
    Array.from(
      { length: 20 },
      (_, i) => db.door.transaction(async (tx) => (await tx.query(PLUS, i)).int(0, 0)),
    ),
  );
  assertEquals(results, Array.from({ length: 20 }, (_, i) => i + 1));
});

Deno.test("a connection that is killed fails what runs on it, and the next query has a new one", async () => {
  await using db = await testDatabase();
  // One connection: of several, some that were killed too may not know it yet.
  await using door = openDoor(dial, db.serving, { shared: 1, exclusive: 1 });
  const sleep = statement("sleep", [], "select pg_sleep(20)");
  await door.query(ONE);
  const running = assertRejects(() => door.query(sleep), Unavailable);
  await new Promise((wake) => setTimeout(wake, 100));
  await sql`select pg_terminate_backend(pid) from pg_stat_activity
    where datname = current_database() and pid <> pg_backend_pid()`.execute(db.database);
  await running;
  assertEquals((await door.query(ONE)).int(0, 0), 1);
  assertEquals((await door.query(PLUS, 1)).int(0, 0), 2);
});

Deno.test("a server that is not there is Unavailable, at once for those that follow", async () => {
  await using door = openDoor(dial, {
    kind: "socket",
    directory: "/nonexistent",
    port: 1,
    user: "u",
    database: "d",
  }, { shared: 1, exclusive: 1 });
  await assertRejects(() => door.query(ONE), Unavailable, "Cannot reach PostgreSQL");
  await assertRejects(() => door.transaction((tx) => tx.query(ONE)), Unavailable);
});

Deno.test("an octets value is sent as it is, whatever its size", async () => {
  await using db = await testDatabase();
  const put = statement("put", ["uuid", "int4", "bytea"], "insert into blob_chunk values ($1, $2, $3)");
  const get = statement("get", ["int4"], "select octets from blob_chunk where seq = $1");
  const id = "0190163d-8694-739b-aea5-966c26f8ad90";
  const sizes = [0, 1, 4095, 4096, 4097, 65_535, 65_536, 1 << 20];
  await Promise.all(sizes.map((size, i) => db.door.query(put, id, i, new Uint8Array(size).fill(i + 1))));
  for (const [i, size] of sizes.entries()) {
    const octets = (await db.door.query(get, i)).octets(0, 0);
    assertEquals(octets.length, size);
    assert(octets.every((octet) => octet === i + 1));
  }
});

Deno.test("what waits for the server is not written over by what is asked meanwhile", async () => {
  await using db = await testDatabase();
  const echo = statement("echo", ["text"], "select $1");
  // Below and above what is copied, and so much together that the kernel does not take it at once.
  const sizes = [10, 3000, 5000, 20_000];
  const asked: Promise<void>[] = [];
  for (let turn = 0; turn < 50; turn++) {
    for (let i = 0; i < 10; i++) {
      const text = String.fromCharCode(0x100 + turn * 10 + i).repeat(sizes[(turn + i) % 4]!);
      asked.push(db.door.query(echo, text).then((rows) => assert(rows.text(0, 0) === text)));
    }
    await new Promise((resolve) => setTimeout(resolve, 0));
  }
  await Promise.all(asked);
});

Deno.test("database URLs are read as libpq reads them", () => {
  const target = (url: string) => wireTarget({ kind: "url", url });
  assertEquals(target("postgres://u:p%40ss@db.example:6432/mail?sslmode=require"), {
    to: { host: "db.example", port: 6432 },
    user: "u",
    password: "p@ss",
    database: "mail",
    tls: "require",
  });
  assertEquals(target("postgresql:///mail?host=/run/postgresql&user=u").to, {
    path: "/run/postgresql/.s.PGSQL.5432",
  });
  assertEquals(target("postgres://[::1]/").to, { host: "::1", port: 5432 });
  for (const bad of ["mysql://x", "nonsense", "postgres://h/d?sslmode=maybe"]) {
    let text = "";
    try {
      target(bad);
    } catch (error) {
      text = (error as Error).message;
    }
    assert(text.startsWith("Cannot use database.url"), bad);
  }
});
