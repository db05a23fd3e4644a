import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { Flag } from "../../core/store.ts";
import { type Command, type SearchNode, STAR } from "../command.ts";
import { searchDecoder } from "./charset.ts";
import type { Cursor } from "./cursor.ts";
import { search } from "./search.ts";
import { cursor, parsed } from "./test_support.ts";

const bySeq = (c: Cursor) => search(c, "seq");

function criteria(text: string): unknown {
  const command = parsed(bySeq, ` ${text}`);
  return typeof command === "string" ? command : (command as Extract<Command, { name: "SEARCH" }>).criteria;
}

const ALL: SearchNode = { key: "ALL" };

Deno.test("every search key of RFC 9051, RFC 3501 and the extensions", () => {
  const flag = (bit: number, set: boolean) => ({ key: "FLAG", flag: bit, set });
  const cases: readonly [string, unknown][] = [
    ["ALL", ALL],
    ["ANSWERED", flag(Flag.Answered, true)],
    ["deleted", flag(Flag.Deleted, true)],
    ["DRAFT", flag(Flag.Draft, true)],
    ["FLAGGED", flag(Flag.Flagged, true)],
    ["SEEN", flag(Flag.Seen, true)],
    ["UNANSWERED", flag(Flag.Answered, false)],
    ["UNDELETED", flag(Flag.Deleted, false)],
    ["UNDRAFT", flag(Flag.Draft, false)],
    ["UNFLAGGED", flag(Flag.Flagged, false)],
    ["UNSEEN", flag(Flag.Seen, false)],
    ["NEW", { key: "AND", of: [{ key: "RECENT", set: true }, flag(Flag.Seen, false)] }],
    ["OLD", { key: "RECENT", set: false }],
    ["RECENT", { key: "RECENT", set: true }],
    ["KEYWORD $Junk", { key: "KEYWORD", name: "$Junk", set: true }],
    ["UNKEYWORD a", { key: "KEYWORD", name: "a", set: false }],
    ["BCC a", { key: "HEADER", field: "Bcc", text: "a" }],
    ["CC a", { key: "HEADER", field: "Cc", text: "a" }],
    ['FROM "Smith, J"', { key: "HEADER", field: "From", text: "Smith, J" }],
    ["TO {2}\r\na ", { key: "HEADER", field: "To", text: "a " }],
    ['SUBJECT ""', { key: "HEADER", field: "Subject", text: "" }],
    ["HEADER Message-ID <a@b>", { key: "HEADER", field: "Message-ID", text: "<a@b>" }],
    ["BODY x", { key: "BODY", text: "x" }],
    ["TEXT x", { key: "TEXT", text: "x" }],
    ["BEFORE 1-Feb-1994", { key: "DATE", of: "internal", is: "before", date: "1994-02-01" }],
    ['ON "1-Feb-1994"', { key: "DATE", of: "internal", is: "on", date: "1994-02-01" }],
    ["SINCE 1-Feb-1994", { key: "DATE", of: "internal", is: "since", date: "1994-02-01" }],
    ["SENTBEFORE 1-Feb-1994", { key: "DATE", of: "sent", is: "before", date: "1994-02-01" }],
    ["SENTON 1-Feb-1994", { key: "DATE", of: "sent", is: "on", date: "1994-02-01" }],
    ["SENTSINCE 1-Feb-1994", { key: "DATE", of: "sent", is: "since", date: "1994-02-01" }],
    ["SAVEDBEFORE 1-Feb-1994", { key: "DATE", of: "saved", is: "before", date: "1994-02-01" }],
    ["SAVEDON 1-Feb-1994", { key: "DATE", of: "saved", is: "on", date: "1994-02-01" }],
    ["SAVEDSINCE 1-Feb-1994", { key: "DATE", of: "saved", is: "since", date: "1994-02-01" }],
    ["SAVEDATESUPPORTED", ALL],
    ["LARGER 5000000000", { key: "SIZE", is: "larger", octets: 5_000_000_000 }],
    ["SMALLER 0", { key: "SIZE", is: "smaller", octets: 0 }],
    ["OLDER 3600", { key: "AGE", is: "older", seconds: 3600 }],
    ["YOUNGER 1", { key: "AGE", is: "younger", seconds: 1 }],
    ["UID 1:*", { key: "SET", by: "uid", set: { kind: "ranges", ranges: [[1, STAR]] } }],
    ["2,4", { key: "SET", by: "seq", set: { kind: "ranges", ranges: [[2, 2], [4, 4]] } }],
    ["*", { key: "SET", by: "seq", set: { kind: "ranges", ranges: [[STAR, STAR]] } }],
    ["$", { key: "SET", by: "seq", set: { kind: "saved" } }],
    ["UID $", { key: "SET", by: "uid", set: { kind: "saved" } }],
    ["MODSEQ 620162338", { key: "MODSEQ", atLeast: 620162338 }],
    ['MODSEQ "/flags/\\\\draft" all 0', { key: "MODSEQ", atLeast: 0 }],
    ["NOT ALL", { key: "NOT", of: ALL }],
    ["(ALL)", ALL],
    ["ALL ALL", { key: "AND", of: [ALL, ALL] }],
    ["OR ALL ALL", { key: "OR", of: [ALL, ALL] }],
    ["NOT NOT ALL", ALL],
    ["NOT (ALL ALL)", { key: "NOT", of: { key: "AND", of: [ALL, ALL] } }],
  ];
  for (const [text, want] of cases) assertEquals(criteria(text), want, text);
});

Deno.test("an example with everything nested", () => {
  const seen = { key: "FLAG", flag: Flag.Seen, set: true };
  const larger = { key: "SIZE", is: "larger", octets: 1 };
  assertEquals(criteria("OR (SEEN LARGER 1) NOT OR SEEN (NOT ALL) UID 5"), {
    key: "AND",
    of: [
      {
        key: "OR",
        of: [
          { key: "AND", of: [seen, larger] },
          { key: "NOT", of: { key: "OR", of: [seen, { key: "NOT", of: ALL }] } },
        ],
      },
      { key: "SET", by: "uid", set: { kind: "ranges", ranges: [[5, 5]] } },
    ],
  });
});

Deno.test("broken searches", () => {
  const broken = [
    "",
    "(",
    "()",
    "(ALL",
    "ALL)",
    "NOT",
    "OR ALL",
    "OR",
    "NOT NOT",
    "ALL  ALL",
    "ALL ",
    "(ALL )",
    "FOO",
  ];
  broken.push("FROM", "HEADER a", "BEFORE", "KEYWORD \\Seen", "UID", "UID a", "MODSEQ", "OLDER x");
  for (const text of broken) {
    assert(String(criteria(text)).startsWith("fault: s"), `${text}: ${criteria(text)}`);
  }
  assertEquals(criteria("OLDER 0"), "fault: number");
});

Deno.test("RETURN", () => {
  const returns = (text: string) => {
    const command = parsed(bySeq, ` ${text}`);
    return typeof command === "string"
      ? command
      : (command as Extract<Command, { name: "SEARCH" }>).returns?.options;
  };
  assertEquals(returns("ALL"), undefined);
  assertEquals(returns("RETURN () ALL"), ["ALL"]);
  assertEquals(returns("return (min MAX Count) ALL"), ["MIN", "MAX", "COUNT"]);
  assertEquals(returns("RETURN (SAVE) CHARSET UTF-8 ALL"), ["SAVE"]);
  assertEquals(returns("RETURN (PARTIAL 1:5 COUNT) ALL"), ["PARTIAL", "COUNT"]);
  assertEquals(returns("RETURN (PARTIAL -1:5) ALL"), "fault: partial range");
  assertEquals(returns("RETURN (PARTIAL 0:5) ALL"), "fault: number");
  assertEquals(returns("RETURN (PARTIAL 1:*) ALL"), "fault: syntax");
  assertEquals(returns("RETURN (PARTIAL 1:5 PARTIAL 1:5) ALL"), "fault: return option");
  assertEquals(returns("RETURN (PARTIAL 1:5 ALL) ALL"), "fault: return option");
  assertEquals(returns("RETURN (FOO) ALL"), "fault: return option");
  assertEquals(returns("RETURN ALL"), "fault: syntax");
});

Deno.test("CHARSET", () => {
  const subject = (text: string) => ({ key: "HEADER", field: "Subject", text });
  assertEquals(criteria("CHARSET UTF-8 SUBJECT {2}\r\n\xc3\xa9"), subject("é"));
  assertEquals(criteria('CHARSET "iso-8859-1" SUBJECT "\xe9"'), subject("é"));
  assertEquals(criteria('CHARSET KOI8-R SUBJECT "\xc1"'), subject("а"));
  assertEquals(criteria("CHARSET us-ascii SUBJECT a"), subject("a"));
  assertEquals(criteria('SUBJECT "\xc3\xa9"'), subject("é"));
  assertEquals(criteria('SUBJECT "\xe9"'), "fault: charset");
  assertEquals(criteria('CHARSET EUC-JP SUBJECT "\xff"'), "fault: charset");
  // A decoder that failed works for the next text.
  assertEquals(criteria('CHARSET EUC-JP SUBJECT "\xa4\xa2"'), subject("あ"));
  for (const name of ["UTF-7", "UTF-16", "X-UNKNOWN", "constructor"]) {
    const c = cursor(` CHARSET ${name} ALL`);
    assertEquals(bySeq(c), undefined);
    assertEquals(c.fault?.status, "NO");
    assertEquals(c.fault?.code?.code, "BADCHARSET");
  }
  assert(searchDecoder("utf-8") !== undefined);
});

Deno.test("nesting is bounded by 32, not by the stack", () => {
  assertEquals(criteria("(".repeat(32) + "ALL" + ")".repeat(32)), ALL);
  assertEquals(criteria("(".repeat(33) + "ALL" + ")".repeat(33)), "fault: too deep");
  assertEquals(criteria("(".repeat(100_000)), "fault: too deep");
  assertEquals(criteria("NOT OR ".repeat(100_000) + "ALL"), "fault: too deep");
  assertEquals(criteria("NOT ".repeat(998) + "ALL"), ALL);
});

Deno.test("a long choice of ORs takes one level and comes out balanced", () => {
  const from = (n: number) => Array.from({ length: n }, (_, i) => `FROM ${i}`);
  const right = from(256).reduceRight((rest, one) => `OR ${one} ${rest}`);
  const left = from(256).reduce((rest, one) => `OR ${rest} ${one}`);
  for (const text of [right, left]) {
    const tree = criteria(text) as SearchNode;
    assertEquals(depth(tree), 8);
    assertEquals(leaves(tree).length, 256);
    assertEquals(new Set(leaves(tree)).size, 256);
  }
});

Deno.test("the number of keys is bounded", () => {
  assertEquals((criteria("ALL ".repeat(1000).trimEnd()) as { of: unknown[] }).of.length, 1000);
  assertEquals(criteria("ALL ".repeat(1001).trimEnd()), "fault: too many search keys");
});

function depth(node: SearchNode): number {
  return node.key === "OR" ? 1 + Math.max(depth(node.of[0]), depth(node.of[1])) : 0;
}

function leaves(node: SearchNode): string[] {
  if (node.key === "OR") return [...leaves(node.of[0]), ...leaves(node.of[1])];
  return node.key === "HEADER" ? [node.text] : [];
}

/** The grammar's own words for a tree, and what the tree is true of: keys are `LARGER n`, true for odd n. */
type Tree = { readonly text: string; readonly value: boolean };
const trees = fc.letrec<{ tree: Tree }>((tie) => ({
  tree: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    fc.nat({ max: 9 }).map((n) => ({ text: `LARGER ${n}`, value: n % 2 === 1 })),
    tie("tree").map((t) => ({ text: `NOT ${t.text}`, value: !t.value })),
    fc.tuple(tie("tree"), tie("tree")).map(([a, b]) => ({
      text: `OR ${a.text} ${b.text}`,
      value: a.value || b.value,
    })),
    fc.array(tie("tree"), { minLength: 1, maxLength: 3 }).map((of) => ({
      text: `(${of.map((t) => t.text).join(" ")})`,
      value: of.every((t) => t.value),
    })),
  ),
})).tree;

function truth(node: SearchNode): boolean {
  switch (node.key) {
    case "AND":
      return node.of.every(truth);
    case "OR":
      return node.of.some(truth);
    case "NOT":
      return !truth(node.of);
    case "SIZE":
      return node.octets % 2 === 1;
    default:
      throw new Error(`${node.key} was not written`);
  }
}

Deno.test("however keys are nested, the tree means what was written", () => {
  fc.assert(fc.property(trees, (tree) => {
    const node = criteria(tree.text);
    if (node === "fault: too deep") return;
    assertEquals(truth(node as SearchNode), tree.value, tree.text);
  }));
});
