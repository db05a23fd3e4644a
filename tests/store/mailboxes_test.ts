import { assert, assertEquals } from "@std/assert";
import type { ChangeNotice } from "../../src/core/store.ts";
import { STORE_LIMITS } from "../../src/store/mod.ts";
import { mailboxName, parentNames } from "../../src/store/names.ts";
import { bench, codeOf, good, idOf, mail, put } from "./support.ts";

Deno.test("names: NFC, INBOX in capitals, bounds at their border", () => {
  const of = (name: string) => {
    const outcome = mailboxName(name, STORE_LIMITS);
    return outcome.ok ? outcome.value : outcome.failure.kind;
  };
  assertEquals(of("inBox"), "INBOX");
  assertEquals(of("iNbox/Sub"), "INBOX/Sub");
  assertEquals(of("INBOXES"), "INBOXES");
  assertEquals(of("e\u0301"), "\u00e9");
  for (const bad of ["", "/", "a//b", "/a", "a/", "a\0b", "a\nb", "\u0085", "\ud800", "\u2028"]) {
    assertEquals(of(bad), "refused", JSON.stringify(bad));
  }
  assertEquals(of("x".repeat(255)), "x".repeat(255));
  assertEquals(of("x".repeat(256)), "refused");
  assertEquals(of("\u00e9".repeat(128)), "refused");
  assertEquals(of(Array(16).fill("d").join("/")), Array(16).fill("d").join("/"));
  assertEquals(of(Array(17).fill("d").join("/")), "refused");
  assertEquals(of("../%_\\'"), "../%_\\'");
  assertEquals(parentNames("a/b/c"), ["a", "a/b"]);
});

Deno.test("a new account has INBOX and the special mailboxes, subscribed", async () => {
  await using t = await bench();
  const list = await t.store.mailboxes(t.accounts[0]!);
  assertEquals(list.map((box) => [box.name, box.specialUse, box.subscribed]), [
    ["INBOX", undefined, true],
    ["Archive", "\\Archive", true],
    ["Drafts", "\\Drafts", true],
    ["Junk", "\\Junk", true],
    ["Sent", "\\Sent", true],
    ["Trash", "\\Trash", true],
  ]);
  assertEquals(new Set(list.map((box) => box.uidValidity)).size, 6);
});

Deno.test("CREATE makes parents; DELETE leaves children; UIDVALIDITY never comes back", async () => {
  await using t = await bench();
  const account = t.accounts[0]!;
  const made = good(await t.store.createMailbox(account, "a/b/c", "\\All"));
  assertEquals([made.name, made.specialUse, made.uidNext, made.messages], ["a/b/c", "\\All", 1, 0]);
  assertEquals((await t.store.mailbox(account, "a/b"))!.specialUse, undefined);
  assertEquals(codeOf(await t.store.createMailbox(account, "a/b")), "ALREADYEXISTS");
  assertEquals(codeOf(await t.store.createMailbox(account, "inbox")), "ALREADYEXISTS");
  assertEquals(codeOf(await t.store.createMailbox(account, "x/")), "CANNOT");
  assertEquals(codeOf(await t.store.deleteMailbox(account, "INBOX")), "CANNOT");
  assertEquals(codeOf(await t.store.deleteMailbox(account, "nope")), "NONEXISTENT");
  good(await t.store.deleteMailbox(account, "a/b"));
  assertEquals(await t.store.mailbox(account, "a/b"), undefined);
  assert(await t.store.mailbox(account, "a/b/c") !== undefined);
  const seen = new Set<number>();
  for (let i = 0; i < 3; i++) {
    seen.add(good(await t.store.createMailbox(account, "again")).uidValidity);
    good(await t.store.deleteMailbox(account, "again"));
  }
  assertEquals(seen.size, 3);
});

Deno.test("the limit of mailboxes holds at its border, for parents too", async () => {
  await using t = await bench(1, { limits: { mailboxes: 8 } });
  const account = t.accounts[0]!;
  assertEquals(codeOf(await t.store.createMailbox(account, "a/b/c")), "LIMIT");
  assertEquals((await t.store.mailboxes(account)).length, 6);
  good(await t.store.createMailbox(account, "a/b"));
  assertEquals(codeOf(await t.store.createMailbox(account, "c")), "LIMIT");
});

Deno.test("RENAME takes inferiors along and refuses what cannot be", async () => {
  await using t = await bench();
  const account = t.accounts[0]!;
  for (const name of ["p/q/r", "p/qq", "p0", "other"]) good(await t.store.createMailbox(account, name));
  await put(t.store, account, mail("kept"), { mailbox: "p/q" });
  const before = (await t.store.mailbox(account, "p/q"))!;
  assertEquals(codeOf(await t.store.renameMailbox(account, "p", "other")), "ALREADYEXISTS");
  assertEquals(codeOf(await t.store.renameMailbox(account, "p", "p/x")), "CANNOT");
  assertEquals(codeOf(await t.store.renameMailbox(account, "none", "x")), "NONEXISTENT");
  assertEquals(codeOf(await t.store.renameMailbox(account, "p", "Inbox")), "ALREADYEXISTS");
  good(await t.store.renameMailbox(account, "p", "new/deep/p"));
  const names = (await t.store.mailboxes(account)).map((box) => box.name);
  assertEquals(names.filter((name) => /^(new|p)/.test(name)), [
    "new",
    "new/deep",
    "new/deep/p",
    "new/deep/p/q",
    "new/deep/p/q/r",
    "new/deep/p/qq",
    "p0",
  ]);
  const after = (await t.store.mailbox(account, "new/deep/p/q"))!;
  assertEquals([after.id, after.uidValidity, after.messages], [before.id, before.uidValidity, 1]);
  const deep = Array(15).fill("d").join("/");
  assertEquals(codeOf(await t.store.renameMailbox(account, "new", deep)), "CANNOT");
});

Deno.test("RENAME INBOX gives its messages away and keeps it, and its inferiors", async () => {
  await using t = await bench();
  const account = t.accounts[0]!;
  good(await t.store.createMailbox(account, "INBOX/below"));
  for (let i = 0; i < 3; i++) await put(t.store, account, mail(`m${i}`), { keywords: ["k"], flags: i });
  good(await t.store.renameMailbox(account, "INBOX", "old/mail"));
  const inbox = (await t.store.mailbox(account, "INBOX"))!;
  const old = (await t.store.mailbox(account, "old/mail"))!;
  assertEquals([inbox.messages, inbox.octets, inbox.unseen, inbox.uidNext], [0, 0, 0, 4]);
  assertEquals([old.messages, old.unseen, old.keywords], [3, 2, ["k"]]);
  assertEquals([...good(await t.store.index(account, old.id)).uids], [1, 2, 3]);
  assert(await t.store.mailbox(account, "INBOX/below") !== undefined);
  const gone = good(await t.store.changes(account, inbox.id, 0 as never));
  assertEquals(gone.vanished, [[1, 3]]);
});

Deno.test("subscriptions stay without their mailbox and are bounded", async () => {
  await using t = await bench(1, { limits: { subscriptions: 7 } });
  const account = t.accounts[0]!;
  good(await t.store.subscribe(account, "not/there", true));
  good(await t.store.subscribe(account, "not/there", true));
  assertEquals(codeOf(await t.store.subscribe(account, "one more", true)), "LIMIT");
  good(await t.store.subscribe(account, "Junk", false));
  assertEquals((await t.store.mailbox(account, "Junk"))!.subscribed, false);
  assertEquals(await t.store.subscriptions(account), [
    "Archive",
    "Drafts",
    "INBOX",
    "Sent",
    "Trash",
    "not/there",
  ]);
});

Deno.test("deleting a large mailbox frees its quota at once, the sweep takes the rest", async () => {
  await using t = await bench(1, { limits: { garbageMs: 0 } });
  const account = t.accounts[0]!;
  const box = good(await t.store.createMailbox(account, "big"));
  await put(t.store, account, mail("x"), { mailbox: "big" });
  // Many more of the same, as COPY makes them.
  for (let i = 0; i < 10; i++) good(await t.store.copy(account, box.id, [[1, 999]], "big"));
  const full = (await t.store.mailbox(account, "big"))!;
  assert(full.messages > 500);
  assertEquals((await t.store.quota(account)).messages, full.messages);
  const notices: ChangeNotice[] = [];
  using _watch = t.store.watch(account, (one) => notices.push(one));
  good(await t.store.deleteMailbox(account, "big"));
  assertEquals(notices.map((one) => one.mailbox), [box.id, undefined]);
  const use = await t.store.quota(account);
  assertEquals([use.messages, use.octets], [0, 0]);
  assertEquals(codeOf(await t.store.index(account, box.id)), "NONEXISTENT");
  assertEquals(codeOf(await t.store.remove(account, box.id, [[1, 9]])), "NONEXISTENT");
  const report = await t.store.sweep();
  assertEquals([report.messages, report.blobs], [full.messages, 1]);
  for (const table of ["entry", "message", "blob_chunk", "mailbox_garbage", "blob_garbage"] as const) {
    assertEquals(await t.db.database.selectFrom(table).selectAll().execute(), [], table);
  }
  assertEquals((await t.store.quota(account)).messages, 0);
});

Deno.test("no account sees another's mailboxes", async () => {
  await using t = await bench(2);
  const [ann, bob] = t.accounts as [never, never];
  const secret = good(await t.store.createMailbox(ann, "secret"));
  await put(t.store, ann, mail("private"), { mailbox: "secret" });
  assertEquals(await t.store.mailbox(bob, "secret"), undefined);
  assertEquals(codeOf(await t.store.index(bob, secret.id)), "NONEXISTENT");
  assertEquals(codeOf(await t.store.copy(bob, secret.id, [[1, 1]], "INBOX")), "NONEXISTENT");
  assertEquals(codeOf(await t.store.search(bob, secret.id, { key: "all" })), "NONEXISTENT");
  for await (const _piece of t.store.octets(bob, [{ message: 1 as never, start: 0, end: 10 }])) {
    throw new Error("octets of another account");
  }
  assertEquals(await idOf(t.store, ann, "secret"), secret.id);
});
