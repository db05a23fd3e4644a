/**
 * The store's hot path on a PostgreSQL of its own with fsync on: `deno bench -A bench/store_bench.ts`.
 * Deliveries are of 2 KB messages to random ones of 200 accounts; figures are per transaction.
 */
import { sql } from "kysely";
import { kill } from "node:process";
import type { AccountId } from "../src/core/brands.ts";
import { silent } from "../src/core/events.ts";
import { realWorld } from "../src/core/world.ts";
import { createStore, insertAccountState } from "../src/store/mod.ts";
import { openDatabase } from "../src/store/pg/database.ts";
import { startEmbedded } from "../src/store/pg/embedded/cluster.ts";
import { SERVER_SETTINGS } from "../src/store/pg/embedded/settings.ts";
import { SERVING } from "../src/store/pg/embedded/owner.ts";
import { migrateToLatest } from "../src/store/pg/migrate.ts";
import { grantServing } from "../src/store/pg/roles.ts";
import { openDoor } from "../src/store/pg/wire/mod.ts";
import { dial } from "../src/net/mod.ts";

const ACCOUNTS = 200, ENTRIES = 100_000;

const home = await Deno.makeTempDir({ prefix: "malleposte-bench-" });
const cluster = await startEmbedded(`${home}/data`, SERVER_SETTINGS);
const database = openDatabase(cluster.address, { connections: 2 });
await migrateToLatest(database);
await grantServing(database, SERVING);
const served = openDatabase(cluster.serving, { connections: 2 });
const door = openDoor(dial, cluster.serving, { shared: 2, exclusive: 2 });
const store = createStore({ door, database: served, world: realWorld, emit: silent, indexer: false });

await database.insertInto("domain").values({ name: "bench.test" }).execute();
const accounts: AccountId[] = [];
for (let i = 0; i < ACCOUNTS; i++) {
  await database.transaction().execute(async (trx) => {
    const row = await trx.insertInto("account").values({ domain: "bench.test", local_part: `u${i}` })
      .returning("account_id").executeTakeFirstOrThrow();
    await insertAccountState(trx, row.account_id);
    accounts.push(row.account_id as AccountId);
  });
}

const octets = new TextEncoder().encode(
  "From: a@bench.test\r\nTo: b@bench.test\r\nSubject: hello\r\nMessage-ID: <1@bench.test>\r\n" +
    "Date: Tue, 3 Nov 2026 23:59:59 -0800\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n" +
    "Some text of a line that is as long as such lines are, more or less.\r\n".repeat(26),
);

async function stage() {
  const draft = store.stage();
  await draft.write(octets);
  return await draft.finish();
}

async function deliver(count: number): Promise<void> {
  const items = [];
  for (let i = 0; i < count; i++) {
    const account = accounts[Math.floor(Math.random() * ACCOUNTS)]!;
    items.push({ message: await stage(), to: [{ account, mailbox: "INBOX" }] });
  }
  for (const [outcome] of await store.deliver(items, { atomic: false })) {
    if (!outcome!.ok) throw new Error("Cannot deliver");
  }
}

// A large mailbox, and something to read in it.
const reader = accounts[0]!;
await deliver(1);
const archive = (await store.mailbox(reader, "Archive"))!;
await sql`insert into entry (account_id, mailbox_id, uid, message_id, modseq, size, internal_date, save_date, flags)
  select ${reader}, ${archive.id}, n, 1, n, 2000, now(), now(), n % 32 from generate_series(1, ${ENTRIES}) n`
  .execute(database);
await sql`analyze`.execute(database);
const large = store.stage();
for (let size = 0; size < 10_000_000; size += octets.length) await large.write(octets);
await store.deliver([{ message: await large.finish(), to: [{ account: reader, mailbox: "Sent" }] }], {
  atomic: false,
});
const sent = (await store.mailbox(reader, "Sent"))!;

async function read(mailbox: typeof sent, uid: number): Promise<number> {
  let sum = 0;
  for await (const [row] of store.fetch(reader, mailbox.id, [[uid, uid]], {})) {
    const range = { message: row!.message, start: 0, end: Infinity };
    for await (const piece of store.octets(reader, [range])) sum += piece.octets.length;
  }
  return sum;
}

await store.deliver([{ message: await stage(), to: [{ account: reader, mailbox: "Drafts" }] }], {
  atomic: false,
});
const drafts = (await store.mailbox(reader, "Drafts"))!;

Deno.bench("stage: parse and hold one message", { group: "in" }, async () => void await stage());
for (const count of [1, 8, 32]) {
  // Deno waits only for functions that are async themselves.
  Deno.bench(`deliver: ${count} in one transaction`, { group: "in" }, async () => await deliver(count));
}
Deno.bench("read: one message of 2 KB", { group: "out" }, async () => void await read(drafts, 1));
Deno.bench("read: one message of 10 MB", { group: "out" }, async () => void await read(sent, 1));
Deno.bench(`index: ${ENTRIES} messages`, { group: "out" }, async () => {
  const index = await store.index(reader, archive.id);
  if (!index.ok || index.value.uids.length !== ENTRIES) throw new Error("Cannot index");
});
Deno.bench("setFlags: one message", { group: "change" }, async () => {
  await store.setFlags(reader, archive.id, [[77, 77]], {
    op: Math.random() < 0.5 ? "add" : "replace",
    flags: Math.floor(Math.random() * 32),
    keywords: [],
  });
});

globalThis.addEventListener("unload", () => {
  kill(cluster.pid, "SIGQUIT");
  Deno.removeSync(home, { recursive: true });
});
