import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { opaqueString, usernameCaseMapped } from "./precis.ts";
import { saslprep } from "./saslprep.ts";

Deno.test("UsernameCaseMapped: the examples of RFC 8265 §3.5 and the folding tricks", () => {
  const cases: readonly [string, string | undefined][] = [
    ["juliet@example.com", "juliet@example.com"],
    ["fussball", "fussball"],
    ["fu\u00DFball", "fu\u00DFball"],
    ["\u03C0", "\u03C0"],
    ["\u03A3", "\u03C3"],
    ["\u03C3", "\u03C3"],
    ["foo bar", undefined],
    ["", undefined],
    ["henry\u2163", undefined],
    ["\u265A", undefined],
    ["\u03C2", "\u03C2"],
    ["\u212Aate", undefined],
    ["\u017Fam", undefined],
    ["\u2126", undefined],
    ["\uFB01sh", undefined],
    ["\uFF2Bate", "kate"],
    ["\uFF11", "1"],
    ["e\u0301", "\u00E9"],
    ["E\u0301", "\u00E9"],
    ["a\u00ADb", undefined],
    ["a\u200Bb", undefined],
    ["a\u200Db", undefined],
    ["a\u202Eb", undefined],
    ["a\u0000b", undefined],
    ["a\u007Fb", undefined],
    ["a\u00A0b", undefined],
    ["\u3000", undefined],
    ["\u0661\u0662", "\u0661\u0662"],
    ["\u0661\u06F2", undefined],
    ["\u1100\u1161", undefined],
    ["\uE000", undefined],
    ["\u{1F600}", undefined],
    ["\u0640", undefined],
  ];
  for (const [name, want] of cases) assertEquals(usernameCaseMapped(name), want, JSON.stringify(name));
});

Deno.test("property: a prepared name stays as it is, and no name that is not ASCII letters turns into one", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary", maxLength: 12 }), (name) => {
      const once = usernameCaseMapped(name);
      if (once === undefined) return;
      assertEquals(usernameCaseMapped(once), once);
    }),
    { numRuns: 3000, seed: 8265 },
  );
  // Every code point alone: only ASCII itself and its wide forms may come out as ASCII.
  for (let code = 0x80; code <= 0x10ffff; code++) {
    if (code >= 0xd800 && code <= 0xdfff) continue;
    if (code >= 0xff00 && code <= 0xffef) continue;
    const mapped = usernameCaseMapped(String.fromCodePoint(code));
    if (mapped === undefined) continue;
    assert([...mapped].some((c) => c > "\x7f"), `U+${code.toString(16)} became ${mapped}`);
  }
});

Deno.test("OpaqueString: the examples of RFC 8265 §4.3", () => {
  const cases: readonly [string, string | undefined][] = [
    ["correct horse battery staple", "correct horse battery staple"],
    ["Correct Horse Battery Staple", "Correct Horse Battery Staple"],
    ["\u03C0\u00DF\u00E5", "\u03C0\u00DF\u00E5"],
    ["Jack of \u2666s", "Jack of \u2666s"],
    ["foo\u1680bar", "foo bar"],
    ["", undefined],
    ["my cat is a \u0009by", undefined],
    ["e\u0301", "\u00E9"],
    ["\u212A", "K"],
    ["\u{1F511}", "\u{1F511}"],
    ["a\u00ADb", undefined],
    ["\uE000", undefined],
    ["\u0378", undefined],
    ["\u1100", undefined],
  ];
  for (const [password, want] of cases) assertEquals(opaqueString(password), want, JSON.stringify(password));
});

Deno.test("SASLprep: the examples of RFC 4013 §3 and its prohibitions", () => {
  const cases: readonly [string, string | undefined][] = [
    ["I\u00ADX", "IX"],
    ["user", "user"],
    ["USER", "USER"],
    ["\u00AA", "a"],
    ["\u2168", "IX"],
    ["\u0007", undefined],
    ["\u0627\u0031", undefined],
    ["\u0627\u0031\u0628", "\u0627\u0031\u0628"],
    ["\u0627a\u0628", undefined],
    ["a\u00A0b", "a b"],
    ["\u00AD", undefined],
    ["", undefined],
    ["\u200E", undefined],
    ["\uE000", undefined],
    ["\uFFFD", undefined],
    ["\u{E0001}", undefined],
    ["\uFDD0", undefined],
    ["\u2028", undefined],
  ];
  for (const [text, want] of cases) assertEquals(saslprep(text, "stored"), want, JSON.stringify(text));
  assertEquals(saslprep("\u0378", "stored"), undefined);
  assertEquals(saslprep("\u0378", "query"), "\u0378");
});
