import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { LineParser } from "./parser.ts";

const LIMITS = { line: 12, overlong: 20 };

/** All steps of an input cut into chunks, as texts. */
function drain(chunks: Iterable<Uint8Array>): string[] {
  const parser = new LineParser(LIMITS);
  const steps: string[] = [];
  for (const chunk of chunks) {
    // The chunk is wiped before the next push: items must not be looked at later, held lines must be copies.
    const own = chunk.slice();
    parser.push(own);
    for (let step = parser.next(); step.kind !== "need"; step = parser.next()) {
      if (step.kind === "item") steps.push(`item ${JSON.stringify(String.fromCharCode(...step.value))}`);
      else steps.push(`fault ${step.fault.rule}${step.fault.fatal ? " fatal" : ""}`);
      if (step.kind === "fault" && step.fault.fatal) return steps;
    }
    own.fill(0x21);
  }
  return steps;
}

function* cut(input: Uint8Array, size: number): Iterable<Uint8Array> {
  for (let at = 0; at < input.length; at += size) yield input.subarray(at, at + size);
}

const octets = (text: string) => Uint8Array.from(text, (c) => c.charCodeAt(0));

const INPUTS: readonly [string, readonly string[]][] = [
  ["STAT\r\nNOOP\r\n", ['item "STAT"', 'item "NOOP"']],
  ["\r\n\r\n", ['item ""', 'item ""']],
  ["STAT\nNOOP\r\n", ["fault bare-lf", 'item "NOOP"']],
  ["\nNOOP\r\n", ["fault bare-lf", 'item "NOOP"']],
  ["a\rb\r\r\n", ['item "a\\rb\\r"']],
  ["STAT", []],
  ["0123456789\r\nNOOP\r\n", ['item "0123456789"', 'item "NOOP"']],
  ["0123456789a\r\nNOOP\r\n", ["fault line-too-long", 'item "NOOP"']],
  ["0123456789ab\nNOOP\r\n", ["fault line-too-long", 'item "NOOP"']],
  ["0123456789abcdefghijklmnopqrstu\r\nNOOP\r\n", ["fault line-too-long", 'item "NOOP"']],
  [`${"x".repeat(40)}\r\nNOOP\r\n`, ["fault line-too-long", "fault line-too-long fatal"]],
  [`${"x".repeat(40)}`, ["fault line-too-long", "fault line-too-long fatal"]],
];

Deno.test("LineParser gives the same steps however the input is cut", () => {
  for (const [text, want] of INPUTS) {
    const input = octets(text);
    for (let size = 1; size <= input.length; size++) {
      assertEquals(drain(cut(input, size)), [...want], `${JSON.stringify(text)} by ${size}`);
    }
  }
});

Deno.test("property: any octets give the same steps however they are cut", () => {
  const soup = fc.array(fc.constantFrom(13, 10, 13, 10, 65, 66), { maxLength: 90 }).map((a) =>
    Uint8Array.from(a)
  );
  fc.assert(
    fc.property(soup, fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1 }), (input, sizes) => {
      const pieces: Uint8Array[] = [];
      for (let at = 0, i = 0; at < input.length; i++) {
        const size = sizes[i % sizes.length]!;
        pieces.push(input.subarray(at, at + size));
        at += size;
      }
      assertEquals(drain(pieces), drain([input]));
    }),
    { numRuns: 3000, seed: 1939 },
  );
});

Deno.test("pending counts what stands behind the last line, held or not", () => {
  const parser = new LineParser({ line: 100, overlong: 100 });
  parser.push(octets("STLS\r\nCA"));
  assertEquals(parser.next().kind, "item");
  assertEquals(parser.pending, 2);
  assertEquals(parser.next().kind, "need");
  assertEquals(parser.pending, 2);
  parser.push(octets("PA\r\n"));
  assertEquals(parser.next().kind, "item");
  assertEquals(parser.pending, 0);
});

Deno.test("a line held across chunks stays as it is while later lines are read", () => {
  const parser = new LineParser({ line: 100, overlong: 100 });
  parser.push(octets("US"));
  assertEquals(parser.next().kind, "need");
  parser.push(octets("ER a\r\nPA"));
  const step = parser.next();
  assert(step.kind === "item");
  assertEquals(parser.next().kind, "need");
  assertEquals(String.fromCharCode(...step.value), "USER a");
});
