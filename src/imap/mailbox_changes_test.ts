import { assertEquals } from "@std/assert";
import type { AccountId, MailboxId, ModSeq } from "../core/brands.ts";
import { ALL_RIGHTS } from "../core/acl.ts";
import { changesBetween, type Snapshot } from "./mailbox_changes.ts";
import type { Reached } from "./reach.ts";

function box(id: number, name: string, more: Partial<Reached> = {}): Reached {
  return {
    id: id as MailboxId,
    name,
    uidValidity: 1,
    uidNext: 1,
    highestModSeq: 1 as ModSeq,
    messages: 0,
    unseen: 0,
    deleted: 0,
    octets: 0,
    keywords: [],
    subscribed: false,
    keyResets: 0,
    specialUse: undefined,
    account: 1 as AccountId,
    ownName: name,
    owner: undefined,
    rights: ALL_RIGHTS,
    ...more,
  };
}

const snapshot = (mailboxes: readonly Reached[], subscriptions: readonly string[] = []): Snapshot => ({
  mailboxes,
  subscriptions,
  annotations: [],
});

const told = (before: Snapshot, after: Snapshot) =>
  changesBetween(before, after).map((change) =>
    `${change.kind} ${change.name}${change.kind === "name" && change.oldName ? ` < ${change.oldName}` : ""}`
  );

Deno.test("what is made or removed concerns its parent, too (RFC 5465 §5.4)", () => {
  const a = box(1, "a"), b = box(2, "a/b"), c = box(3, "c");
  assertEquals(told(snapshot([a]), snapshot([a, b, c])), ["name a/b", "name a", "name c"]);
  assertEquals(told(snapshot([a, b]), snapshot([a])), ["name a/b", "name a"]);
  assertEquals(told(snapshot([a]), snapshot([a])), []);
});

Deno.test("mailboxes of two accounts with the same number are two", () => {
  const other = { account: 2 as AccountId, ownName: "x" };
  const a = box(1, "a"), x = box(1, "#user/bob@example.test/x", other);
  assertEquals(told(snapshot([a]), snapshot([a, x])), [
    "name #user/bob@example.test/x",
    "name #user/bob@example.test",
  ]);
  const more = box(1, "#user/bob@example.test/x", { ...other, messages: 1, highestModSeq: 2 as ModSeq });
  assertEquals(told(snapshot([a, x]), snapshot([a, more])), ["messages #user/bob@example.test/x"]);
});

Deno.test("children that were renamed along are not told (RFC 5465 §5.4)", () => {
  const before = snapshot([box(1, "a"), box(2, "a/b"), box(3, "a/b/c"), box(4, "x")]);
  const after = snapshot([box(1, "z"), box(2, "z/b"), box(3, "z/b/c"), box(4, "x")]);
  assertEquals(told(before, after), ["name z < a"]);
  assertEquals(told(before, snapshot([box(1, "z"), box(2, "z/other"), box(3, "z/other/c"), box(4, "x")])), [
    "name z < a",
    "name z/other < a/b",
  ]);
});

Deno.test("messages that came or went, and flags alone", () => {
  const before = snapshot([box(1, "a"), box(2, "b", { messages: 3, uidNext: 9 })]);
  const modSeq = 2 as ModSeq;
  const more = snapshot([
    box(1, "a", { uidNext: 2, messages: 1, highestModSeq: modSeq }),
    before.mailboxes[1]!,
  ]);
  assertEquals(told(before, more), ["messages a"]);
  const replaced = box(2, "b", { messages: 3, uidNext: 10, highestModSeq: modSeq });
  assertEquals(told(before, snapshot([box(1, "a"), replaced])), ["messages b"]);
  const flags = box(2, "b", { messages: 3, uidNext: 9, highestModSeq: modSeq });
  assertEquals(told(before, snapshot([box(1, "a"), flags])), ["flags b"]);
});

Deno.test("subscriptions, to names that do not exist as well", () => {
  assertEquals(told(snapshot([], ["a"]), snapshot([], ["b"])), ["subscription a", "subscription b"]);
});
