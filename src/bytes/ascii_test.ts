import { assert, assertEquals } from "@std/assert";
import { equalsFold, indexOfOctet, latin1, lowerAscii, octetsOf, utf8 } from "./ascii.ts";

const of = (text: string) => new TextEncoder().encode(text);

Deno.test("equalsFold compares ASCII letters in any case and nothing else", () => {
  assert(equalsFold(of("X-Content-TYPE:"), "content-type", 2, 14));
  assert(!equalsFold(of("content-typ"), "content-type"));
  // U+212A KELVIN SIGN lower-cases to "k" in Unicode.
  assert(!equalsFold(of("\u212a"), "k"));
  // "[" and "{" differ by the same bit as letters do.
  assert(!equalsFold(of("["), "{"));
});

Deno.test("lowerAscii folds letters only", () => {
  assertEquals(lowerAscii("Text/HTML-\u00c4\u212a"), "text/html-\u00c4\u212a");
  assertEquals(lowerAscii("already-low"), "already-low");
});

Deno.test("octet strings lose nothing", () => {
  const all = Uint8Array.from({ length: 256 }, (_, i) => i);
  assertEquals(octetsOf(latin1(all)), all);
  assertEquals(latin1(all, 5, 5), "");
  assertEquals(utf8(of("aé€"), 1), "é€");
});

Deno.test("indexOfOctet stays inside its bounds", () => {
  assertEquals(indexOfOctet(of("ab\nc\n"), 10, 3, 4), -1);
  assertEquals(indexOfOctet(of("ab\nc\n"), 10, 0, 5), 2);
  assertEquals(indexOfOctet(of("ab\nc\n"), 10, 3, 5), 4);
});
