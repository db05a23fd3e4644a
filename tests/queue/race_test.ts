/** A row that a statement of the queue waits for has changed by then: it counts on what is there now. */
import { assertEquals } from "@std/assert";
import { sql } from "kysely";
import { arrive } from "../../src/queue/sql/arrive.ts";
import { told } from "../../src/queue/sql/keep.ts";
import { record } from "../../src/queue/sql/record.ts";
import { giveBack, renew } from "../../src/queue/sql/take.ts";
import { call } from "../../src/store/pg/door.ts";
import { assertInvariants } from "../store/invariants.ts";
import { type Bench, bench, mail, stage } from "../store/support.ts";
import { enqueue, outbound, states, until } from "./support.ts";

const LEASE = "11111111-1111-1111-1111-111111111111";
/** What others do to a recipient that they do not end. */
const TOUCH = "update queue_recipient set priority = priority";

/** A message to a and b, both leased. */
async function twoLeased(): Promise<Bench> {
  const t = await bench();
  await enqueue(t.store, outbound(["a@one.test", "b@one.test"]));
  await sql`update queue_recipient set lease = ${LEASE}, lease_until = now() + interval '1 hour'`
    .execute(t.db.database);
  return t;
}

/** Runs `mine` beside a transaction that has run `theirs` and commits once `mine` waits for it. */
async function behind<T>(t: Bench, theirs: string, mine: () => Promise<T>): Promise<T> {
  let later: Promise<T> | undefined;
  await t.db.database.transaction().execute(async (trx) => {
    await sql.raw(theirs).execute(trx);
    later = mine();
    await until(async () => {
      const { rows } = await sql`select from pg_stat_activity
        where datname = current_database() and wait_event_type = 'Lock'`.execute(trx);
      return rows.length > 0;
    }, "it waits");
  });
  return await later!;
}

/** Records that recipient 2, b, has its mail. */
const recordB = (t: Bench) =>
  t.db.door.query(
    record,
    ...[[1], [2], ["delivered"], [0], [250], ["2.0.0"], ["ok"], ["end"], ["mx"], [null], [null]],
    LEASE,
    0,
  );

async function messageOf(t: Bench): Promise<{ readonly open: number; readonly over: boolean }> {
  return await t.db.database.selectFrom("queue_message")
    .select(["open", sql<boolean>`ended_at is not null`.as("over")]).executeTakeFirstOrThrow();
}

Deno.test("two workers end recipients of one message in the same moment: it is over", async () => {
  await using t = await twoLeased();
  const theirs = `with a as (update queue_recipient set state = 'delivered', lease = null, lease_until = null,
                                    ended_at = now() where number = 1)
                  update queue_message set open = open - 1`;
  const rows = await behind(t, theirs, () => recordB(t));
  assertEquals(rows.int(0, 0), 1);
  assertEquals(await messageOf(t), { open: 0, over: true });
  await assertInvariants(t.db.database);
});

Deno.test("what became of a recipient is recorded though its row was changed meanwhile", async () => {
  await using t = await twoLeased();
  const rows = await behind(t, TOUCH, () => recordB(t));
  assertEquals(rows.int(0, 0), 1);
  assertEquals(await states(t.db.database), { delivered: 1, ready: 1 });
  assertEquals(await messageOf(t), { open: 1, over: false });
  await assertInvariants(t.db.database);
});

Deno.test("a lease is renewed and given back though the rows were changed meanwhile", async () => {
  await using t = await twoLeased();
  const leases = () =>
    t.db.database.selectFrom("queue_recipient")
      .select(sql<boolean | null>`lease_until > now() + interval '90 minutes'`.as("long")).execute();
  await behind(t, TOUCH, () => t.db.door.query(renew, [1, 1], [1, 2], LEASE, 7_200_000));
  assertEquals(await leases(), [{ long: true }, { long: true }]);
  await behind(t, TOUCH, () => t.db.door.query(giveBack, [1, 1], [1, 2], LEASE));
  assertEquals(await leases(), [{ long: null }, { long: null }]);
});

Deno.test("a copy that is placed here ends its recipient though the row was changed meanwhile", async () => {
  await using t = await twoLeased();
  await using message = await stage(t.store, mail("Here"));
  const along = [call(arrive, 1, [1], ["delivered"], [null], message.blob, LEASE, 0)];
  const items = [{ message, to: [{ account: t.accounts[0]!, mailbox: "INBOX" }] }];
  const [outcomes] = await behind(t, TOUCH, () => t.store.deliver(items, { atomic: true, along }));
  assertEquals(outcomes!.map(({ ok }) => ok), [true]);
  assertEquals(await states(t.db.database), { delivered: 1, ready: 1 });
  assertEquals(await messageOf(t), { open: 1, over: false });
  await assertInvariants(t.db.database);
});

Deno.test("what was told is noted though the row was changed meanwhile", async () => {
  await using t = await twoLeased();
  await sql`update queue_recipient set state = 'failed', lease = null, lease_until = null, ended_at = now(),
              notice = 'failure', notice_at = now() where number = 1`.execute(t.db.database);
  const rows = await behind(t, TOUCH, () => t.db.door.query(told, 1, [1], ["failure"], null));
  assertEquals(rows.int(0, 0), 1);
  assertEquals(await messageOf(t), { open: 1, over: false });
  await assertInvariants(t.db.database);
});
