import { assert, assertEquals } from "@std/assert";
import {
  astring,
  atLeast2to63,
  atom,
  nstringText,
  number,
  number64,
  nzNumber,
  nzNumber64,
  stringText,
} from "./string.ts";
import { cursor, octets, parsed } from "./test_support.ts";

Deno.test("atom, astring, string, nstring", () => {
  assertEquals(parsed(atom, "$Forwarded"), "$Forwarded");
  assertEquals(parsed(atom, "a]"), "fault: syntax");
  assertEquals(parsed(atom, ""), "fault: syntax");
  assertEquals(parsed(astring, "a]b+c"), "a]b+c");
  assertEquals(parsed(astring, '"a b"'), "a b");
  assertEquals(parsed(astring, '""'), "");
  assertEquals(parsed(astring, '"a \\"quoted\\" \\\\ b"'), 'a "quoted" \\ b');
  assertEquals(parsed(astring, "{3}\r\na\r\n"), "a\r\n");
  assertEquals(parsed(astring, "{3+}\r\nabc"), "abc");
  assertEquals(parsed(astring, "{0}\r\n"), "");
  assertEquals(parsed(stringText, "atom"), "fault: syntax");
  assertEquals(nstringText(cursor("nil")), null);
  assertEquals(parsed(nstringText, '"NIL"'), "NIL");
  assertEquals(parsed(nstringText, "NILS"), "fault: syntax");
});

Deno.test("a quoted string may be UTF-8, but nothing else", () => {
  assertEquals(parsed(astring, '"\xc3\xa9"'), "é");
  assertEquals(parsed(astring, '"\xe9"'), "fault: utf-8");
  assertEquals(parsed(astring, '"\xc0\xaf"'), "fault: utf-8");
  assertEquals(parsed(astring, "\xc3\xa9"), "fault: syntax");
});

Deno.test("broken strings", () => {
  for (const text of ['"', '"a', '"\\', '"\\a"', '"a\rb"', '"a\nb"', '"a\0b"']) {
    assertEquals(parsed(astring, text), "fault: quoted", JSON.stringify(text));
  }
  for (const text of ["{3}\r\nab", "{3}ab", "{3\r\nabc", "{1}\r\n\0"]) {
    assertEquals(parsed(astring, text), "fault: literal", JSON.stringify(text));
  }
  assertEquals(parsed(astring, "{}\r\n"), "fault: syntax");
});

Deno.test("numbers do not wrap", () => {
  assertEquals(parsed(number, "0"), 0);
  assertEquals(parsed(number, "007"), 7);
  assertEquals(parsed(number, "4294967295"), 4294967295);
  assertEquals(parsed(number, "4294967296"), "fault: number too large");
  assertEquals(parsed(number, "4294967297"), "fault: number too large");
  assertEquals(parsed(number, "18446744073709551617"), "fault: number too large");
  assertEquals(parsed(nzNumber, "1"), 1);
  assertEquals(parsed(nzNumber, "0"), "fault: number");
  assertEquals(parsed(nzNumber, "01"), "fault: number");
  assertEquals(parsed(nzNumber, "-1"), "fault: syntax");
  assertEquals(parsed(number64, "9007199254740991"), Number.MAX_SAFE_INTEGER);
  assertEquals(parsed(number64, "9007199254740993"), Number.MAX_SAFE_INTEGER);
  assertEquals(parsed(number64, "9223372036854775807"), Number.MAX_SAFE_INTEGER);
  assertEquals(parsed(number64, "9223372036854775808"), "fault: number too large");
  assertEquals(parsed(number64, "00000000000000000000000001"), 1);
  assertEquals(parsed(nzNumber64, "0"), "fault: number");
  assertEquals(parsed(nzNumber64, "5"), 5);
});

Deno.test("a number of a million digits costs next to nothing", () => {
  const c = cursor("9".repeat(1_000_000));
  const start = performance.now();
  assertEquals(number(c), undefined);
  assert(performance.now() - start < 2000);
  assertEquals(atLeast2to63(octets("0".repeat(1000) + "1"), 0, 1001), false);
});
