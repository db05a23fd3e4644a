import { assert, assertEquals } from "@std/assert";
import { sql, type Transaction } from "kysely";
import type { AccountId } from "../../src/core/brands.ts";
import type { Emit } from "../../src/core/events.ts";
import type { Tables } from "../../src/store/pg/tables.ts";
import { assertInvariants } from "./invariants.ts";
import { addAccount, type Bench, bench, codeOf, good, mail, octetsOf, put, stage } from "./support.ts";

/** Holds accounts' locks, as another worker's transaction would, while `work` runs. */
async function holding<T>(t: Bench, accounts: readonly AccountId[], work: () => Promise<T>): Promise<T> {
  return await t.db.database.transaction().execute(async (trx: Transaction<Tables>) => {
    await trx.selectFrom("account_state").select("account_id").where("account_id", "in", accounts)
      .orderBy("account_id").forUpdate().execute();
    return await work();
  });
}

/** Waits until so many backends of the database wait for a lock. */
async function waiters(t: Bench, count: number): Promise<readonly number[]> {
  for (;;) {
    const { rows } = await sql<{ pid: number }>`select pid from pg_stat_activity
      where datname = current_database() and wait_event_type = 'Lock'`.execute(t.db.database);
    if (rows.length >= count) return rows.map((row) => row.pid);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

Deno.test("what waits while commits are in flight goes together; one bad message harms no other", async () => {
  const events: [string, unknown][] = [];
  const emit = ((name: string, fields: unknown) => events.push([name, fields])) as Emit;
  await using t = await bench(3, { emit, limits: { lanes: 2 } });
  const [a, b, c] = t.accounts as [AccountId, AccountId, AccountId];
  const bad = mail("one that PostgreSQL refuses, whatever its reason");
  await sql`alter table message add check (size <> ${sql.lit(bad.length)})`.execute(t.db.database);
  const first: Promise<unknown>[] = [], later: Promise<unknown>[] = [];
  await holding(t, [a], async () => {
    first.push(put(t.store, a, mail("1")));
    await waiters(t, 1);
    first.push(put(t.store, a, mail("2")));
    await waiters(t, 2);
    for (const [i, account] of [b, c, b].entries()) later.push(put(t.store, account, mail(`l${i}`)));
    later.push(put(t.store, c, bad));
    for (const one of later) one.catch(() => {});
    // Both lanes are taken: these are in the queue after a turn or two, until the lock is gone.
    await new Promise((resolve) => setTimeout(resolve, 20));
  });
  await Promise.all(first);
  const rest = await Promise.allSettled(later);
  assertEquals(rest.map((one) => one.status), ["fulfilled", "fulfilled", "fulfilled", "rejected"]);
  assertEquals(events.filter(([name]) => name === "store.batch.split").length, 1);
  assertEquals((await t.store.mailbox(b, "INBOX"))!.messages, 2);
  assertEquals((await t.store.mailbox(c, "INBOX"))!.messages, 1);
  await assertInvariants(t.db.database);
});

Deno.test("a batch is bounded in messages", async () => {
  const sizes: number[] = [];
  const emit = ((name: string, fields: { messages: number }) => {
    if (name === "store.delivered") sizes.push(fields.messages);
  }) as Emit;
  await using t = await bench(1, { emit, limits: { batchMessages: 5, lanes: 1 } });
  const account = t.accounts[0]!;
  await Promise.all(Array.from({ length: 21 }, (_, i) => put(t.store, account, mail(`${i}`))));
  assert(Math.max(...sizes) <= 5);
  assertEquals(sizes.reduce((a, b) => a + b), 21);
  assert(sizes.length < 21);
});

Deno.test("quota in a batch: what fits alone is not refused because of a larger one before it", async () => {
  await using t = await bench(1, { limits: { lanes: 1 } });
  const full = await addAccount(t.db, "small", { octets: 1000 });
  const [ready] = t.accounts;
  const large = await stage(t.store, mail("large", "x".repeat(2000)));
  const small = await stage(t.store, mail("small"));
  const first = await stage(t.store, mail("first"));
  const results = await Promise.all([
    t.store.deliver([{ message: first, to: [{ account: ready!, mailbox: "INBOX" }] }], { atomic: false }),
    t.store.deliver([{ message: large, to: [{ account: full, mailbox: "INBOX" }] }], { atomic: false }),
    t.store.deliver([{ message: small, to: [{ account: full, mailbox: "INBOX" }] }], { atomic: true }),
  ]);
  assertEquals(results.map((one) => codeOf(one[0]![0]!)), [undefined, "OVERQUOTA", undefined]);
  await assertInvariants(t.db.database);
});

Deno.test("a connection that dies under a delivery: Unavailable, and the next one works", async () => {
  await using t = await bench();
  const account = t.accounts[0]!;
  await using message = await stage(t.store, mail("twice?"));
  const to = [{ message, to: [{ account, mailbox: "INBOX" }] }];
  const outcome = await holding(t, [account], async () => {
    const delivery = t.store.deliver(to, { atomic: false }).then(() => "placed", (error) => error.name);
    const [pid] = await waiters(t, 1);
    await sql`select pg_terminate_backend(${pid})`.execute(t.db.database);
    return await delivery;
  });
  assertEquals(outcome, "Unavailable");
  assertEquals(await t.store.ping(), true);
  const again = await t.store.deliver(to, { atomic: false });
  assertEquals(good(again[0]![0]!).uid as number, 1);
  await assertInvariants(t.db.database);
});

Deno.test("connections that die between requests are made anew", async () => {
  await using t = await bench();
  const account = t.accounts[0]!;
  await put(t.store, account, mail("before"));
  await sql`select pg_terminate_backend(pid) from pg_stat_activity
    where datname = current_database() and pid <> pg_backend_pid()`.execute(t.db.database);
  for (let tries = 0; !await t.store.ping(); tries++) {
    assert(tries < 50, "never came back");
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  await put(t.store, account, mail("after")).catch(() => put(t.store, account, mail("after")));
  assertEquals((await t.store.mailbox(account, "INBOX"))!.messages, 2);
});

Deno.test("a lock that is held too long is Unavailable, not a bug", async () => {
  await using t = await bench();
  const account = t.accounts[0]!;
  const inbox = (await t.store.mailbox(account, "INBOX"))!.id;
  await put(t.store, account, mail("x"));
  const outcome = await holding(t, [account], async () => {
    const removal = t.store.remove(account, inbox, [[1, 1]]).then(() => "removed", (error) => error.name);
    const [pid] = await waiters(t, 1);
    await sql`select pg_cancel_backend(${pid})`.execute(t.db.database);
    return await removal;
  });
  assertEquals(outcome, "Unavailable");
  assertEquals((await t.store.mailbox(account, "INBOX"))!.messages, 1);
});

Deno.test("200 MB through a draft in constant memory, and out again", async () => {
  await using t = await bench(1, { limits: { messageOctets: 300_000_000 } });
  const account = t.accounts[0]!;
  const head = octetsOf("Subject: large\nContent-Type: application/octet-stream\n\n");
  const block = octetsOf(`${"A".repeat(76)}\n`.repeat(840));
  await using draft = t.store.stage();
  await draft.write(head);
  let most = 0;
  const start = Deno.memoryUsage().rss;
  while (draft.size < 200_000_000) {
    await draft.write(block);
    most = Math.max(most, Deno.memoryUsage().rss);
  }
  const written = most - start;
  await using message = await draft.finish();
  const [[result]] = await t.store.deliver([{ message, to: [{ account, mailbox: "INBOX" }] }], {
    atomic: false,
  }) as [[never]];
  good(result);
  const inbox = (await t.store.mailbox(account, "INBOX"))!;
  let id: number | undefined;
  for await (const rows of t.store.fetch(account, inbox.id, [[1, 1]], {})) id = rows[0]!.message;
  let octets = 0, wrong = 0;
  for await (const piece of t.store.octets(account, [{ message: id as never, start: 0, end: Infinity }])) {
    const at = (octets - head.length) % block.length;
    if (octets > 0 && piece.octets[0] !== block[at]) wrong++;
    octets += piece.octets.length;
    most = Math.max(most, Deno.memoryUsage().rss);
  }
  assertEquals([octets, wrong], [message.size, 0]);
  assert(written < 64 * 1_048_576, `writing took ${written / 1_048_576} MiB`);
  // Reading makes garbage as fast as it comes: the collector decides how much of it stands at a time.
  assert(most - start < 160 * 1_048_576, `reading took ${(most - start) / 1_048_576} MiB`);
});
