import { assertEquals } from "@std/assert";
import type { MailboxInfo } from "../../core/store.ts";
import { listed, listedSubscribed } from "./list_select.ts";

function mailboxes(...names: string[]): MailboxInfo[] {
  return names.map((name) => ({ name, specialUse: name === "Sent" ? "\\Sent" : undefined }) as MailboxInfo);
}

const ALL = { select: [], reference: "", patterns: ["*"], returns: [], extended: true } as const;

Deno.test("a parent that only has children is shown as \\NonExistent", () => {
  const lines = listed(ALL, mailboxes("INBOX", "a/b"), []);
  assertEquals(lines.map(({ name, attributes }) => [name, ...attributes]), [
    ["INBOX", "\\HasNoChildren"],
    ["a", "\\NonExistent", "\\HasChildren"],
    ["a/b", "\\HasNoChildren"],
  ]);
});

Deno.test("a subscribed name that does not exist is shown only when subscriptions are asked for", () => {
  assertEquals(listed(ALL, mailboxes("INBOX"), ["gone"]).map((line) => line.name), ["INBOX"]);
  const lines = listed({ ...ALL, select: ["SUBSCRIBED"] }, mailboxes("INBOX"), ["gone"]);
  assertEquals(lines.map(({ name, attributes }) => [name, ...attributes]), [
    ["gone", "\\NonExistent", "\\Subscribed", "\\HasNoChildren"],
  ]);
});

Deno.test("RECURSIVEMATCH shows a parent only for children that the pattern does not show", () => {
  const select = ["SUBSCRIBED", "RECURSIVEMATCH"] as const;
  const names = mailboxes("INBOX", "a", "a/b", "c");
  const show = (pattern: string, subscriptions: string[]) =>
    listed({ ...ALL, select, patterns: [pattern] }, names, subscriptions)
      .map(({ name, childInfo }) => [name, ...childInfo]);
  assertEquals(show("%", ["a/b"]), [["a", "SUBSCRIBED"]]);
  assertEquals(show("*", ["a/b"]), [["a/b"]]);
  assertEquals(show("*", ["a", "a/b"]), [["a", "SUBSCRIBED"], ["a/b"]]);
  assertEquals(show("c", ["a/b"]), []);
});

Deno.test("several patterns show each name once", () => {
  assertEquals(listed({ ...ALL, patterns: ["a%", "*"] }, mailboxes("INBOX", "ab"), []).length, 2);
});

Deno.test("LSUB with % shows the parent of a subscribed child", () => {
  const show = (pattern: string) =>
    listedSubscribed("", pattern, mailboxes("INBOX"), ["INBOX", "a/b", "a/c"])
      .map(({ name, attributes }) => [name, ...attributes]);
  assertEquals(show("%"), [["INBOX"], ["a", "\\Noselect"]]);
  assertEquals(show("a/%"), [["a/b"], ["a/c"]]);
  assertEquals(show("inbox"), [["INBOX"]]);
});
