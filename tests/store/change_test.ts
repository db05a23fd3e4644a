import { assert, assertEquals } from "@std/assert";
import type { AccountId, ModSeq } from "../../src/core/brands.ts";
import { Flag, type FlagChange } from "../../src/core/store.ts";
import type { UidSet } from "../../src/core/uidset.ts";
import { assertInvariants } from "./invariants.ts";
import { bench, codeOf, good, idOf, mail, put } from "./support.ts";

Deno.test("STORE: add, remove, replace; counters, modseq, unchanged messages", async () => {
  await using t = await bench();
  const account = t.accounts[0]!, inbox = await idOf(t.store, account, "INBOX");
  for (let i = 0; i < 4; i++) await put(t.store, account, mail(`m${i}`));
  const flag = (op: "add" | "remove" | "replace", flags: number, keywords: string[] = []) =>
    t.store.setFlags(account, inbox, [[1, 2], [4, 9]], { op, flags, keywords });
  const added = good(await flag("add", Flag.Seen | Flag.Deleted, ["$Forwarded", "work"]));
  assertEquals(added.changed.map((row) => [row.uid as number, row.flags, row.keywords]), [
    [1, 9, [0, 1]],
    [2, 9, [0, 1]],
    [4, 9, [0, 1]],
  ]);
  const info = (await t.store.mailbox(account, "INBOX"))!;
  assertEquals([info.unseen, info.deleted, info.keywords], [1, 3, ["$Forwarded", "work"]]);
  assertEquals(info.highestModSeq, added.changed[0]!.modSeq);
  const again = good(await flag("add", Flag.Seen, ["WORK"]));
  assertEquals(again.changed, added.changed);
  assertEquals((await t.store.mailbox(account, "INBOX"))!.highestModSeq, info.highestModSeq);
  const removed = good(await flag("remove", Flag.Deleted, ["work", "unknown"]));
  assertEquals(removed.changed.map((row) => [row.flags, row.keywords]), [[1, [0]], [1, [0]], [1, [0]]]);
  const replaced = good(await flag("replace", Flag.Flagged));
  assertEquals(replaced.changed.map((row) => [row.flags, row.keywords]), [[4, []], [4, []], [4, []]]);
  const last = (await t.store.mailbox(account, "INBOX"))!;
  assertEquals([last.unseen, last.deleted, last.keywords.length], [4, 0, 2]);
  assertEquals(
    codeOf(await t.store.setFlags(account, 99 as never, [[1, 1]], { op: "add", flags: 1, keywords: [] })),
    "NONEXISTENT",
  );
});

Deno.test("STORE UNCHANGEDSINCE leaves newer messages alone", async () => {
  await using t = await bench();
  const account = t.accounts[0]!, inbox = await idOf(t.store, account, "INBOX");
  for (let i = 0; i < 3; i++) await put(t.store, account, mail(`m${i}`));
  const before = (await t.store.mailbox(account, "INBOX"))!.highestModSeq;
  good(await t.store.setFlags(account, inbox, [[2, 2]], { op: "add", flags: Flag.Seen, keywords: [] }));
  const result = good(
    await t.store.setFlags(account, inbox, [[1, 3]], {
      op: "add",
      flags: Flag.Flagged,
      keywords: [],
      unchangedSince: before,
    }),
  );
  assertEquals(result.changed.map((row) => row.uid as number), [1, 3]);
  assertEquals(result.modified, [[2, 2]]);
});

Deno.test("STORE of one message and of a set do the same", async () => {
  await using t = await bench(2);
  const [alone, together] = t.accounts as [AccountId, AccountId];
  const before = new Map<AccountId, ModSeq>();
  for (const account of t.accounts) {
    for (let i = 0; i < 2; i++) await put(t.store, account, mail(`m${i}`));
    before.set(account, (await t.store.mailbox(account, "INBOX"))!.highestModSeq);
  }
  const inbox = await idOf(t.store, alone, "INBOX");
  const change = async (
    account: AccountId,
    uids: UidSet,
    change: Omit<FlagChange, "unchangedSince">,
    old: boolean,
  ) => {
    const unchangedSince = old ? { unchangedSince: before.get(account)! } : {};
    const { changed, modified } = good(
      await t.store.setFlags(account, inbox, uids, { ...change, ...unchangedSince }),
    );
    const { unseen, deleted, highestModSeq, keywords } = (await t.store.mailbox(account, "INBOX"))!;
    return { changed, modified, unseen, deleted, highestModSeq, keywords };
  };
  for (const old of [false, true]) {
    for (const op of ["add", "remove", "replace"] as const) {
      for (
        const [flags, keywords] of [[Flag.Seen, []], [Flag.Seen | Flag.Deleted, ["a"]], [0, ["b"]], [
          0,
          [],
        ]] as const
      ) {
        for (
          const allowed of [undefined, { flags: Flag.Seen, keywords: false }, { flags: 0, keywords: true }]
        ) {
          const what = { op, flags, keywords, ...(allowed === undefined ? {} : { allowed }) };
          assertEquals(
            await change(alone, [[1, 1]], what, old),
            await change(together, [[1, 1], [9, 9]], what, old),
            JSON.stringify([old, what]),
          );
        }
      }
    }
  }
  assertEquals(await change(alone, [[7, 7]], { op: "add", flags: 1, keywords: [] }, false), {
    ...await change(together, [[7, 7], [9, 9]], { op: "add", flags: 1, keywords: [] }, false),
  });
  await assertInvariants(t.db.database);
});

Deno.test("keywords: 256 a mailbox, 50 octets each, atoms only", async () => {
  await using t = await bench();
  const account = t.accounts[0]!, inbox = await idOf(t.store, account, "INBOX");
  await put(t.store, account, mail("k"));
  const set = (keywords: string[]) =>
    t.store.setFlags(account, inbox, [[1, 1]], { op: "add", flags: 0, keywords });
  assertEquals(codeOf(await set(["x".repeat(51)])), "LIMIT");
  assertEquals(codeOf(await set(["a b"])), "CANNOT");
  assertEquals(codeOf(await set(["\\Seen"])), "CANNOT");
  const many = Array.from({ length: 256 }, (_, i) => i === 0 ? "x".repeat(50) : `k${i}`);
  assertEquals(good(await set(many)).changed[0]!.keywords, Array.from({ length: 256 }, (_, i) => i));
  assertEquals(codeOf(await set(["one-more"])), "LIMIT");
  assertEquals(good(await set(["K255"])).changed.length, 1);
});

Deno.test("large sets are changed and removed in several statements", async () => {
  await using t = await bench(1, { limits: { changeRows: 3 } });
  const account = t.accounts[0]!, inbox = await idOf(t.store, account, "INBOX");
  for (let i = 0; i < 10; i++) await put(t.store, account, mail(`m${i}`));
  const set = good(
    await t.store.setFlags(account, inbox, [[1, 2], [4, 10]], { op: "add", flags: 9, keywords: [] }),
  );
  assertEquals(set.changed.map((row) => row.uid as number), [1, 2, 4, 5, 6, 7, 8, 9, 10]);
  const gone = good(await t.store.expunge(account, inbox, "all"));
  assertEquals(gone.removed, [[1, 2], [4, 10]]);
  const info = (await t.store.mailbox(account, "INBOX"))!;
  assertEquals([info.messages, info.unseen, info.deleted, info.highestModSeq], [1, 1, 0, gone.modSeq]);
  good(await t.store.createMailbox(account, "to"));
  for (let i = 0; i < 7; i++) await put(t.store, account, mail(`n${i}`));
  const moved = good(await t.store.move(account, inbox, [[1, 99]], "to"));
  assertEquals([...moved.sources], [3, 11, 12, 13, 14, 15, 16, 17]);
  assertEquals([...moved.targets], [1, 2, 3, 4, 5, 6, 7, 8]);
  assertEquals((await t.store.mailbox(account, "INBOX"))!.messages, 0);
});

Deno.test("EXPUNGE takes only deleted ones, DELE takes any; text, message and blob follow the last entry", async () => {
  await using t = await bench(1, { limits: { garbageMs: 0 } });
  const account = t.accounts[0]!, inbox = await idOf(t.store, account, "INBOX");
  for (let i = 0; i < 5; i++) await put(t.store, account, mail(`m${i}`), { flags: i % 2 ? Flag.Deleted : 0 });
  good(await t.store.copy(account, inbox, [[2, 2]], "Archive"));
  good(await t.store.search(account, inbox, { key: "text", text: "m" }));
  assertEquals(good(await t.store.expunge(account, inbox, [[1, 2]])).removed, [[2, 2]]);
  assertEquals(good(await t.store.expunge(account, inbox, "all")).removed, [[4, 4]]);
  const nothing = good(await t.store.expunge(account, inbox, "all"));
  assertEquals(nothing.removed, []);
  assertEquals(nothing.modSeq, (await t.store.mailbox(account, "INBOX"))!.highestModSeq);
  assertEquals(good(await t.store.remove(account, inbox, [[1, 1], [5, 5]])).removed, [[1, 1], [5, 5]]);
  const count = async (table: "message" | "message_text" | "blob_chunk") =>
    (await t.db.database.selectFrom(table).selectAll().execute()).length;
  assertEquals([await count("message"), await count("message_text"), await count("blob_chunk")], [2, 2, 5]);
  assertEquals((await t.store.sweep()).blobs, 3);
  assertEquals(await count("blob_chunk"), 2);
});

Deno.test("COPY keeps flags, keywords and dates; MOVE leaves vanished UIDs; both are all or nothing", async () => {
  await using t = await bench();
  const account = t.accounts[0]!, inbox = await idOf(t.store, account, "INBOX");
  await put(t.store, account, mail("a"), { flags: Flag.Seen, keywords: ["one"], internalDate: 1e12 });
  await put(t.store, account, mail("b"), { keywords: ["two"] });
  await put(t.store, account, mail("c"));
  await put(t.store, account, mail("z"), { mailbox: "Archive", keywords: ["two"] });
  assertEquals(codeOf(await t.store.copy(account, inbox, [[1, 9]], "none")), "TRYCREATE");
  const copied = good(await t.store.copy(account, inbox, [[1, 1], [2, 9]], "Archive"));
  assertEquals([[...copied.sources], [...copied.targets]], [[1, 2, 3], [2, 3, 4]]);
  const archive = (await t.store.mailbox(account, "Archive"))!;
  assertEquals(copied.uidValidity, archive.uidValidity);
  assertEquals([archive.messages, archive.unseen, archive.keywords], [4, 3, ["two", "one"]]);
  const index = good(await t.store.index(account, archive.id));
  assertEquals([...index.keywords], [[1, [0]], [2, [1]], [3, [0]]]);
  for await (const [row] of t.store.fetch(account, archive.id, [[2, 2]], {})) {
    assertEquals([row!.flags, row!.internalDate], [Flag.Seen, 1e12]);
  }
  const since = (await t.store.mailbox(account, "INBOX"))!.highestModSeq;
  const moved = good(await t.store.move(account, inbox, [[2, 3]], "Archive"));
  assertEquals([[...moved.sources], [...moved.targets]], [[2, 3], [5, 6]]);
  const changes = good(await t.store.changes(account, inbox, since));
  assertEquals([changes.vanished, changes.changed.length], [[[2, 3]], 0]);
  // Within one mailbox a move gives new UIDs and takes the old ones.
  const within = good(
    await t.store.move(account, archive.id, [[1, 0xffff_ffff]], "archive".replace("a", "A")),
  );
  assertEquals([...within.targets], [7, 8, 9, 10, 11, 12]);
  assertEquals([...good(await t.store.index(account, archive.id)).uids], [7, 8, 9, 10, 11, 12]);
  const none = good(await t.store.move(account, inbox, [[50, 60]], "Archive"));
  assertEquals(none.sources.length, 0);
});

Deno.test("quota: counts every entry, refuses at the border, lets moves through", async () => {
  await using t = await bench();
  const account = t.accounts[0]!, inbox = await idOf(t.store, account, "INBOX");
  const octets = mail("size");
  await t.db.database.updateTable("account_state")
    .set({ quota_octets: octets.length * 3, quota_messages: 4 }).execute();
  await put(t.store, account, octets);
  await put(t.store, account, octets);
  good(await t.store.copy(account, inbox, [[1, 1]], "Archive"));
  assertEquals(codeOf(await t.store.copy(account, inbox, [[1, 1]], "Archive")), "OVERQUOTA");
  await put(t.store, account, octets).then(
    () => assert(false),
    (error) => assert(/OVERQUOTA/.test(error.message)),
  );
  good(await t.store.move(account, inbox, [[1, 1]], "Archive"));
  assertEquals(await t.store.quota(account), {
    octets: octets.length * 3,
    octetLimit: octets.length * 3,
    messages: 3,
    messageLimit: 4,
    mailboxLimit: 1000,
  });
  good(await t.store.remove(account, inbox, [[2, 2]]));
  await put(t.store, account, octets);
});

Deno.test("a domain's quota is the sum over its accounts", async () => {
  await using t = await bench(3);
  const octets = mail("domain");
  await t.db.database.updateTable("domain").set({ quota_messages: 2 }).execute();
  await put(t.store, t.accounts[0]!, octets);
  await put(t.store, t.accounts[1]!, octets);
  await put(t.store, t.accounts[2]!, octets).then(
    () => assert(false),
    (error) => assert(/OVERQUOTA/.test(error.message)),
  );
  const inbox = await idOf(t.store, t.accounts[0]!, "INBOX");
  assertEquals(codeOf(await t.store.copy(t.accounts[0]!, inbox, [[1, 1]], "Sent")), "OVERQUOTA");
  good(await t.store.remove(t.accounts[0]!, inbox, [[1, 1]]));
  await put(t.store, t.accounts[2]!, octets);
});

Deno.test("changes: what is new, changed, gone since a modseq; not complete behind the floor", async () => {
  await using t = await bench(1, { limits: { expungedRanges: 2 } });
  const account = t.accounts[0]!, inbox = await idOf(t.store, account, "INBOX");
  for (let i = 0; i < 9; i++) await put(t.store, account, mail(`m${i}`));
  const start = (await t.store.mailbox(account, "INBOX"))!.highestModSeq;
  for (const n of [1, 3, 5, 7]) good(await t.store.remove(account, inbox, [[n, n]]));
  good(await t.store.setFlags(account, inbox, [[2, 2]], { op: "add", flags: 1, keywords: ["k"] }));
  const all = good(await t.store.changes(account, inbox, start));
  assertEquals([all.vanished, all.complete], [[[1, 1], [3, 3], [5, 5], [7, 7]], true]);
  assertEquals(all.changed.map((row) => [row.uid as number, row.flags, row.keywords]), [[2, 1, [0]]]);
  assertEquals(all.mailbox.messages, 5);
  assertEquals((await t.store.sweep()).pruned, 1);
  const late = good(await t.store.changes(account, inbox, start));
  assertEquals([late.vanished, late.complete], [[[5, 5], [7, 7]], false]);
  const recent = good(await t.store.changes(account, inbox, (start + 2) as ModSeq));
  assertEquals([recent.vanished, recent.complete], [[[5, 5], [7, 7]], true]);
});
