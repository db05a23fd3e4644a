import { assert, assertEquals } from "@std/assert";
import { sql } from "kysely";
import { silent } from "../../src/core/events.ts";
import { queueDoor } from "../../src/queue/door.ts";
import { listQueue, queueFigures, showQueued, steer } from "../../src/queue/steer.ts";
import type { AccountId } from "../../src/core/brands.ts";
import { bench } from "../store/support.ts";
import { assertInvariants } from "../store/invariants.ts";
import {
  drained,
  enqueue,
  enqueueMany,
  Hops,
  outbound,
  scheduler,
  states,
  UNREACHABLE,
  until,
} from "./support.ts";

Deno.test("hold, release, retry, remove, bounce: what matches and nobody sends just now", async () => {
  await using t = await bench();
  const db = t.db.database;
  await enqueue(t.store, outbound(["a@one.test", "b@two.test"], { reversePath: "list@bulk.test" }));
  await enqueue(t.store, outbound(["c@one.test"]));
  await enqueue(t.store, outbound(["d@one.test"]));
  await sql`update queue_message set arrived_at = now() - interval '2 days'
    where reverse_path = 'list@bulk.test'`.execute(db);
  const recipients = async (filter: Parameters<typeof listQueue>[1]) =>
    (await listQueue(db, filter, 100)).map((row) => row.recipient);
  assertEquals(await recipients({}), ["a@one.test", "b@two.test", "c@one.test", "d@one.test"]);
  assertEquals(await recipients({ domain: "two.test" }), ["b@two.test"]);
  assertEquals(await recipients({ sender: "list@bulk.test", domain: "one.test" }), ["a@one.test"]);
  assertEquals(await recipients({ olderThanMs: 86_400_000 }), ["a@one.test", "b@two.test"]);
  assertEquals(await steer(db, "hold", { domain: "one.test" }), 3);
  assertEquals(await recipients({ state: "held" }), ["a@one.test", "c@one.test", "d@one.test"]);
  const hops = new Hops();
  await using one = scheduler(t, hops);
  await until(() => hops.recipients.length === 1, "the one that is not held went out");
  assertEquals(await steer(db, "release", { recipient: "a@one.test" }), 1);
  one.wake();
  await until(() => hops.recipients.length === 2, "the released one went out");
  assertEquals(await steer(db, "remove", { recipient: "c@one.test" }), 1);
  assertEquals(await steer(db, "bounce", { recipient: "d@one.test" }), 1);
  await until(async () => (await states(db))["delivered"] === 2, "it is recorded");
  assertEquals(await states(db), { delivered: 2, failed: 1, removed: 1 });
  const row = await db.selectFrom("queue_recipient").select(["queue_id", "notice"]).where(
    "state",
    "=",
    "failed",
  )
    .executeTakeFirstOrThrow();
  assertEquals(row.notice, "failure");
  const shown = await showQueued(db, row.queue_id);
  assertEquals(shown!.recipients.map((r) => [r.address, r.state, r.reply_step]), [
    ["d@one.test", "failed", "administrator"],
  ]);
  assertEquals(await showQueued(db, 999_999), undefined);
  await assertInvariants(db);
});

Deno.test("a leased recipient is not touched", async () => {
  await using t = await bench();
  await enqueue(t.store, outbound(["a@one.test"]));
  await sql`update queue_recipient set lease = gen_random_uuid(), lease_until = now() + interval '1 hour'`
    .execute(t.db.database);
  for (const what of ["hold", "remove", "bounce", "retry"] as const) {
    assertEquals(await steer(t.db.database, what, {}), 0);
  }
  assertEquals((await listQueue(t.db.database, {}, 10))[0]!.state, "sending");
});

Deno.test("retry opens a lane that is blocked; flush does so for a domain", async () => {
  await using t = await bench();
  const db = t.db.database;
  const hops = new Hops();
  hops.unreachable.set("dead.test", UNREACHABLE);
  await enqueueMany(t.store, 5, (i) => `r${i}@dead.test`);
  await using one = scheduler(t, hops);
  const blocked = async () => (await db.selectFrom("queue_lane").select("lane").execute()).length === 1;
  await until(blocked, "it is blocked");
  const door = queueDoor({ door: t.db.door, laneOf: (domain) => domain, wake: (lanes) => one.wake(lanes) });
  const tries = hops.tried.get("dead.test")!;
  assertEquals(await door.flush("dead.test"), 5);
  await until(() => hops.tried.get("dead.test")! > tries, "it is tried again");
  await until(blocked, "it is blocked again");
  hops.unreachable.clear();
  assertEquals(await steer(db, "retry", { domain: "dead.test" }), 5);
  one.wake();
  await drained(db);
  assertEquals(hops.recipients.length, 5);
});

Deno.test("what an account sent in the last hour; the queue in figures", async () => {
  await using t = await bench();
  const account = t.accounts[0]!;
  await enqueue(t.store, outbound(["a@one.test", "b@two.test"], { submitter: account }));
  await enqueue(t.store, outbound(["a@one.test"], { submitter: account }));
  await enqueue(t.store, outbound(["a@one.test"], { submitter: 999 as AccountId }));
  await sql`update queue_message set arrived_at = now() - interval '2 hours' where queue_id = 2`.execute(
    t.db.database,
  );
  const door = queueDoor({ door: t.db.door, laneOf: (domain) => domain, wake: () => silent });
  assertEquals(await door.recent(account), { messages: 1, recipients: 2 });
  const figures = await queueFigures(t.db.database);
  assertEquals(figures.states, { ready: 4, waiting: 0, held: 0 });
  assert(figures.oldestSeconds > 7_000);
  assertEquals(figures.destinations, [
    { destination: "one.test", recipients: 3 },
    { destination: "two.test", recipients: 1 },
  ]);
});
