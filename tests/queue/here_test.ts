/** Queued mail for recipients of ours: what waited for its hour (RFC 4865). */
import { assert, assertEquals } from "@std/assert";
import { sql } from "kysely";
import type { AccountId } from "../../src/core/brands.ts";
import type { Directory, Resolution } from "../../src/core/directory.ts";
import { Notify, type Outbound } from "../../src/core/outbound.ts";
import { Here } from "../../src/queue/here.ts";
import { BlobReader } from "../../src/queue/octets.ts";
import { listQueue, steer } from "../../src/queue/steer.ts";
import { Supply } from "../../src/queue/work.ts";
import { promote } from "../../src/queue/sql/keep.ts";
import { HERE_LANE } from "../../src/store/mod.ts";
import { assertInvariants } from "../store/invariants.ts";
import { addAccount, all, type Bench, bench, idOf, mail } from "../store/support.ts";
import { drained, enqueue, ENVELOPE, Hops, outbound, QUICK, scheduler, until } from "./support.ts";

/** A directory of addresses of example.test; other domains are elsewhere. */
function directoryOf(known: Readonly<Record<string, Resolution>>): Directory {
  return {
    resolve: ({ local, domain }) =>
      Promise.resolve(
        known[`${local}@${domain}`] ??
          (domain === "example.test" ? { kind: "unknown" } : { kind: "foreign", domain }),
      ),
    forwarding: ({ local }, through) => Promise.resolve({ local: `srs-${local}`, domain: through }),
  };
}

function local(accounts: readonly AccountId[], remote: readonly string[] = []): Resolution {
  const targets = accounts.map((account) => ({ account, address: "", detail: undefined }));
  return { kind: "local", targets, remote };
}

/** A scheduler that delivers here too. */
function delivering(t: Bench, known: Readonly<Record<string, Resolution>>, hops = new Hops()) {
  const here = { store: t.store, directory: directoryOf(known), hostname: "Mail.example.test" };
  return scheduler(t, hops, {}, { here });
}

/** Recipients of ours. */
function ours(addresses: readonly string[], envelope: Partial<Outbound["envelope"]> = {}, notify?: number) {
  return outbound(addresses, envelope, { here: true, ...(notify === undefined ? {} : { notify }) });
}

/** An account's INBOX, as text. */
async function inbox(t: Bench, account: AccountId): Promise<readonly string[]> {
  const id = await idOf(t.store, account, "INBOX");
  const texts: string[] = [];
  for await (const rows of t.store.fetch(account, id, [[1, 1000]], {})) {
    for (const row of rows) {
      const decoder = new TextDecoder();
      const pieces = await all(t.store.octets(account, [{ message: row.message, start: 0, end: 1e9 }]));
      texts.push(pieces.map((piece) => decoder.decode(piece.octets, { stream: true })).join(""));
    }
  }
  return texts;
}

async function rows(t: Bench) {
  return await t.db.database.selectFrom("queue_recipient")
    .select(["address", "state", "reply_status", "reply_step", "notice", "lane"])
    .orderBy("queue_id").orderBy("number").execute();
}

Deno.test("a message waits for its hour, then each of ours has one copy with its Return-Path", async () => {
  await using t = await bench(2);
  const [ann, bob] = t.accounts as [AccountId, AccountId];
  const holdUntil = Date.now() + 3_600_000;
  const envelope = { holdUntil, reversePath: 'o"dd@example.test' };
  const octets = mail("Later", "Happy birthday\n");
  // Both lead to ann: she gets one.
  await enqueue(
    t.store,
    ours(["ann@example.test", "info@example.test", "bob@example.test"], envelope),
    octets,
  );
  await using queue = delivering(t, {
    "ann@example.test": local([ann]),
    "info@example.test": local([ann]),
    "bob@example.test": local([bob]),
  });
  const listed = await listQueue(t.db.database, {}, 10);
  assertEquals(
    listed.map(({ state, destination }) => [state, destination]),
    Array(3).fill(["waiting", "here:"]),
  );
  assertEquals(listed.map((one) => one.heldUntil?.getTime()), Array(3).fill(holdUntil));
  // An administrator's hold and release do not send it early, and neither does a retry.
  assertEquals(await steer(t.db.database, "retry", {}), 0);
  assertEquals(await steer(t.db.database, "hold", {}), 3);
  assertEquals(await steer(t.db.database, "release", {}), 3);
  assertEquals((await listQueue(t.db.database, {}, 10)).map((one) => one.nextAttempt?.getTime()), [
    holdUntil,
    holdUntil,
    holdUntil,
  ]);
  assertEquals(await inbox(t, ann), []);
  await sql`update queue_recipient set due_at = now()`.execute(t.db.database);
  await t.db.door.query(promote, 100);
  queue.wake();
  await drained(t.db.database);
  const copy = `Return-Path: <"o\\"dd"@example.test>\r\n${new TextDecoder().decode(octets)}`;
  assertEquals(await inbox(t, ann), [copy]);
  assertEquals(await inbox(t, bob), [copy]);
  assertEquals(
    (await rows(t)).map((row) => [row.state, row.reply_step]),
    Array(3).fill(["delivered", "here"]),
  );
  await assertInvariants(t.db.database);
});

Deno.test("who asked for it hears that a held message arrived, and of those who are gone meanwhile", async () => {
  await using t = await bench(1);
  const ann = t.accounts[0]!;
  const all = Notify.Success | Notify.Failure;
  await enqueue(
    t.store,
    ours(["ann@example.test", "gone@example.test", "off@example.test", "circle@example.test"], {}, all),
  );
  await enqueue(t.store, ours(["ann@example.test", "gone@example.test"], { reversePath: "" }, all));
  await using _ = delivering(t, {
    "ann@example.test": local([ann]),
    "off@example.test": { kind: "disabled" },
    "circle@example.test": { kind: "loop" },
  });
  await drained(t.db.database);
  assertEquals((await rows(t)).map((row) => [row.address, row.state, row.reply_status, row.notice]), [
    ["ann@example.test", "delivered", "2.0.0", "success"],
    ["gone@example.test", "failed", "5.1.1", "failure"],
    ["off@example.test", "failed", "5.2.1", "failure"],
    ["circle@example.test", "failed", "5.4.6", "failure"],
    ["ann@example.test", "delivered", "2.0.0", null],
    ["gone@example.test", "failed", "5.1.1", null],
  ]);
  // An address that comes back is not refused for having been away.
  assertEquals(await t.db.database.selectFrom("queue_suppression").selectAll().execute(), []);
  await assertInvariants(t.db.database);
});

Deno.test("a full mailbox is tried again, and holds up nobody else", async () => {
  await using t = await bench(1);
  const ann = t.accounts[0]!;
  const full = await addAccount(t.db, "full", { messages: 0 });
  await enqueue(t.store, ours(["full@example.test", "ann@example.test", "over@example.test"]));
  await using _ = delivering(t, {
    "ann@example.test": local([ann]),
    "full@example.test": local([full]),
    "over@example.test": { kind: "over-quota" },
  });
  const reached = async () => (await rows(t)).every((row) => row.state !== "ready");
  await until(reached, "all were tried");
  assertEquals((await rows(t)).map((row) => [row.state, row.reply_status]), [
    ["waiting", "4.2.2"],
    ["delivered", "2.0.0"],
    ["waiting", "4.2.2"],
  ]);
  assertEquals((await inbox(t, ann)).length, 1);
});

Deno.test("an alias is asked at the hour: copies here, the rest goes on in the same transaction", async () => {
  await using t = await bench(1);
  const ann = t.accounts[0]!;
  const hops = new Hops();
  const wish = Notify.Success | Notify.Failure;
  await enqueue(t.store, ours(["both@example.test", "away@example.test", "moved@left.test"], {}, wish));
  await using _ = delivering(t, {
    "both@example.test": local([ann], ["x@one.test", "y@one.test"]),
    "away@example.test": local([], ["z@one.test"]),
  }, hops);
  await until(() => hops.recipients.length === 4, "what goes on went out");
  await drained(t.db.database);
  assertEquals([...hops.recipients].sort(), ["moved@left.test", "x@one.test", "y@one.test", "z@one.test"]);
  for (const { octets } of hops.got) assert(!octets.startsWith("Return-Path"), octets);
  assertEquals((await inbox(t, ann)).length, 1);
  const sent = await t.db.database.selectFrom("queue_recipient as r").innerJoin(
    "queue_message as m",
    "m.queue_id",
    "r.queue_id",
  )
    .select(["r.address", "r.state", "r.notify", "r.notice", "m.reverse_path as from"]).orderBy("r.address")
    .execute();
  assertEquals(sent.map((row) => [row.address, row.state, row.notify, row.notice, row.from]), [
    // Handed on to one: that one's end is what its sender hears of.
    ["away@example.test", "expanded", wish, null, "ann@example.test"],
    ["both@example.test", "expanded", wish, "success", "ann@example.test"],
    ["moved@left.test", "delivered", wish, null, "ann@example.test"],
    ["x@one.test", "delivered", Notify.Failure, null, "srs-ann@example.test"],
    ["y@one.test", "delivered", Notify.Failure, null, "srs-ann@example.test"],
    ["z@one.test", "delivered", wish, null, "srs-ann@example.test"],
  ]);
  await assertInvariants(t.db.database);
});

Deno.test("a domain that became ours while a message waited gets it here", async () => {
  await using t = await bench(1);
  const hops = new Hops();
  await enqueue(t.store, outbound(["new@joined.test"], { holdUntil: Date.now() - 1000 }));
  await using _ = delivering(t, { "new@joined.test": local([t.accounts[0]!]) }, hops);
  await drained(t.db.database);
  assertEquals((await inbox(t, t.accounts[0]!)).length, 1);
  assertEquals(hops.got, []);
});

Deno.test("the postmaster without a domain was queued with our name", async () => {
  await using t = await bench(1);
  await enqueue(t.store, ours(["postmaster@mail.example.test"]));
  await using _ = delivering(t, { "postmaster@": local([t.accounts[0]!]) });
  await drained(t.db.database);
  assertEquals((await inbox(t, t.accounts[0]!)).length, 1);
});

Deno.test("whose lease is over places nothing: the copy and the end of the row are one transaction", async () => {
  await using t = await bench(1);
  const ann = t.accounts[0]!;
  const directory = directoryOf({ "ann@example.test": local([ann]) });
  await enqueue(t.store, ours(["ann@example.test"]));
  const supply = new Supply(t.db.door, QUICK), other = new Supply(t.db.door, QUICK);
  const hereOf = (lease: string) =>
    new Here({ store: t.store, directory, hostname: "mx" }, {
      reader: new BlobReader(t.db.door),
      limits: QUICK,
      lease,
    });
  const want = [{ lane: HERE_LANE, count: 10, after: "" }];
  const unit = (await supply.take(want)).get(HERE_LANE)!.units[0]!;
  await sql`update queue_recipient set lease_until = now() - interval '1 second'`.execute(t.db.database);
  const again = (await other.take(want)).get(HERE_LANE)!.units[0]!;
  const [late, now] = await Promise.all([hereOf(supply.lease).place(unit), hereOf(other.lease).place(again)]);
  assertEquals([late.placed.length, late.lost.length, now.placed.length, now.lost.length], [0, 1, 1, 0]);
  // And once more, when all is over.
  assertEquals((await hereOf(other.lease).place(again)).lost.length, 1);
  assertEquals((await inbox(t, ann)).length, 1);
  await assertInvariants(t.db.database);
});

Deno.test("a held message of many pieces arrives whole", async () => {
  await using t = await bench(2);
  const [ann, bob] = t.accounts as [AccountId, AccountId];
  const octets = mail("Large", "0123456789abcdef0123456789abcdef\n".repeat(100_000));
  await enqueue(t.store, ours(["ann@example.test", "both@example.test"], { holdUntil: 1 }), octets);
  const hops = new Hops();
  await using _ = delivering(t, {
    "ann@example.test": local([ann]),
    "both@example.test": local([bob], ["x@one.test"]),
  }, hops);
  await until(() => hops.got.length === 1, "the one elsewhere has it");
  await drained(t.db.database);
  const text = new TextDecoder().decode(octets);
  const copy = `Return-Path: <${ENVELOPE.reversePath}>\r\n${text}`;
  for (const account of [ann, bob]) assert((await inbox(t, account))[0] === copy);
  assert(hops.got[0]!.octets === text);
  await assertInvariants(t.db.database);
});
