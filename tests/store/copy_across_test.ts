/** COPY, MOVE and REPLACE between accounts: one transaction, the same octets, both accounts' books right. */
import { assert, assertEquals } from "@std/assert";
import { allowedFlags, parseRights } from "../../src/core/acl.ts";
import type { AccountId, MailboxId } from "../../src/core/brands.ts";
import { Flag, type MailStore } from "../../src/core/store.ts";
import { dice } from "../imap/random.ts";
import { assertInvariants } from "./invariants.ts";
import { all, type Bench, bench, codeOf, good, idOf, mail, octetsOf, put, stage } from "./support.ts";

const to = (account: AccountId, mailbox: string, letters = "swt") => ({
  account,
  mailbox,
  allowed: allowedFlags(parseRights(letters)!),
});

async function octetsIn(store: MailStore, account: AccountId, mailbox: MailboxId): Promise<string[]> {
  const rows = (await all(store.fetch(account, mailbox, [[1, 0xffff_ffff]], { facts: true }))).flat();
  const texts = rows.map(() => "");
  const ranges = rows.map(({ message, size }) => ({ message, start: 0, end: size }));
  for await (const { index, octets } of store.octets(account, ranges)) {
    texts[index] += new TextDecoder().decode(octets);
  }
  return texts;
}

async function count(t: Bench, table: "message" | "blob_chunk"): Promise<number> {
  return (await t.db.database.selectFrom(table).select("blob_id").execute()).length;
}

Deno.test("a copy to another account has its octets, flags and keywords, and outlives the original", async () => {
  await using t = await bench(2, { limits: { chunkOctets: 4096, garbageMs: -1000 } });
  const [a, b] = t.accounts as [AccountId, AccountId];
  const inbox = await idOf(t.store, a, "INBOX"), there = await idOf(t.store, b, "Archive");
  const large = mail("large", "x".repeat(70) + "\n" + "y\n".repeat(9000));
  await put(t.store, a, mail("one"), { flags: Flag.Seen, keywords: ["a", "b"], internalDate: 1e12 });
  await put(t.store, a, large, { flags: Flag.Deleted | Flag.Flagged, keywords: ["b"] });
  await put(t.store, b, mail("old"), { mailbox: "Archive", keywords: ["b"] });
  // The same message twice in the mailbox: one row of it in the other account.
  good(await t.store.copy(a, inbox, [[1, 1]], "INBOX"));
  const blobs = await count(t, "blob_chunk");
  const copied = good(await t.store.copy(a, inbox, [[1, 9]], to(b, "Archive", "sw")));
  assertEquals([[...copied.sources], [...copied.targets]], [[1, 2, 3], [2, 3, 4]]);
  assertEquals(await count(t, "blob_chunk"), blobs);
  const rows = (await all(t.store.fetch(b, there, [[2, 4]], {}))).flat();
  assertEquals(
    rows.map((row) => [row.flags, row.keywords, row.message === rows[0]!.message]),
    [[Flag.Seen, [0, 1], true], [Flag.Flagged, [0], false], [Flag.Seen, [0, 1], true]],
  );
  assertEquals(rows[0]!.internalDate, 1e12);
  assertEquals((await t.store.mailbox(b, "Archive"))!.keywords, ["b", "a"]);
  const quota = await t.store.quota(b);
  assertEquals([quota.messages, quota.octets], [4, (await t.store.mailbox(b, "Archive"))!.octets]);
  await assertInvariants(t.db.database);

  good(await t.store.remove(a, inbox, [[1, 9]]));
  await t.store.sweep();
  const texts = await octetsIn(t.store, b, there);
  assertEquals(texts.length, 4);
  assertEquals(texts[2], new TextDecoder().decode(large));
  assertEquals(texts[1], texts[3]);
  const found = good(await t.store.search(b, there, { key: "header", field: "subject", text: "one" }));
  assertEquals([...found], [2, 4]);
  good(await t.store.remove(b, there, [[1, 9]]));
  await t.store.sweep();
  assertEquals([await count(t, "message"), await count(t, "blob_chunk")], [0, 0]);
  await assertInvariants(t.db.database);
});

Deno.test("a move between accounts: gone here, there once; quota is the target's", async () => {
  await using t = await bench(2);
  const [a, b] = t.accounts as [AccountId, AccountId];
  const inbox = await idOf(t.store, a, "INBOX");
  for (let n = 0; n < 4; n++) await put(t.store, a, mail(`m${n}`));
  await t.db.database.updateTable("account_state").set({ quota_messages: 3 })
    .where("account_id", "=", b).execute();
  const heard = new Set<string>();
  using _a = t.store.watch(a, ({ mailbox }) => void heard.add(`a${mailbox}`));
  using _b = t.store.watch(b, ({ mailbox }) => void heard.add(`b${mailbox}`));
  assertEquals(codeOf(await t.store.move(a, inbox, [[1, 4]], to(b, "INBOX"))), "OVERQUOTA");
  assertEquals(codeOf(await t.store.copy(a, inbox, [[1, 4]], to(b, "INBOX"))), "OVERQUOTA");
  assertEquals(codeOf(await t.store.copy(a, inbox, [[1, 2]], to(b, "none"))), "TRYCREATE");
  assertEquals(heard.size, 0);
  const since = (await t.store.mailbox(a, "INBOX"))!.highestModSeq;
  const moved = good(await t.store.move(a, inbox, [[2, 4]], to(b, "INBOX")));
  assertEquals([[...moved.sources], [...moved.targets]], [[2, 3, 4], [1, 2, 3]]);
  assertEquals(good(await t.store.changes(a, inbox, since)).vanished, [[2, 4]]);
  assertEquals((await t.store.mailbox(a, "INBOX"))!.messages, 1);
  assertEquals((await t.store.mailbox(b, "INBOX"))!.messages, 3);
  const target = await idOf(t.store, b, "INBOX");
  assertEquals([...heard].sort(), [`a${inbox}`, `b${target}`]);
  assertEquals(good(await t.store.move(a, inbox, [[7, 8]], to(b, "INBOX"))).sources.length, 0);
  await assertInvariants(t.db.database);
});

Deno.test("REPLACE takes from one account and puts into another, or neither", async () => {
  await using t = await bench(2);
  const [a, b] = t.accounts as [AccountId, AccountId];
  const inbox = await idOf(t.store, a, "INBOX");
  await put(t.store, a, mail("old"));
  const replace = async (mailbox: string, uid: number) => {
    await using message = await stage(t.store, octetsOf("Subject: new\n\nx\n"));
    return await t.store.replace(message, { account: b, mailbox }, { account: a, mailbox: inbox, uid });
  };
  assertEquals(codeOf(await replace("none", 1)), "TRYCREATE");
  assertEquals(codeOf(await replace("Drafts", 9)), "EXPUNGEISSUED");
  assertEquals((await t.store.mailbox(a, "INBOX"))!.messages, 1);
  good(await replace("Drafts", 1));
  assertEquals((await t.store.mailbox(a, "INBOX"))!.messages, 0);
  assertEquals((await t.store.mailbox(b, "Drafts"))!.messages, 1);
  await assertInvariants(t.db.database);
});

Deno.test("moves to and fro at the same time, by two workers, lose and double nothing", async () => {
  await using t = await bench(3);
  await using other = await t.another();
  const stores = [t.store, other];
  const messages = 12;
  for (let n = 0; n < messages; n++) await put(t.store, t.accounts[n % 3]!, mail(`m${n}`));
  const inboxes = await Promise.all(t.accounts.map((account) => idOf(t.store, account, "INBOX")));
  const work = async (seed: number) => {
    const roll = dice(seed);
    for (let n = 0; n < 25; n++) {
      const from = roll(3), low = 1 + roll(40);
      const store = stores[roll(2)]!;
      const target = to(t.accounts[roll(3)]!, "INBOX");
      good(await store.move(t.accounts[from]!, inboxes[from]!, [[low, low + roll(20)]], target));
    }
  };
  await Promise.all([1, 2, 3, 4].map(work));
  const subjects: string[] = [];
  for (const [at, account] of t.accounts.entries()) {
    subjects.push(...(await octetsIn(t.store, account, inboxes[at]!)).map((text) => /m\d+/.exec(text)![0]));
  }
  assertEquals(subjects.sort(), Array.from({ length: messages }, (_, n) => `m${n}`).sort());
  assert((await t.store.quota(t.accounts[0]!)).messages <= messages);
  await assertInvariants(t.db.database);
});
