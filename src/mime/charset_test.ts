import fc from "fast-check";
import { assert, assertEquals } from "@std/assert";
import { octetsOf } from "../bytes/ascii.ts";
import { decodeBody, decodeCharset, isFallback, isUndeclared } from "./charset.ts";

/** Names as senders write them, octets as Python's codecs made them, and the text. */
const SAMPLES: readonly (readonly [string, string, string])[] = [
  ["ISO-2022-KR", "1b2429430e475131393e6e0f206d69780d0a0e45583d3a462e0f", "한국어 mix\r\n텍스트"],
  ["HZ-GB-2312", "7e7e74696c6465207e7b56504e443c724c657e7d0d0a706c61696e", "~tilde 中文简体\r\nplain"],
  [
    "ISO-2022-JP-2",
    "1b2442467c4b5c1b2842201b2428413c721b2842201b242843475131391b28422047721b2428442b64294e1b284265201b2442262a1b24284426771b244226521b2842",
    "日本 简 한국 Grüße Κόσ",
  ],
  ["ISO-2022-JP-1", "1b2442467c4b5c1b24284430211b2842", "日本丂"],
  ["UTF-32", "fffe00006100000000f60100e9000000", "a😀é"],
  ["UTF-32BE", "00000061000000e9", "aé"],
  ["UTF-16", "0070006c00610069006e002000e900200074006500780074", "plain é text"],
  ["UTF-16", "70006c00610069006e002000e90020007400650078007400", "plain é text"],
  ["UTF-16", "fffea903", "Ω"],
  ["cp437", "477281e16520b0", "Grüße ░"],
  ["IBM850", "477281e165", "Grüße"],
  ["csPC850Multilingual", "477281e165", "Grüße"],
  ["x-mac-ce", "b8976490", "łódź"],
  ["MacGreek", "a1e5e9c0", "Γειά"],
  ["viscii", "61", "a"],
  ["windows-31J", "93fa967b8740", "日本①"],
  ["KOI8-T", "f4cf8dc9cba5", "Тоҷикӣ"],
  ["ISO_8859-9:1989", "f0fcfe", "ğüş"],
  ["x-cp1251", "cff0e8e2e5f2", "Привет"],
  ["ks_c_5601-1987", "c7d1b1b98c63", "한국똠"],
  ["Big5-HKSCS", "c163c5e99dee", "繁體㗎"],
  ["gb2312", "bcf2f377", "简體"],
  ["x-EUC-JP", "c6fccbdc", "日本"],
  ["UTF-16LE", "e900", "é"],
];

Deno.test("charsets that TextDecoder has, that iconv-lite has, and that neither has", () => {
  for (const [name, hex, text] of SAMPLES) {
    assertEquals(decodeCharset(Uint8Array.fromHex(hex), name), text, name);
    assertEquals(decodeBody(Uint8Array.fromHex(hex), name.toUpperCase()), text, name);
  }
});

Deno.test("UTF-7 is read where a body declares it, and nowhere else", () => {
  const octets = octetsOf("Gr+APwA3w-e +ADw-script+AD4-");
  assertEquals(decodeBody(octets, "utf-7"), "Grüße <script>");
  assertEquals(decodeBody(octets, "UNICODE-1-1-UTF-7"), "Grüße <script>");
  for (const charset of ["utf-7", "csUTF7", "us-ascii", "utf-8", undefined, "x-unknown"]) {
    assertEquals(decodeCharset(octets, charset), "Gr+APwA3w-e +ADw-script+AD4-", charset);
    if (charset !== "utf-7" && charset !== "csUTF7") {
      assertEquals(decodeBody(octets, charset), "Gr+APwA3w-e +ADw-script+AD4-", charset);
    }
  }
  assertEquals(decodeBody(octets, undefined, "utf-7"), "Gr+APwA3w-e +ADw-script+AD4-");
});

Deno.test("text that declares nothing is UTF-8, else the account's charset, else windows-1252", () => {
  const koi = Uint8Array.fromHex("f0d2c9d7c5d4");
  for (
    const charset of [
      undefined,
      "us-ascii",
      "x-unknown",
      "7bit",
      "hex",
      "base64",
      "constructor",
      "x".repeat(65),
    ]
  ) {
    assertEquals(decodeCharset(koi, charset, "koi8-r"), "Привет", charset);
    assertEquals(decodeCharset(koi, charset), "ðÒÉ×ÅÔ", charset);
    assertEquals(decodeCharset(koi, charset, "nobody-knows"), "ðÒÉ×ÅÔ", charset);
    assertEquals(decodeCharset(octetsOf("\xc3\xa9"), charset, "koi8-r"), "é", charset);
  }
  assertEquals(decodeCharset(octetsOf("\xef\xbb\xbfa"), undefined), "a");
  assertEquals(decodeCharset(octetsOf("a\xffb"), "utf-8"), "a\ufffdb");
  assertEquals(decodeCharset(octetsOf("gr\xfc\xdfe"), '"iso-8859-1*de"'), "grüße");
});

Deno.test("decoders never throw, whatever the octets and the name are", () => {
  const name = fc.oneof(fc.constantFrom(...SAMPLES.map(([one]) => one), "utf-7", "iso-2022-cn"), fc.string());
  const octet = fc.oneof(fc.constantFrom(...octetsOf("\x1b$)AC(BN~{}+-\x0e\x0f!0\n")), fc.nat(255));
  fc.assert(
    fc.property(fc.array(octet, { maxLength: 120 }), name, (list, charset) => {
      const octets = Uint8Array.from(list);
      for (
        const text of [
          decodeCharset(octets, charset),
          decodeBody(octets, charset),
          decodeCharset(octets, "", charset),
        ]
      ) {
        assert(text.isWellFormed());
      }
    }),
    { numRuns: 2000 },
  );
});

Deno.test("ISO-2022-CN: GB 2312 is read, characters of CNS 11643 keep their place", () => {
  assertEquals(decodeBody(octetsOf("\x1b$)A\x0eVPND\x0f.\r\nVP"), "iso-2022-cn"), "中文.\r\nVP");
  assertEquals(decodeBody(octetsOf("\x1b$)G\x0e!!\x0f.\x1b$*H\x1bN!!x"), "iso-2022-cn"), "\ufffd.\ufffdx");
  assertEquals(decodeBody(octetsOf("\x1b$)A\x0eV"), "iso-2022-cn"), "\ufffd");
});

Deno.test("undeclared text is read in a charset in which ASCII stands for itself", () => {
  for (
    const name of ["koi8-r", "KOI8-R", "windows-1251", "iso-8859-2", "shift_jis", "gb18030", "utf-8", "cp437"]
  ) {
    assertEquals(isFallback(name), true, name);
  }
  for (
    const name of [
      "",
      "klingon",
      "us-ascii",
      "utf-7",
      "utf-16le",
      "ucs-2",
      "iso-2022-jp",
      "hz",
      "ebcdic-cp-us",
    ]
  ) {
    assertEquals(isFallback(name), false, name);
  }
  const octets = Uint8Array.of(0xf0, 0xd2, 0xc9, 0x21);
  for (const charset of [undefined, "us-ascii", "klingon"]) {
    assertEquals(isUndeclared(charset), true);
    assertEquals(decodeBody(octets, charset, "koi8-r"), "При!");
    assertEquals(decodeCharset(octets, charset, "koi8-r"), "При!");
  }
  assertEquals(isUndeclared("iso-8859-1"), false);
  assertEquals(decodeBody(octets, "iso-8859-1", "koi8-r"), "ðÒÉ!");
});
