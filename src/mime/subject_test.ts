import fc from "fast-check";
import { assert, assertEquals } from "@std/assert";
import { baseSubject } from "./subject.ts";

/** Subject, base subject, and whether something marks a reply or a forward. */
const VECTORS: readonly (readonly [string, string, boolean])[] = [
  ["", "", false],
  ["plain", "plain", false],
  ["two\t words \r\n folded", "two words folded", false],
  // subj-leader
  ["Re: x", "x", true],
  ["RE:x", "x", true],
  ["re : x", "x", true],
  ["fw: x", "x", true],
  ["FWD: x", "x", true],
  ["Re: Fwd: re: x", "x", true],
  ["re[4]: x", "x", true],
  ["Re [list]: x", "x", true],
  ["re [a] [b]: x", "re [a] [b]: x", false],
  ["reply: x", "reply: x", false],
  ["re x", "re x", false],
  ["fwdd: x", "fwdd: x", false],
  ["Aw: x", "Aw: x", false],
  [":x", ":x", false],
  // subj-blob
  ["[list] x", "x", false],
  ["[a] [b][c] x", "x", false],
  ["[list] Re: x", "x", true],
  ["[a] [b] re: [c] fwd: x", "x", true],
  ["[PATCH 1/2]", "[PATCH 1/2]", false],
  ["[a] [b]", "[b]", false],
  ["re: [a] [b]", "[b]", true],
  ["[a[b] x", "[a[b] x", false],
  ["[a]b] x", "b] x", false],
  ["x [a]", "x [a]", false],
  // subj-trailer
  ["x (fwd)", "x", true],
  ["x (FWD) (fwd)(fwd)", "x", true],
  ["x (forwarded)", "x (forwarded)", false],
  ["(fwd)", "", true],
  ["[a] (fwd)", "[a]", true],
  // subj-fwd
  ["[Fwd: x]", "x", true],
  ["[fwd: [fwd: x]]", "x", true],
  ["Re: [Fwd: Re: x (fwd)] (fwd)", "x", true],
  ["[fwd:x", "[fwd:x", false],
  ["[list] [fwd: [b] x]", "x", true],
  ["Re: ", "", true],
  ["re: re: (fwd)", "", true],
];

Deno.test("baseSubject follows RFC 5256 §2.1", () => {
  for (const [subject, base, reply] of VECTORS) {
    assertEquals(baseSubject(subject), { base, reply }, JSON.stringify(subject));
  }
});

/** The RFC's own steps, word for word and one at a time, on regular expressions. */
function plainly(subject: string): string {
  let text = subject.replace(/[ \t\r\n]+/g, " ");
  for (;;) {
    for (let before = ""; before !== text;) {
      before = text;
      text = text.replace(/ $|\(fwd\)$/i, ""); // (2)
    }
    for (let before = ""; before !== text;) {
      before = text;
      text = text.replace(/^(?: |(?:\[[^[\]]*\] *)*(?:re|fwd?) *(?:\[[^[\]]*\] *)?:)/i, ""); // (3)
      const blob = /^\[[^[\]]*\] */.exec(text); // (4)
      if (before === text && blob !== null && blob[0].length < text.length) text = text.slice(blob[0].length);
    }
    if (!/^\[fwd:/i.test(text) || !text.endsWith("]")) return text; // (6)
    text = text.slice(5, -1);
  }
}

Deno.test("baseSubject gives what the RFC's steps give one at a time", () => {
  const piece = fc.constantFrom(
    "re",
    "fw",
    "d",
    "fwd",
    ":",
    "[",
    "]",
    "[a]",
    "[fwd:",
    "(fwd)",
    " ",
    "x",
    "\t",
    "Re: ",
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 16 }), (pieces) => {
      assertEquals(baseSubject(pieces.join("")).base, plainly(pieces.join("")));
    }),
    { numRuns: 20_000 },
  );
});

Deno.test("baseSubject is linear", () => {
  const start = performance.now();
  for (const piece of ["[", "[a]", "re: ", "[fwd:", "(fwd)", " ", "re[", "[a] re", "[a]re:"]) {
    baseSubject(piece.repeat(100_000) + "x");
    baseSubject("x" + piece.repeat(100_000));
    baseSubject(piece.repeat(50_000) + "]".repeat(50_000));
  }
  assert(performance.now() - start < 5000);
});
