import { assert, assertEquals } from "@std/assert";
import { sql } from "kysely";
import type { ModSeq } from "../../src/core/brands.ts";
import { Flag } from "../../src/core/store.ts";
import { Random } from "../fuzz/random.ts";
import { assertInvariants } from "./invariants.ts";
import { type Bench, bench, good, idOf, mail, put } from "./support.ts";

const BOXES = ["INBOX", "Other"];

/** Something that happens to a mailbox. */
async function happens({ store, accounts }: Bench, random: Random): Promise<void> {
  const account = accounts[0]!, name = random.pick(BOXES);
  const mailbox = await idOf(store, account, name);
  const low = 1 + random.below(30);
  const uids = random.oneIn(3)
    ? [[low, low]] as const
    : [[low, low + random.below(9)], [low + 12, low + 12 + random.below(30)]] as const;
  switch (random.below(8)) {
    case 0:
    case 1:
      return void await put(store, account, mail("new"), { mailbox: name });
    case 2:
      return void good(await store.remove(account, mailbox, uids));
    case 3:
      return void good(await store.copy(account, mailbox, uids, random.pick(BOXES)));
    case 4:
      return void good(await store.move(account, mailbox, uids, BOXES.find((box) => box !== name)!));
    case 5:
      return void good(
        await store.annotations.set({ account, mailbox, user: account }, uids, [{
          entry: "/comment",
          shared: true,
          value: new Uint8Array([65 + random.below(26)]),
        }], undefined),
      );
    default:
      return void good(
        await store.setFlags(account, mailbox, uids, {
          op: random.pick(["add", "remove", "replace"]),
          flags: random.below(32),
          keywords: random.pick([[], ["one"], ["one", "two"]]),
        }),
      );
  }
}

Deno.test("whatever happens, what changed since any time is exactly what has a newer modseq", async () => {
  await using t = await bench(1, { limits: { changedRanges: 6, changeRows: 5 } });
  const account = t.accounts[0]!, random = new Random(20261129, 1);
  const { database } = t.db;
  for (const name of BOXES) {
    for (let i = 0; i < 20; i++) await put(t.store, account, mail(`${i}`), { mailbox: name, create: true });
  }
  let pruned = 0;
  for (let step = 1; step <= 240; step++) {
    await happens(t, random);
    if (step % 60 === 0) {
      pruned += (await t.store.sweep()).pruned;
      await assertInvariants(database);
    }
    if (step % 4 !== 0) continue;
    for (const name of BOXES) {
      const mailbox = await idOf(t.store, account, name);
      const { rows } = await sql<{ uid: number; modseq: number; flags: number }>`
        select uid, modseq, flags from entry where mailbox_id = ${mailbox} order by uid`.execute(database);
      const newest = (await t.store.mailbox(account, name))!.highestModSeq;
      for (const since of [0, random.below(newest), newest - random.below(6), newest - 1, newest]) {
        const { changed } = good(await t.store.changes(account, mailbox, Math.max(0, since) as ModSeq));
        assertEquals(
          changed.map(({ uid, modSeq, flags }) => ({ uid, modseq: modSeq, flags })),
          rows.filter(({ modseq }) => modseq > since) as unknown[],
          `${name}, step ${step}, since ${since} of ${newest}`,
        );
      }
    }
  }
  assert(pruned > 0);
});

Deno.test("a mailbox that nobody changed keeps no ranges, and the oldest are swept", async () => {
  await using t = await bench(1, { limits: { changedRanges: 2 } });
  const account = t.accounts[0]!, inbox = await idOf(t.store, account, "INBOX");
  for (let i = 0; i < 5; i++) await put(t.store, account, mail(`${i}`));
  const ranges = async () =>
    (await sql<
      { low: number; high: number }
    >`select uid_low as low, uid_high as high from changed_range order by modseq`
      .execute(t.db.database)).rows;
  assertEquals(await ranges(), []);
  const start = (await t.store.mailbox(account, "INBOX"))!.highestModSeq;
  const seen = { op: "add", flags: Flag.Seen, keywords: [] } as const;
  for (const uids of [[[1, 9]], [[1, 3]], [[2, 2]], [[4, 4]]] as const) {
    good(await t.store.setFlags(account, inbox, uids, seen));
  }
  // What changed nothing is not told.
  assertEquals(await ranges(), [{ low: 1, high: 5 }]);
  for (const n of [5, 1, 3]) {
    good(await t.store.setFlags(account, inbox, [[n, n]], { ...seen, flags: Flag.Flagged }));
  }
  assertEquals((await t.store.sweep()).pruned, 1);
  assertEquals(await ranges(), [{ low: 1, high: 1 }, { low: 3, high: 3 }]);
  const { changed, complete } = good(await t.store.changes(account, inbox, start));
  assertEquals([changed.map(({ uid }) => uid as number), complete], [[1, 2, 3, 4, 5], true]);
  const gone = good(await t.store.createMailbox(account, "Gone"));
  good(await t.store.copy(account, inbox, [[1, 9]], "Gone"));
  good(await t.store.setFlags(account, gone.id, [[1, 2]], { ...seen, flags: Flag.Deleted }));
  assertEquals((await ranges()).length, 3);
  good(await t.store.deleteMailbox(account, "Gone"));
  await t.store.sweep();
  assertEquals((await ranges()).length, 2);
  await assertInvariants(t.db.database);
});

Deno.test("messages that go many at a time are out at once, and swept later; those with another entry stay", async () => {
  await using t = await bench();
  const { store } = t, { database } = t.db, account = t.accounts[0]!;
  const inbox = await idOf(store, account, "INBOX");
  for (let i = 0; i < 150; i++) await put(store, account, mail(`${i}`));
  good(await store.createMailbox(account, "Kept"));
  good(await store.copy(account, inbox, [[7, 7], [9, 9]], "Kept"));
  good(await store.remove(account, inbox, [[9, 9]]));
  good(await store.remove(account, inbox, [[1, 200]]));
  const messages = async () =>
    (await sql<{ n: number }>`select count(*)::int8 as n from message`.execute(database)).rows[0]!.n;
  assertEquals((await store.mailbox(account, "INBOX"))!.messages, 0);
  assertEquals([(await store.quota(account)).messages, await messages()], [2, 150]);
  await assertInvariants(database);
  assertEquals((await store.sweep()).lost, 149);
  assertEquals([await messages(), (await store.sweep()).lost], [2, 0]);
  await assertInvariants(database);
  // A few go with their entries, here as everywhere.
  const kept = await idOf(store, account, "Kept");
  good(await store.remove(account, kept, [[1, 9]]));
  assertEquals(await messages(), 0);
});
