/** Messages of up to two chunks go with the transaction that places them; nothing of them is staged before. */
import { assertEquals } from "@std/assert";
import { join } from "../../src/bytes/join.ts";
import type { AccountId } from "../../src/core/brands.ts";
import { addAccount, all, type Bench, bench, codeOf, good, idOf, octetsOf, put, stage } from "./support.ts";
import { assertInvariants } from "./invariants.ts";

const CHUNK = 10_000;

/** A message of exactly `size` octets, different for each `n`. */
function letter(size: number, n = 0): Uint8Array {
  const octets = octetsOf(`Subject: ${n}\n\n${`${n} abcdefghijklmnopqrstuvwxyz\n`.repeat(size / 20)}`);
  return octets.subarray(0, size);
}

/** All octets of an account's INBOX, by UID. */
async function inbox(t: Bench, account: AccountId): Promise<readonly Uint8Array[]> {
  const box = await idOf(t.store, account, "INBOX");
  const rows = (await all(t.store.fetch(account, box, [[1, 10_000]], {}))).flat();
  const got: Uint8Array[][] = rows.map(() => []);
  const ranges = rows.map(({ message, size }) => ({ message, start: 0, end: size }));
  for await (const { index, octets } of t.store.octets(account, ranges)) got[index]!.push(octets.slice());
  return got.map((pieces) => join(pieces));
}

async function count(t: Bench, table: "blob_chunk" | "blob_staged"): Promise<number> {
  const { n } = await t.db.database.selectFrom(table).select(({ fn }) => fn.countAll<number>().as("n"))
    .executeTakeFirstOrThrow();
  return Number(n);
}

Deno.test("around one and two chunks: whole, in as many rows as it takes, staged only beyond two", async () => {
  await using t = await bench(1, { limits: { chunkOctets: CHUNK } });
  const account = t.accounts[0]!, sent: Uint8Array[] = [];
  let rows = 0;
  for (const size of [CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK - 1, 2 * CHUNK, 2 * CHUNK + 1, 5 * CHUNK]) {
    for (const cut of [size, 4096, 999]) {
      const octets = letter(size, cut);
      await using draft = t.store.stage();
      for (let at = 0; at < size; at += cut) await draft.write(octets.subarray(at, at + cut));
      await using message = await draft.finish();
      assertEquals(await count(t, "blob_staged"), size > 2 * CHUNK ? 1 : 0, `${size} in pieces of ${cut}`);
      const [placed] = await t.store.deliver([{ message, to: [{ account, mailbox: "INBOX" }] }], {
        atomic: true,
      });
      good(placed![0]!);
      sent.push(octets);
      assertEquals(await count(t, "blob_chunk"), rows += Math.ceil(size / CHUNK));
    }
  }
  assertEquals(await inbox(t, account), sent);
  assertEquals(await count(t, "blob_staged"), 0);
  await assertInvariants(t.db.database);
});

Deno.test("what was put ahead of a refusal is gone with it", async () => {
  await using t = await bench(1, { limits: { chunkOctets: CHUNK } });
  const account = t.accounts[0]!, full = await addAccount(t.db, "full", { octets: 100 });
  for (const to of [{ account, mailbox: "none" }, { account: full, mailbox: "INBOX" }]) {
    await using message = await stage(t.store, letter(CHUNK + 5));
    const [results] = await t.store.deliver([{ message, to: [to] }], { atomic: false });
    assertEquals(codeOf(results![0]!), to.mailbox === "none" ? "TRYCREATE" : "OVERQUOTA");
    assertEquals(await count(t, "blob_chunk"), 0);
  }
  // One is refused, the other placed: one message, whose octets stay.
  await using message = await stage(t.store, letter(CHUNK + 5));
  const to = [{ account, mailbox: "INBOX" }, { account: full, mailbox: "INBOX" }];
  const [results] = await t.store.deliver([{ message, to }], { atomic: false });
  assertEquals(results!.map(codeOf), [undefined, "OVERQUOTA"]);
  assertEquals(await inbox(t, account), [letter(CHUNK + 5)]);
  await assertInvariants(t.db.database);
});

Deno.test("a mailbox that is made first, and one message that replaces another", async () => {
  await using t = await bench(1, { limits: { chunkOctets: CHUNK } });
  const account = t.accounts[0]!, octets = letter(CHUNK + 300, 1), other = letter(2 * CHUNK - 7, 2);
  await using message = await stage(t.store, octets);
  const to = [{ account, mailbox: "made", create: true }, { account, mailbox: "INBOX" }];
  const [placed] = await t.store.deliver([{ message, to }], { atomic: true });
  placed!.forEach(good);
  await using next = await stage(t.store, other);
  const box = await idOf(t.store, account, "INBOX");
  good(
    await t.store.replace(next, { account, mailbox: "INBOX" }, {
      account,
      mailbox: box,
      uid: good(placed![1]!).uid,
    }),
  );
  assertEquals(await inbox(t, account), [other]);
  await assertInvariants(t.db.database);
});

Deno.test("buffers that are used again mix up no messages, whoever delivers at once", async () => {
  await using t = await bench(3, { limits: { chunkOctets: 150_000, batchOctets: 1_000_000 } });
  const account = t.accounts[0]!;
  const size = (n: number) => 131_000 + n % 7 * 30_000;
  await Promise.all(Array.from({ length: 6 }, async (_, worker) => {
    for (let i = 0; i < 8; i++) {
      const n = worker * 100 + i;
      if (i % 3 === 0) await put(t.store, t.accounts[1 + worker % 2]!, letter(size(n), n));
      await put(t.store, account, letter(size(n), n));
    }
  }));
  const got = await inbox(t, account);
  assertEquals(got.length, 48);
  const numbers = new Set<number>();
  for (const octets of got) {
    const n = Number(/^Subject: (\d+)/.exec(new TextDecoder().decode(octets.subarray(0, 30)))![1]);
    numbers.add(n);
    assertEquals(octets, letter(size(n), n), `number ${n}`);
  }
  assertEquals(numbers.size, 48);
  await assertInvariants(t.db.database);
});
