import { assertEquals } from "@std/assert";
import type { AccountId } from "../../src/core/brands.ts";
import type { MailStore } from "../../src/core/store.ts";
import { Notify, type Outbound, type OutboundEnvelope, SentTooMuch } from "../../src/core/outbound.ts";
import { messageKey } from "../../src/store/message_key.ts";
import { call, statement } from "../../src/store/pg/door.ts";
import { assertInvariants } from "./invariants.ts";
import { addAccount, bench, codeOf, idOf, mail, octetsOf, stage } from "./support.ts";

const ENVELOPE: OutboundEnvelope = {
  reversePath: "ann@example.test",
  body: "7BIT",
  smtputf8: false,
  requireTls: false,
  ret: undefined,
  envid: undefined,
  priority: 0,
  holdUntil: undefined,
  deliverBy: undefined,
  submitter: undefined,
  session: "s1",
};

function outbound(addresses: readonly string[], envelope: Partial<OutboundEnvelope> = {}): Outbound {
  return {
    envelope: { ...ENVELOPE, ...envelope },
    recipients: addresses.map((address) => ({
      address,
      notify: Notify.Failure,
      originalRecipient: undefined,
    })),
  };
}

Deno.test("mail that goes out and a copy that stays are one transaction and one blob", async () => {
  const lanes: (readonly string[])[] = [];
  await using t = await bench(1, { queue: { queued: (some) => lanes.push(some) } });
  const account = t.accounts[0]!;
  await using message = await stage(t.store, mail("Both", "Hello\n", "Message-ID: <a@example.test>\n"));
  const [results] = await t.store.deliver([{
    message,
    to: [{ account, mailbox: "INBOX" }],
    outbound: outbound(["x@one.test", "y@two.test", "z@one.test"]),
  }], { atomic: true });
  assertEquals(results!.map((one) => one.ok), [true]);
  assertEquals(lanes, [["one.test", "two.test"]]);
  const db = t.db.database;
  const queued = await db.selectFrom("queue_message").selectAll().executeTakeFirstOrThrow();
  assertEquals([queued.blob_id, queued.open, queued.message_key, queued.size], [
    message.blob as string,
    3,
    "<a@example.test>",
    message.size,
  ]);
  const rows = await db.selectFrom("queue_recipient").select(["number", "address", "lane", "state", "sender"])
    .orderBy("number").execute();
  assertEquals(rows.map((row) => [row.number, row.address, row.lane, row.state, row.sender]), [
    [1, "x@one.test", "one.test", "ready", "example.test"],
    [2, "y@two.test", "two.test", "ready", "example.test"],
    [3, "z@one.test", "one.test", "ready", "example.test"],
  ]);
  assertEquals((await db.selectFrom("blob_chunk").select("seq").execute()).length, 1);
  await assertInvariants(db);
});

Deno.test("mail that only goes out is queued, small or staged", async () => {
  await using t = await bench(1, { limits: { chunkOctets: 1000 } });
  for (const body of ["Hello\n", "A line of a longer letter\n".repeat(200)]) {
    await using message = await stage(t.store, mail("Out", body));
    const results = await t.store.deliver([{ message, to: [], outbound: outbound(["x@one.test"]) }], {
      atomic: true,
    });
    assertEquals(results, [[]]);
  }
  const rows = await t.db.database.selectFrom("queue_message").select("size").orderBy("queue_id").execute();
  assertEquals(rows.length, 2);
  assertEquals(await t.db.database.selectFrom("blob_staged").selectAll().execute(), []);
  await assertInvariants(t.db.database);
});

Deno.test("atomic: a refused copy keeps the rest from going out; otherwise it goes out", async () => {
  await using t = await bench(1);
  const full = await addAccount(t.db, "full", { octets: 10 });
  const ok = t.accounts[0]!;
  await using message = await stage(t.store, mail("Refused"));
  const item = {
    message,
    to: [{ account: full, mailbox: "INBOX" }, { account: ok, mailbox: "INBOX" }],
    outbound: outbound(["x@one.test"]),
  };
  const [atomic] = await t.store.deliver([item], { atomic: true });
  assertEquals(atomic!.map(codeOf), ["OVERQUOTA", "OVERQUOTA"]);
  assertEquals(await t.db.database.selectFrom("queue_message").select("queue_id").execute(), []);
  const [each] = await t.store.deliver([item], { atomic: false });
  assertEquals(each!.map(codeOf), ["OVERQUOTA", undefined]);
  assertEquals((await t.db.database.selectFrom("queue_message").select("open").execute()).length, 1);
  // All copies refused: the octets are there nevertheless.
  await using other = await stage(t.store, mail("Refused too"));
  await t.store.deliver([{ ...item, message: other, to: [item.to[0]!] }], { atomic: false });
  await assertInvariants(t.db.database);
});

Deno.test("deliveries of both kinds at once: each is done once", async () => {
  await using t = await bench(3);
  const work = [];
  for (let i = 0; i < 120; i++) {
    work.push((async () => {
      await using message = await stage(t.store, mail(`Number ${i}`));
      const to = i % 3 === 2 ? [] : [{ account: t.accounts[i % 3]!, mailbox: "INBOX" }];
      const item = i % 3 === 0
        ? { message, to }
        : { message, to, outbound: outbound([`r${i}@d${i % 7}.test`]) };
      await t.store.deliver([item], { atomic: true });
    })());
  }
  await Promise.all(work);
  assertEquals((await t.db.database.selectFrom("queue_recipient").select("number").execute()).length, 80);
  assertEquals((await t.db.database.selectFrom("message").select("size").execute()).length, 80);
  await assertInvariants(t.db.database);
});

Deno.test("the sweep frees octets when neither a mailbox nor the queue has them", async () => {
  await using t = await bench(1, { limits: { garbageMs: 0 } });
  const account = t.accounts[0]!;
  await using message = await stage(t.store, mail("Shared"));
  await t.store.deliver([{
    message,
    to: [{ account, mailbox: "INBOX" }],
    outbound: outbound(["x@one.test"]),
  }], {
    atomic: true,
  });
  const inbox = await idOf(t.store, account, "INBOX");
  const octets = () => t.db.database.selectFrom("blob_chunk").select("seq").execute();
  await t.store.remove(account, inbox, [[1, 1]]);
  await t.store.sweep();
  assertEquals((await octets()).length, 1, "the queue has it");
  await t.db.database.updateTable("queue_recipient").set({ state: "delivered" }).execute();
  await t.db.database.updateTable("queue_message").set({ open: 0, ended_at: new Date() }).execute();
  await t.db.database.insertInto("blob_garbage").values({ blob_id: message.blob }).execute();
  await t.store.sweep();
  assertEquals(await octets(), [], "nobody has it");
});

Deno.test("held until a time: the recipient waits, and its life begins then", async () => {
  await using t = await bench(1);
  const holdUntil = Date.now() + 3_600_000;
  await using message = await stage(t.store, mail("Later"));
  await t.store.deliver([{ message, to: [], outbound: outbound(["x@one.test"], { holdUntil }) }], {
    atomic: true,
  });
  const row = await t.db.database.selectFrom("queue_recipient").innerJoin(
    "queue_message",
    "queue_message.queue_id",
    "queue_recipient.queue_id",
  ).select(["state", "due_at", "expires_at"]).executeTakeFirstOrThrow();
  assertEquals([row.state, row.due_at.getTime(), row.expires_at.getTime()], [
    "waiting",
    holdUntil,
    holdUntil + 432_000_000,
  ]);
});

Deno.test("calls that go along are done with the delivery, or nothing is", async () => {
  await using t = await bench(1);
  const account = t.accounts[0]!;
  const fails = statement("fails_on_purpose", [], "select 1 / 0");
  await using one = await stage(t.store, mail("One"));
  await using two = await stage(t.store, mail("Two"));
  const results = await Promise.allSettled([
    t.store.deliver([{ message: one, to: [{ account, mailbox: "INBOX" }] }], {
      atomic: true,
      along: [call(fails)],
    }),
    t.store.deliver([{ message: two, to: [], outbound: outbound(["x@one.test"]) }], { atomic: true }),
  ]);
  assertEquals(results.map((result) => result.status), ["rejected", "fulfilled"]);
  assertEquals((await t.store.mailbox(account, "INBOX"))!.messages, 0);
  assertEquals((await t.db.database.selectFrom("queue_message").select("open").execute()).length, 1);
  await assertInvariants(t.db.database);
});

Deno.test("the Message-ID of an encoded envelope", () => {
  const key = (id: string) => messageKey(octetsOf(`(NIL NIL NIL NIL NIL NIL NIL NIL NIL ${id})`));
  assertEquals(key('"<a@b.test>"'), "<a@b.test>");
  assertEquals(key("NIL"), undefined);
  assertEquals(key(String.raw`"<\"a\\b\"@c.test>"`), String.raw`<"a\b"@c.test>`);
  assertEquals(key('""'), undefined);
});

Deno.test("what an account may send in an hour is exact, however many deliver at once, on any node", async () => {
  await using t = await bench(2);
  await using other = await t.another();
  const [ann, bob] = t.accounts as [AccountId, AccountId];
  const send = async (
    store: MailStore,
    submitter: AccountId,
    addresses: readonly string[],
    limit: { messages: number; recipients: number },
    here = false,
  ) => {
    await using message = await stage(store, mail("Out"));
    const out = outbound(addresses, { submitter });
    const recipients = out.recipients.map((one) => here ? { ...one, here } : one);
    try {
      // A copy stays here too: it goes with what is queued, or not at all.
      await store.deliver([{
        message,
        to: [{ account: bob, mailbox: "INBOX" }],
        outbound: { ...out, recipients, limit },
      }], { atomic: true });
      return "sent";
    } catch (thrown) {
      if (thrown instanceof SentTooMuch) return thrown.of;
      throw thrown;
    }
  };
  const tally = (results: readonly string[]) =>
    Object.fromEntries(
      [...new Set(results)].sort().map((one) => [one, results.filter((result) => result === one).length]),
    );
  const five = { messages: 5, recipients: Infinity };
  // What stays here, and waits for its hour, is not counted.
  assertEquals(await send(t.store, ann, ["a@example.test"], { messages: 0, recipients: 0 }, true), "sent");
  const results = await Promise.all(
    Array.from(
      { length: 24 },
      (_, i) => send(i % 2 ? t.store : other, i % 3 ? ann : bob, ["x@one.test"], five),
    ),
  );
  assertEquals(tally(results), { messages: 14, sent: 10 });
  const seven = { messages: Infinity, recipients: 8 };
  const more = await Promise.all(
    Array.from(
      { length: 6 },
      (_, i) => send(i % 2 ? t.store : other, ann, ["x@one.test", "y@two.test"], seven),
    ),
  );
  // 5 have been reached: one message with two more fits.
  assertEquals(tally(more), { recipients: 5, sent: 1 });
  assertEquals((await t.store.mailbox(bob, "INBOX"))!.messages, 12);
  const queued = await t.db.database.selectFrom("queue_message").select("submitter").execute();
  assertEquals(queued.filter(({ submitter }) => submitter === ann).length, 7);
  assertEquals(queued.length, 12);
  await assertInvariants(t.db.database);
});
