import fc from "fast-check";
import { assertEquals } from "@std/assert";
import { octetsOf } from "../bytes/ascii.ts";
import { BoundaryStack, type Delimiter } from "./boundary.ts";

/** The rule as it is written, one boundary after the other. */
function expected(open: readonly string[], line: string): Delimiter | undefined {
  const fits = open.map((boundary, level) => ({ boundary, level })).filter(({ boundary }) =>
    line.startsWith("--" + boundary)
  );
  const trimmed = line.replace(/[ \t\r]+$/, "");
  const whole = fits.filter(({ boundary }) =>
    trimmed === "--" + boundary || trimmed === "--" + boundary + "--"
  );
  const longest = Math.max(...fits.map(({ boundary }) => boundary.length));
  const best = whole.at(-1) ?? fits.findLast(({ boundary }) => boundary.length === longest);
  return best && { level: best.level, closing: line.startsWith("--" + best.boundary + "--") };
}

Deno.test("of boundaries that fit the whole line wins, then the longest, then the innermost", () => {
  const word = fc.string({ unit: fc.constantFrom("a", "b", "-"), minLength: 1, maxLength: 5 });
  const line = fc.tuple(fc.constantFrom("--", "-", ""), word, fc.constantFrom("", "--", "-- ", "\r", "x"));
  /** A boundary that opens, or how many levels stay open. */
  const step = fc.oneof({ weight: 3, arbitrary: word }, fc.nat(4));
  fc.assert(
    fc.property(fc.array(step, { maxLength: 8 }), fc.array(line, { maxLength: 10 }), (steps, lines) => {
      const stack = new BoundaryStack(256);
      const open: string[] = [];
      for (const step of steps) {
        if (typeof step === "string") stack.push(octetsOf(step), open.push(step) - 1);
        else {
          stack.dropAbove(step - 1);
          open.splice(step);
        }
      }
      for (const text of lines.map((pieces) => pieces.join(""))) {
        const octets = octetsOf(`x${text}x`);
        assertEquals(stack.match(octets, 1, octets.length - 1), expected(open, text), text);
      }
    }),
    { numRuns: 3000 },
  );
});
