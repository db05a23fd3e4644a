import { assert, assertEquals } from "@std/assert";
import { ALPHA, asciiText, Cursor, DIGIT, octetTable, utf8Text } from "./cursor.ts";

const octets = (text: string) => new TextEncoder().encode(text);

Deno.test("Cursor takes octets, keywords and runs", () => {
  const c = new Cursor(octets("from:<ab12>"));
  assert(c.eatFold("FROM:"));
  assert(!c.eatFold("<AB12>X"), "keyword longer than the rest");
  assert(c.eat(0x3c));
  const start = c.at;
  assertEquals(c.skipWhile(octetTable(ALPHA + DIGIT)), 4);
  assertEquals(c.textFrom(start), "ab12");
  assertEquals(c.peek(), 0x3e);
  assert(!c.eat(0x3c));
  assert(c.eat(0x3e));
  assert(c.done);
  assertEquals(c.peek(), -1);
});

Deno.test("Cursor folds ASCII letters only", () => {
  assert(!new Cursor(Uint8Array.of(0x01 + 0x20)).eatFold("\x01"));
  assert(!new Cursor(octets("{")).eatFold("["));
  assert(new Cursor(octets("k")).eatFold("K"));
});

Deno.test("Cursor never looks behind its end", () => {
  const c = new Cursor(octets("abcdef"), 1, 3);
  assert(!c.eatFold("BCD"));
  assertEquals(c.skipWhile(octetTable(ALPHA)), 2);
  assertEquals(c.peek(), -1);
});

Deno.test("text of octets: UTF-8 is checked, Latin-1 is taken as it is", () => {
  assertEquals(utf8Text(octets("aé"), 1, 3), "é");
  assertEquals(utf8Text(octets("aé"), 1, 2), undefined);
  assertEquals(asciiText(Uint8Array.of(0x41, 0xff), 0, 2), "A\xff");
});
