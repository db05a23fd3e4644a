import { assert, assertEquals } from "@std/assert";
import type { AccountId } from "../../src/core/brands.ts";
import type { Store } from "../../src/store/mod.ts";
import { assertInvariants } from "./invariants.ts";
import { bench, good, mail, put } from "./support.ts";

/** mulberry32: the same history for the same seed. */
function dice(seed: number): (n: number) => number {
  let state = seed;
  return (n) => {
    state = state + 0x6d2b79f5 | 0;
    let t = Math.imul(state ^ state >>> 15, 1 | state);
    t = t + Math.imul(t ^ t >>> 7, 61 | t) ^ t;
    return ((t ^ t >>> 14) >>> 0) % n;
  };
}

const NAMES = ["INBOX", "Archive", "Trash", "a", "a/b"];

/** One random act; refusals are part of the game, throwing is not. */
async function act(store: Store, account: AccountId, roll: (n: number) => number): Promise<void> {
  const name = NAMES[roll(NAMES.length)]!, other = NAMES[roll(NAMES.length)]!;
  const kind = roll(12);
  if (kind < 4) {
    await put(store, account, mail(`m${roll(1000)}`, "x".repeat(roll(500))), {
      mailbox: name,
      create: true,
      flags: roll(32),
      keywords: roll(3) === 0 ? [`k${roll(5)}`] : [],
    });
    return;
  }
  const box = await store.mailbox(account, name);
  if (box === undefined) return;
  const low = 1 + roll(box.uidNext), set = [[low, low + roll(6)]] as const;
  switch (kind) {
    case 4:
    case 5:
      await store.setFlags(account, box.id, set, {
        op: (["add", "remove", "replace"] as const)[roll(3)]!,
        flags: roll(32),
        keywords: roll(2) === 0 ? [`k${roll(5)}`] : [],
      });
      return;
    case 6:
      return void await store.copy(account, box.id, set, other);
    case 7:
      return void await store.move(account, box.id, set, other);
    case 8:
      return void await store.expunge(account, box.id, roll(2) === 0 ? "all" : set);
    case 9:
      return void await store.remove(account, box.id, set);
    case 10:
      return void (roll(4) === 0 && await store.deleteMailbox(account, name));
    case 11:
      if (roll(3) === 0) await store.renameMailbox(account, name, `r${roll(50)}/x`);
      else await store.search(account, box.id, { key: "text", text: "m1" });
  }
}

Deno.test("after random histories of several workers on shared accounts, everything adds up", async () => {
  await using t = await bench(3, { limits: { garbageMs: 0, chunkOctets: 300 } });
  await using second = await t.another();
  await using third = await t.another({ indexer: true });
  const stores = [t.store, second, third];
  const seen = new Map<string, number>();
  for (let round = 0; round < 3; round++) {
    await Promise.all(Array.from({ length: 9 }, async (_, i) => {
      const roll = dice(1000 * round + i);
      for (let step = 0; step < 15; step++) await act(stores[i % 3]!, t.accounts[roll(3)]!, roll);
    }));
    await assertInvariants(t.db.database);
    for (const account of t.accounts) {
      for (const box of await t.store.mailboxes(account)) {
        const key = `${account}:${box.name}:${box.uidValidity}`;
        assert(box.highestModSeq >= (seen.get(key) ?? 0));
        seen.set(key, box.highestModSeq);
        const index = good(await t.store.index(account, box.id));
        assertEquals([...index.uids], [...index.uids].sort((a, b) => a - b));
        assertEquals(new Set(index.uids).size, box.messages);
      }
    }
  }
  await t.store.sweep();
  await assertInvariants(t.db.database);
  assertEquals(await t.db.database.selectFrom("blob_garbage").selectAll().execute(), []);
});

Deno.test("many deliveries from several workers to few mailboxes: UIDs without gaps or doubles", async () => {
  await using t = await bench(4);
  await using second = await t.another();
  const stores = [t.store, second];
  const placed = await Promise.all(Array.from({ length: 400 }, async (_, i) => {
    const account = t.accounts[i % 4]!;
    return { account, uid: (await put(stores[i % 2]!, account, mail(`n${i}`))).uid };
  }));
  for (const account of t.accounts) {
    const uids = placed.filter((one) => one.account === account).map((one) => one.uid as number);
    assertEquals(uids.sort((a, b) => a - b), Array.from({ length: 100 }, (_, i) => i + 1));
  }
  await assertInvariants(t.db.database);
});

Deno.test("moves to and fro by two workers lose and double nothing", async () => {
  await using t = await bench();
  await using second = await t.another();
  const account = t.accounts[0]!;
  for (let i = 0; i < 12; i++) await put(t.store, account, mail(`m${i}`));
  const inbox = (await t.store.mailbox(account, "INBOX"))!.id;
  const archive = (await t.store.mailbox(account, "Archive"))!.id;
  await Promise.all([t.store, second].flatMap((store) =>
    Array.from({ length: 6 }, async (_, i) => {
      if (i % 2) good(await store.move(account, inbox, [[1, 0xffff_ffff]], "Archive"));
      else good(await store.move(account, archive, [[1, 0xffff_ffff]], "INBOX"));
    })
  ));
  const counts = (await t.store.mailboxes(account)).map((box) => box.messages);
  assertEquals(counts.reduce((a, b) => a + b), 12);
  await assertInvariants(t.db.database);
});
