import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { DataReader, type DataRules } from "./data.ts";

const octets = (text: string) => Uint8Array.from(text, (c) => c.charCodeAt(0));
const RULES: DataRules = { line: 1000, bareNewline: "reject" };

interface Outcome {
  readonly text: string;
  readonly ended: boolean;
  readonly defect: string | undefined;
  readonly rest: number;
}

/** Reads chunks to the end of the message; `rest` are the octets behind it. */
function read(rules: DataRules, chunks: readonly Uint8Array[]): Outcome {
  const reader = new DataReader(rules);
  let text = "";
  for (let i = 0; i < chunks.length; i++) {
    const chunk = chunks[i]!.slice();
    reader.push(chunk);
    for (let s = reader.next(); s.kind !== "need"; s = reader.next()) {
      if (s.kind === "end") {
        const rest = reader.rest + chunks.slice(i + 1).reduce((sum, c) => sum + c.length, 0);
        return { text, ended: true, defect: reader.defect, rest };
      }
      text += String.fromCharCode(...s.value);
    }
    chunk.fill(0x58);
  }
  return { text, ended: false, defect: reader.defect, rest: 0 };
}

function cut(input: Uint8Array, size: number): Uint8Array[] {
  const chunks = [];
  for (let at = 0; at < input.length; at += size) chunks.push(input.subarray(at, at + size));
  return chunks;
}

Deno.test("DataReader gives the same message however the input is cut", () => {
  const input = octets(
    "..a\r\n...\r\n.b\r\n\r\n. \r\nlong line here\r\n.\rx\r\n.\nq\r\n\r\r\nz.\r\n.c\r\r\n\n.\r\n.\r\nQUIT\r\n",
  );
  for (const bareNewline of ["reject", "normalize"] as const) {
    for (const line of [10, 1000]) {
      const want = read({ line, bareNewline }, [input]);
      assertEquals(want.ended, true);
      assertEquals(want.rest, 6);
      for (let size = 1; size <= input.length; size++) {
        assertEquals(read({ line, bareNewline }, cut(input, size)), want, `${bareNewline}, ${size}`);
      }
    }
  }
});

/** Dot-stuffing as RFC 5321 §4.5.2 has it, written the plain way. */
function stuffed(message: string): string {
  return message.split("\r\n").map((line) => line.startsWith(".") ? `.${line}` : line).join("\r\n") + ".\r\n";
}

Deno.test("DataReader undoes what stuffing did: any lines, any cut", () => {
  const piece = fc.constantFrom(".", "..", "\r\n", "\r\n.", "a", "\x00", "\xff", "ab", ".\r\n");
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 30 }), fc.integer({ min: 1, max: 7 }), (pieces, size) => {
      const message = pieces.length === 0 ? "" : pieces.join("") + "\r\n";
      const found = read(RULES, cut(octets(stuffed(message) + "NOOP\r\n"), size));
      assertEquals(found, { text: message, ended: true, defect: undefined, rest: 6 });
    }),
    { seed: 1, numRuns: 2000 },
  );
});

Deno.test("DataReader normalises every bare CR and LF, and nothing else: any octets, any cut", () => {
  const piece = fc.constantFrom("\r", "\n", "\r\n", ".", "a");
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 30 }), fc.integer({ min: 1, max: 7 }), (pieces, size) => {
      // No CRLF.CRLF in the middle, so that the end is where we put it.
      const body = pieces.join("").replaceAll(".", "x");
      const found = read({ line: 1000, bareNewline: "normalize" }, cut(octets(body + "y\r\n.\r\n"), size));
      const want = (body + "y\r\n").replace(/\r\n|\r|\n/g, "\r\n");
      assertEquals(found, { text: want, ended: true, defect: undefined, rest: 0 });
    }),
    { seed: 1, numRuns: 2000 },
  );
});

Deno.test("DataReader: a line of exactly the limit passes, one octet more does not", () => {
  const rules = { ...RULES, line: 10 };
  const of = (n: number) => octets("x".repeat(n - 2) + "\r\n.\r\n");
  for (const size of [1, 3, 100]) {
    assertEquals(read(rules, cut(of(10), size)).defect, undefined);
    assertEquals(read(rules, cut(of(11), size)).defect, "line too long");
  }
  assertEquals(read(rules, [octets("x".repeat(11))]).defect, "line too long");
});

Deno.test("DataReader gives one view for a chunk without stuffed dots", () => {
  const chunk = octets("one\r\ntwo\r\nthree");
  const reader = new DataReader(RULES);
  reader.push(chunk);
  const step = reader.next();
  assertEquals(step.kind === "item" && step.value.buffer === chunk.buffer && step.value.length, chunk.length);
  assertEquals(reader.next().kind, "need");
});
