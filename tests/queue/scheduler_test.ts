import { assert, assertEquals } from "@std/assert";
import { sql } from "kysely";
import { dial } from "../../src/net/mod.ts";
import { openDoor } from "../../src/store/pg/wire/mod.ts";
import { assertInvariants } from "../store/invariants.ts";
import { bench, mail, octetsOf } from "../store/support.ts";
import {
  DEFERRED,
  drained,
  enqueue,
  enqueueMany,
  FAILED,
  Hops,
  outbound,
  scheduler,
  states,
  UNREACHABLE,
  until,
} from "./support.ts";

Deno.test("what is queued goes out, octet for octet but for Return-Path, and is noted as delivered", async () => {
  await using t = await bench(1, { limits: { chunkOctets: 1000 } });
  const hops = new Hops();
  const small = mail("Small"), large = mail("Large", "A line of a longer letter\n".repeat(300));
  const traced = (octets: Uint8Array) =>
    new Uint8Array([...octetsOf("Return-Path: <ann@example.test>\n"), ...octets]);
  await enqueue(t.store, outbound(["x@one.test", "y@one.test", "z@two.test"]), traced(small));
  await enqueue(t.store, outbound(["x@two.test"]), traced(large));
  await enqueue(t.store, outbound(["y@two.test"]), small);
  await using _ = scheduler(t, hops);
  await drained(t.db.database);
  assertEquals(await states(t.db.database), { delivered: 5 });
  const text = new TextDecoder();
  assertEquals(
    hops.got.map(({ to, recipients, octets }) => [to, recipients.join(" "), octets]).sort(),
    [
      ["one.test", "x@one.test y@one.test", text.decode(small)],
      ["two.test", "x@two.test", text.decode(large)],
      ["two.test", "y@two.test", text.decode(small)],
      ["two.test", "z@two.test", text.decode(small)],
    ],
  );
  const row = await t.db.database.selectFrom("queue_recipient").selectAll().where(
    "address",
    "=",
    "x@one.test",
  )
    .executeTakeFirstOrThrow();
  assertEquals([row.attempts, row.reply_code, row.reply_text, row.host, row.security, row.lease], [
    1,
    250,
    "ok",
    "mx.one.test [192.0.2.1]",
    "TLSv1.3",
    null,
  ]);
  await assertInvariants(t.db.database);
  const garbage = await t.db.database.selectFrom("blob_garbage").select("blob_id").execute();
  assertEquals(garbage.length, 3);
});

Deno.test("a recipient's failure is its own: retried later, or never", async () => {
  await using t = await bench();
  const hops = new Hops();
  hops.answers.set("one.test", (_, address) => address.startsWith("later") ? DEFERRED : FAILED);
  await enqueue(t.store, outbound(["later@one.test", "never@one.test"]));
  await using _ = scheduler(t, hops);
  await until(async () => (await states(t.db.database))["failed"] === 1, "one has failed");
  assertEquals(await states(t.db.database), { failed: 1, waiting: 1 });
  const rows = await t.db.database.selectFrom("queue_recipient").select([
    "address",
    "notice",
    "attempts",
    sql<number>`extract(epoch from due_at - now())`.as("seconds"),
  ]).orderBy("number").execute();
  assertEquals(rows.map((row) => [row.address, row.notice, row.attempts]), [
    ["later@one.test", null, 1],
    ["never@one.test", "failure", 1],
  ]);
  assert(Number(rows[0]!.seconds) > 200 && Number(rows[0]!.seconds) < 370, `${rows[0]!.seconds}`);
  // Who does not exist is not tried again so soon.
  await enqueue(t.store, outbound(["Never@one.test"]));
  await until(async () => (await states(t.db.database))["failed"] === 2, "the second has failed");
  const second = await t.db.database.selectFrom("queue_recipient").select(["reply_step", "reply_status"])
    .where("address", "=", "Never@one.test").executeTakeFirstOrThrow();
  assertEquals([second.reply_step, second.reply_status], ["suppressed", "5.1.1"]);
  assertEquals(hops.recipients, []);
  await assertInvariants(t.db.database);
});

Deno.test("connections are used again, and their number grows with success up to its limit", async () => {
  await using t = await bench();
  const hops = new Hops();
  await enqueueMany(t.store, 400, (i) => `r${i}@one.test`);
  await using _ = scheduler(t, hops, { concurrencyMost: 6 });
  await drained(t.db.database);
  assertEquals(new Set(hops.recipients).size, 400);
  assertEquals(hops.recipients.length, 400);
  const most = hops.most.get("one.test")!;
  assert(most > 2 && most <= 6, `${most} connections`);
  assert(hops.tried.get("one.test")! < 40, `${hops.tried.get("one.test")} were opened`);
});

Deno.test("any number of schedulers: each recipient is sent to once", async () => {
  await using t = await bench();
  const hops = new Hops();
  await enqueueMany(t.store, 600, (i) => `r${i}@d${i % 5}.test`);
  const all = [scheduler(t, hops), scheduler(t, hops), scheduler(t, hops)];
  await drained(t.db.database);
  await Promise.all(all.map((one) => one.drain(5_000)));
  assertEquals(hops.recipients.length, 600);
  assertEquals(new Set(hops.recipients).size, 600);
  assertEquals(await states(t.db.database), { delivered: 600 });
  await assertInvariants(t.db.database);
});

Deno.test("any number of schedulers end the recipients of a message: it is over", async () => {
  await using t = await bench();
  const hops = new Hops();
  hops.pause = () => new Promise((wake) => setTimeout(wake, Math.random() * 5));
  const addresses = Array.from({ length: 20 }, (_, i) => `r@d${i}.test`);
  for (let i = 0; i < 50; i++) await enqueue(t.store, outbound(addresses));
  const doors = Array.from({ length: 4 }, () => openDoor(dial, t.db.serving, { shared: 2, exclusive: 1 }));
  const all = doors.map((door) => scheduler(t, hops, {}, { door }));
  await drained(t.db.database);
  await Promise.all(all.map((one) => one.drain(5_000)));
  await Promise.all(doors.map((door) => door[Symbol.asyncDispose]()));
  assertEquals(await states(t.db.database), { delivered: 1000 });
  await assertInvariants(t.db.database);
});

Deno.test("a lost lease comes back by itself", async () => {
  await using t = await bench();
  const hops = new Hops();
  await enqueue(t.store, outbound(["x@one.test"]));
  await t.db.database.updateTable("queue_recipient").set({
    lease: crypto.randomUUID(),
    lease_until: sql<Date>`now() + interval '700 milliseconds'`,
  }).execute();
  await using _ = scheduler(t, hops);
  await drained(t.db.database);
  assertEquals(hops.recipients, ["x@one.test"]);
});

Deno.test("long transactions keep their lease", async () => {
  await using t = await bench();
  const hops = new Hops();
  const going = Promise.withResolvers<void>();
  hops.pause = () => going.promise;
  await enqueue(t.store, outbound(["x@one.test"]));
  await using _ = scheduler(t, hops, { leaseMs: 3_000 });
  const lease = async () => {
    const row = await t.db.database.selectFrom("queue_recipient").select(["lease", "lease_until"])
      .executeTakeFirstOrThrow();
    return { lease: row.lease, until: row.lease_until?.getTime() ?? 0 };
  };
  await until(async () => (await lease()).until > 0, "it was begun");
  const first = await lease();
  await using _too = scheduler(t, hops, { leaseMs: 3_000 });
  await until(async () => (await lease()).until > first.until + 3_000, "it was renewed often enough");
  assertEquals((await lease()).lease, first.lease);
  assertEquals([...hops.tried.values()], [1]);
  going.resolve();
  await drained(t.db.database);
  assertEquals(hops.recipients, ["x@one.test"]);
});

Deno.test("drained: what runs finishes, what waits is given back", async () => {
  await using t = await bench();
  const hops = new Hops();
  const going = Promise.withResolvers<void>();
  hops.pause = () => going.promise;
  await enqueueMany(t.store, 50, (i) => `r${i}@one.test`);
  const one = scheduler(t, hops, { pollMs: 60_000 });
  await until(() => hops.tried.get("one.test") === 2, "two are under way");
  const end = one.drain(20_000);
  await until(async () => {
    const { rows } = await sql<
      { n: number }
    >`select count(*) as n from queue_recipient where lease is not null`
      .execute(t.db.database);
    return rows[0]!.n === 2;
  }, "the others are given back");
  going.resolve();
  await end;
  assertEquals(await states(t.db.database), { delivered: 2, ready: 48 });
  assertEquals(hops.recipients.length, 2);
});

Deno.test("a destination that cannot be reached is blocked, and costs nobody else anything", async () => {
  await using t = await bench();
  const hops = new Hops();
  hops.unreachable.set("dead.test", UNREACHABLE);
  await enqueueMany(t.store, 500, (i) => `r${i}@dead.test`);
  await enqueueMany(t.store, 50, (i) => `r${i}@live${i % 3}.test`);
  await using one = scheduler(t, hops);
  await until(() => hops.recipients.length === 50, "the others have theirs");
  await until(
    async () => (await t.db.database.selectFrom("queue_lane").selectAll().execute()).length > 0,
    "it is blocked",
  );
  assert(hops.tried.get("dead.test")! <= 3, `${hops.tried.get("dead.test")} tries`);
  const view = await sql<any>`select state, reply_text, next_attempt_at > now() as later, count(*)::int as n
    from mail_queue group by 1, 2, 3`.execute(t.db.database);
  assertEquals(view.rows.reduce((sum, row) => sum + row.n, 0), 500);
  assert(
    view.rows.every((row) => row.reply_text === "connection refused" && row.later),
    "all say why they wait",
  );
  // It comes back: one tries, then all go.
  hops.unreachable.clear();
  await sql`update queue_lane set blocked_until = now()`.execute(t.db.database);
  await sql`update queue_recipient set due_at = now(), state = 'ready' where state = 'waiting'`.execute(
    t.db.database,
  );
  one.wake();
  await drained(t.db.database);
  assertEquals(hops.recipients.length, 550);
  assertEquals(await t.db.database.selectFrom("queue_lane").selectAll().execute(), []);
});

Deno.test("senders take turns in a lane, and the urgent goes first", async () => {
  await using t = await bench();
  const hops = new Hops();
  await enqueueMany(t.store, 300, (i) => `bulk${i}@one.test`, { reversePath: "list@bulk.test" });
  await enqueueMany(t.store, 3, (i) => `ann${i}@one.test`, { reversePath: "ann@small.test" });
  await enqueue(t.store, outbound(["urgent@one.test"], { reversePath: "list@bulk.test", priority: 6 }));
  await using _ = scheduler(t, hops, { concurrencyFirst: 1, concurrencyMost: 1 });
  await drained(t.db.database);
  const order = hops.recipients;
  assertEquals(order.length, 304);
  assertEquals(order.slice(0, 1), ["urgent@one.test"]);
  assert(order.indexOf("ann2@one.test") < 20, `at ${order.indexOf("ann2@one.test")}`);
});

Deno.test("a next hop that says no to every sender is left in peace after some tries", async () => {
  await using t = await bench();
  const hops = new Hops();
  hops.answers.set("sour.test", {
    outcome: "deferred",
    step: "mail",
    reply: { code: 451, status: "4.7.1", text: "not now" },
  });
  await enqueueMany(t.store, 100, (i) => `r${i}@sour.test`);
  await using _ = scheduler(t, hops);
  await until(
    async () => (await t.db.database.selectFrom("queue_lane").selectAll().execute()).length > 0,
    "it is blocked",
  );
  await until(async () => {
    const { waiting = 0, ready = 0 } = await states(t.db.database);
    return waiting < 20 && ready > 80;
  }, "most were not tried");
});
