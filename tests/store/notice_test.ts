import { assert, assertEquals } from "@std/assert";
import { sql } from "kysely";
import type { ChangeNotice } from "../../src/core/store.ts";
import { BroadcastBus, deleteAccountRows, NodeLink } from "../../src/store/mod.ts";
import { bench, good, idOf, mail, octetsOf, put } from "./support.ts";

async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  for (let i = 0; !await condition(); i++) {
    assert(i < 1000, "never happened");
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

Deno.test("a watcher hears of each commit of its account, and of no other", async () => {
  await using t = await bench(2);
  const [account, other] = t.accounts as [never, never];
  const inbox = await idOf(t.store, account, "INBOX"), archive = await idOf(t.store, account, "Archive");
  const heard: ChangeNotice[] = [];
  {
    using _watch = t.store.watch(account, (notice) => heard.push(notice));
    using _bad = t.store.watch(account, () => {
      throw new Error("a listener's own bug");
    });
    const placed = await put(t.store, account, mail("x"));
    await put(t.store, other, mail("y"));
    good(await t.store.setFlags(account, inbox, [[1, 1]], { op: "add", flags: 1, keywords: [] }));
    good(await t.store.setFlags(account, inbox, [[1, 1]], { op: "add", flags: 1, keywords: [] }));
    good(await t.store.copy(account, inbox, [[1, 1]], "Archive"));
    good(await t.store.move(account, inbox, [[1, 1]], "Archive"));
    good(await t.store.remove(account, archive, [[1, 1]]));
    good(await t.store.createMailbox(account, "new"));
    assertEquals(heard.map((notice) => notice.mailbox), [
      inbox,
      inbox,
      archive,
      archive,
      inbox,
      archive,
      undefined,
    ]);
    assertEquals(heard[0]!.modSeq, placed.modSeq);
    // What was written comes along where nothing else has to be read.
    const row = { uid: placed.uid, flags: 1, keywords: [], modSeq: heard[1]!.modSeq };
    assertEquals(heard[1]!.flags, { after: placed.modSeq, rows: [row] });
    assertEquals(heard.filter(({ flags }) => flags !== undefined).length, 1);
    assert(heard.every((notice, i) => i === 0 || notice.modSeq >= heard[i - 1]!.modSeq));
    assertEquals((await t.store.mailbox(account, "Archive"))!.highestModSeq, heard[5]!.modSeq);
  }
  await put(t.store, account, mail("z"));
  assertEquals(heard.length, 7);
});

Deno.test("workers of one node hear of each other", async () => {
  const channel = `test.${crypto.randomUUID()}`;
  await using t = await bench(1, { buses: [new BroadcastBus(channel)] });
  await using second = await t.another({ buses: [new BroadcastBus(channel)] });
  const account = t.accounts[0]!;
  const heard: ChangeNotice[] = [];
  using _watch = second.watch(account, (notice) => heard.push(notice));
  const placed = await put(t.store, account, mail("x"));
  await until(() => heard.length > 0);
  assertEquals(heard, [{ account, mailbox: placed.mailbox, modSeq: placed.modSeq }]);
});

Deno.test("nodes hear of each other, and look for themselves after a lost connection", async () => {
  await using t = await bench();
  const account = t.accounts[0]!;
  const links = [new NodeLink(t.db.address, "node a"), new NodeLink(t.db.address, "node b")];
  await using first = await t.another({ buses: [links[0]!] });
  await using second = await t.another({ buses: [links[1]!] });
  await Promise.all(links.map((link) => link.ready()));
  const heard: ChangeNotice[] = [], own: ChangeNotice[] = [];
  using _watch = second.watch(account, (notice) => heard.push(notice));
  using _own = first.watch(account, (notice) => own.push(notice));
  const placed = await Promise.all(Array.from({ length: 20 }, (_, i) => put(first, account, mail(`${i}`))));
  const last = Math.max(...placed.map((one) => one.modSeq));
  await until(() => heard.some((notice) => notice.modSeq === last));
  assertEquals(heard[0]!.mailbox, placed[0]!.mailbox);
  assert(own.length > 0 && own.every((notice, i) => own.findIndex((o) => o.modSeq === notice.modSeq) === i));
  await sql`select pg_terminate_backend(pid) from pg_stat_activity
    where datname = current_database() and application_name = 'malleposte notices'`.execute(t.db.database);
  heard.length = 0;
  const missed = await put(t.store, account, mail("while it was away"), { mailbox: "Sent" });
  await until(() => heard.some((notice) => notice.modSeq >= missed.modSeq));
  assert(heard.some((notice) => notice.mailbox === missed.mailbox));
});

Deno.test("the maildrop lock excludes, across workers, until released or its lease ends", async () => {
  await using t = await bench(2, { limits: { maildropLeaseMs: 300 } });
  await using second = await t.another();
  const [account, other] = t.accounts as [never, never];
  {
    await using held = await t.store.lockMaildrop(account, "s1");
    assert(held !== undefined);
    assertEquals(await second.lockMaildrop(account, "s1"), undefined);
    await using elsewhere = await second.lockMaildrop(other, "s2");
    assert(elsewhere !== undefined);
    // Renewed: it outlives its lease.
    await new Promise((resolve) => setTimeout(resolve, 600));
    assertEquals(await second.lockMaildrop(account, "s3"), undefined);
  }
  await t.db.database.insertInto("maildrop_lock")
    .values({ account_id: account, session: "dead", expires_at: new Date(Date.now() - 1000) }).execute();
  await using taken = await second.lockMaildrop(account, "s4");
  assert(taken !== undefined);
});

Deno.test("a maildrop's lock dies with its worker's connection, and not before", async () => {
  await using t = await bench(1);
  const account = t.accounts[0] as never;
  const link = new NodeLink(t.db.address, "dying");
  link.connect(() => {}, () => {});
  await link.ready();
  await using dying = await t.another({ life: () => link.life });
  const living = new NodeLink(t.db.address, "living");
  living.connect(() => {}, () => {});
  await living.ready();
  await using survivor = await t.another({ life: () => living.life });
  assert(await dying.lockMaildrop(account, "s1") !== undefined);
  assertEquals(await survivor.lockMaildrop(account, "s2"), undefined);
  await link[Symbol.asyncDispose]();
  let taken: AsyncDisposable | undefined;
  await until(async () => (taken = await survivor.lockMaildrop(account, "s3")) !== undefined);
  assertEquals(await dying.lockMaildrop(account, "s4"), undefined, "the newcomer lives");
  await taken![Symbol.asyncDispose]();
  await living[Symbol.asyncDispose]();
});

Deno.test("the indexer waits for a quiet moment, but not for ever", async () => {
  await using t = await bench(2, { indexer: true, limits: { textQuietMs: 3_600_000, textLatestMs: 900 } });
  const [first, second] = t.accounts as [never, never];
  const texted = async () => (await t.db.database.selectFrom("message_text").selectAll().execute()).length;
  await put(t.store, first, mail("one"));
  await put(t.store, second, mail("two"));
  await new Promise((resolve) => setTimeout(resolve, 400));
  assertEquals(await texted(), 0);
  while (await texted() < 2) await new Promise((resolve) => setTimeout(resolve, 20));
});

Deno.test("the indexer extracts text after deliveries and stops with its store", async () => {
  await using t = await bench(1, { indexer: true, limits: { textQuietMs: 50 } });
  const account = t.accounts[0]!;
  await put(t.store, account, mail("one"));
  await put(t.store, account, mail("two"));
  let count = 0;
  while (count < 2) {
    await new Promise((resolve) => setTimeout(resolve, 20));
    count = (await t.db.database.selectFrom("message_text").selectAll().execute()).length;
  }
  const [state] = await t.db.database.selectFrom("account_state").select("indexed_message_id").execute();
  assertEquals(state!.indexed_message_id, 2);
});

Deno.test("an account that has grown large gets its trigrams, of what it had before, too", async () => {
  const limits = { textQuietMs: 50, searchGramsFrom: 6, textMessages: 4 };
  await using t = await bench(2, { indexer: true, limits });
  const [large, small] = t.accounts as [never, never];
  const count = async (account: never, grams: boolean) =>
    (await t.db.database.selectFrom("message_text").select("message_id").where("account_id", "=", account)
      .where("grams", "=", grams).execute()).length;
  const until = async (account: never, grams: boolean, wanted: number) => {
    while (await count(account, grams) !== wanted) await new Promise((resolve) => setTimeout(resolve, 20));
  };
  for (let i = 0; i < 6; i++) {
    for (const account of [large, small]) await put(t.store, account, mail(`word${i}`));
  }
  await until(large, false, 6);
  await until(small, false, 6);
  await put(t.store, large, mail("the seventh"));
  await until(large, true, 7);
  assertEquals([await count(large, false), await count(small, true)], [0, 0]);
  const inbox = await idOf(t.store, large, "INBOX");
  const found = good(await t.store.search(large, inbox, { key: "header", field: "subject", text: "WORD3" }));
  assertEquals([...found], [4]);
});

Deno.test("deleting an account removes all it had; the sweep takes its octets; others keep theirs", async () => {
  await using t = await bench(2, { limits: { garbageMs: 0 } });
  const [gone, stays] = t.accounts as [never, never];
  for (let i = 0; i < 3; i++) await put(t.store, gone, mail(`${i}`), { keywords: ["k"] });
  await put(t.store, stays, mail("mine"));
  good(await t.store.search(gone, await idOf(t.store, gone, "INBOX"), { key: "text", text: "x" }));
  await deleteAccountRows(t.db.database, gone);
  await deleteAccountRows(t.db.database, gone);
  for (const table of ["mailbox", "entry", "message", "message_text", "expunged", "subscription"] as const) {
    const rows = await t.db.database.selectFrom(table).selectAll().where("account_id", "=", gone).execute();
    assertEquals(rows, [], table);
  }
  await put(t.store, gone, mail("late")).then(
    () => assert(false),
    (error) => assert(/NONEXISTENT/.test(error.message)),
  );
  assertEquals((await t.store.sweep()).blobs, 3);
  assertEquals((await t.db.database.selectFrom("blob_chunk").select("seq").execute()).length, 1);
});

Deno.test("subscriptions and annotations are noticed, and move the mod-sequence on", async () => {
  await using t = await bench(1);
  const account = t.accounts[0]!;
  const heard: ChangeNotice[] = [];
  using _watching = t.store.watch(account, (notice) => heard.push(notice));
  const inbox = (await t.store.mailbox(account, "INBOX"))!;
  good(await t.store.subscribe(account, "INBOX", true));
  good(await t.store.subscribe(account, "INBOX", false));
  good(await t.store.setMetadata(account, inbox.id, new Map([["/private/comment", octetsOf("x")]])));
  good(await t.store.setMetadata(account, "server", new Map([["/private/comment", octetsOf("x")]])));
  assertEquals(heard.map(({ mailbox }) => mailbox), [undefined, undefined, inbox.id, undefined]);
  for (const [at, { modSeq }] of heard.entries()) assert(at === 0 || modSeq > heard[at - 1]!.modSeq);
  assertEquals((await t.store.mailbox(account, "INBOX"))!.highestModSeq, heard[2]!.modSeq);
});
