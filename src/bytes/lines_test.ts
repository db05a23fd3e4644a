import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { LineParser, type LineRules } from "./lines.ts";

const octets = (text: string) => Uint8Array.from(text, (c) => c.charCodeAt(0));
const text = (run: Uint8Array) => String.fromCharCode(...run);

/** Every step as text: lines as they are, faults as `!rule`. */
function steps(rules: LineRules, chunks: readonly Uint8Array[]): string[] {
  const parser = new LineParser(rules);
  const out: string[] = [];
  for (const chunk of chunks) {
    // A copy that is overwritten afterwards: a view that outlived its chunk would show.
    const own = chunk.slice();
    parser.push(own);
    for (let s = parser.next(); s.kind !== "need"; s = parser.next()) {
      if (s.kind === "item") out.push(text(s.value));
      else {
        out.push(`!${s.fault.rule}`);
        if (s.fault.fatal) return out;
      }
    }
    own.fill(0x58);
  }
  return out;
}

function cut(input: Uint8Array, size: number): Uint8Array[] {
  const chunks = [];
  for (let at = 0; at < input.length; at += size) chunks.push(input.subarray(at, at + size));
  return chunks;
}

const RULES: LineRules = { line: 8, skip: 40, bare: "fault" };

Deno.test("LineParser gives the same steps however the input is cut", () => {
  const input = octets(
    "one\r\n\r\n12345678\r\n123456789\r\n12345678\rx\r\ntwo\nthree\r\na\r\r\n" +
      "\nlone\r\n\r\r\n1234567\r\r\n123456789012\rz\n\r\nlast\r\nnever ended",
  );
  const want = steps(RULES, [input]);
  assertEquals(want, [
    "one",
    "",
    "12345678",
    "!line too long",
    "!bare newline",
    "!bare newline",
    "!bare newline",
    "!bare newline",
    "!bare newline",
    "!bare newline",
    "!line too long",
    "last",
    "!line too long",
  ]);
  for (let size = 1; size <= input.length; size++) {
    assertEquals(steps(RULES, cut(input, size)), want, `${size}`);
  }
});

Deno.test("LineParser: any octets, any cut, the same steps", () => {
  const piece = fc.constantFrom("\r", "\n", "\r\n", "a", "abc", "12345678", "1234567890");
  fc.assert(
    fc.property(
      fc.array(piece, { maxLength: 40 }),
      fc.integer({ min: 1, max: 9 }),
      fc.constantFrom<"fault" | "keep">("fault", "keep"),
      (pieces, size, bare) => {
        const input = octets(pieces.join(""));
        const rules = { line: 8, skip: 24, bare };
        assertEquals(steps(rules, cut(input, size)), steps(rules, [input]));
      },
    ),
    { seed: 1, numRuns: 3000 },
  );
});

Deno.test("LineParser keeps bare CR and LF as octets when told so", () => {
  const rules: LineRules = { line: 8, bare: "keep" };
  assertEquals(steps(rules, [octets("a\nb\rc\r\nd\r\n")]), ["a\nb\rc", "d"]);
});

Deno.test("LineParser gives up a line that is skipped too far", () => {
  assertEquals(steps(RULES, [octets("123456789" + "x".repeat(37) + "\r\nok\r\n")]), ["!line too long", "ok"]);
  assertEquals(steps(RULES, [octets("123456789" + "x".repeat(38) + "\r\nok\r\n")]), [
    "!line too long",
    "!line without end",
  ]);
});

Deno.test("LineParser hands raw octets out between lines", () => {
  const parser = new LineParser(RULES);
  parser.push(octets("DATA\r\nraw\nNOOP\r\n"));
  assertEquals(parser.next().kind, "item");
  assertEquals(text(parser.take(4)), "raw\n");
  assert(!parser.empty);
  const step = parser.next();
  assert(step.kind === "item");
  assertEquals(text(step.value), "NOOP");
  assert(parser.empty);
  parser.push(octets("QU"));
  assertEquals(parser.next().kind, "need");
  assert(!parser.empty, "a begun line is held");
});
