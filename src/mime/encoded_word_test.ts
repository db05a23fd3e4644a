import fc from "fast-check";
import { assert, assertEquals } from "@std/assert";
import { octetsOf } from "../bytes/ascii.ts";
import { decodeCharset } from "./charset.ts";
import { decodeWords } from "./encoded_word.ts";

const decode = (text: string) => decodeWords(octetsOf(text));

Deno.test("the examples of RFC 2047 §8", () => {
  assertEquals(decode("=?ISO-8859-1?Q?a?="), "a");
  assertEquals(decode("(=?ISO-8859-1?Q?a?= b)"), "(a b)");
  assertEquals(decode("(=?ISO-8859-1?Q?a?=  \r\n  =?ISO-8859-1?Q?b?=)"), "(ab)");
  assertEquals(decode("=?ISO-8859-1?Q?a_b?="), "a b");
  assertEquals(decode("=?ISO-8859-1?Q?a?= =?ISO-8859-2?Q?_b?="), "a b");
  assertEquals(decode("=?US-ASCII*EN?Q?Keith_Moore?="), "Keith Moore");
});

Deno.test("words where and how senders write them", () => {
  assertEquals(decode("=?utf-8?b?4oI=?= =?utf-8?b?rA==?="), "€"); // one character in two words
  assertEquals(decode("a=?utf-8?q?=E2=82=AC?=b"), "a€b");
  assertEquals(decode('"=?utf-8?Q?J=C3=B6rg?=" <j@x>'), '"Jörg" <j@x>');
  assertEquals(decode("=?utf-8?q?what?_now?="), "what? now");
  assertEquals(decode("=?utf-8?q?=zz=4?= =?x?y?z?="), "=zz=4 =?x?y?z?=");
  assertEquals(decode("=?gb2312?B?1tDOxA==?="), "中文");
  assertEquals(decode("=?iso-2022-jp?B?GyRCRnxLXBsoQg==?="), "日本");
  assertEquals(decode("raw caf\xe9 and caf\xc3\xa9"), "raw café and cafÃ©");
  assertEquals(decode("caf\xc3\xa9 =?utf-8?q?x?="), "café x");
});

Deno.test("decodeWords never throws and takes linear time", () => {
  const piece = fc.constantFrom("=?", "utf-8", "?q?", "?b?", "?=", "=E2", "_", " ", "\xff", "QQ==", "?", "=");
  fc.assert(fc.property(fc.array(piece), (list) => typeof decode(list.join("")) === "string"));
  const start = performance.now();
  for (const piece of ["=?", "=?a?q?", "=?a?q?x?", "=?a?b?QQ==?=", "?", "=?utf-8?q?a?= "]) {
    decode(piece.repeat(20_000));
  }
  assert(performance.now() - start < 5000);
});

Deno.test("decodeCharset: declared, unknown and undeclared charsets", () => {
  assertEquals(decodeCharset(octetsOf("\xc3\xa9"), undefined), "é");
  assertEquals(decodeCharset(octetsOf("\xe9"), undefined), "é");
  assertEquals(decodeCharset(octetsOf("\xe9\x80"), "us-ascii"), "é€");
  assertEquals(decodeCharset(octetsOf("\xe9"), "x-nobody-knows"), "é");
  assertEquals(decodeCharset(octetsOf("\xc1\xc2"), '"KOI8-R"'), "аб");
  assertEquals(decodeCharset(octetsOf("\x82\xa0"), "cp932"), "あ");
  assertEquals(decodeCharset(octetsOf("\xff\xfeA\0"), "utf-16"), "A");
  assertEquals(decodeCharset(octetsOf("\x81\xff"), "utf-8"), "\ufffd\ufffd");
  assertEquals(decodeCharset(octetsOf("\x8e"), "cp850"), "Ä");
});

Deno.test("UTF-7 is never decoded: it hides markup", () => {
  for (const name of ["utf-7", "UTF7", "unicode-1-1-utf-7", "utf-7-imap"]) {
    assertEquals(decodeCharset(octetsOf("+ADw-script+AD4-"), name), "+ADw-script+AD4-");
  }
});
