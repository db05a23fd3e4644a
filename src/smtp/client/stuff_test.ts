import { assert, assertEquals } from "@std/assert";
import { DataWriter } from "./stuff.ts";

const octets = (text: string) => Uint8Array.from(text, (char) => char.charCodeAt(0));
const text = (parts: readonly Uint8Array[]) =>
  parts.map((part) => Array.from(part, (octet) => String.fromCharCode(octet)).join("")).join("");

function written(input: string, size: number, line = 998): string {
  const writer = new DataWriter(line);
  let out = "";
  for (let at = 0; at < input.length; at += size) {
    out += text(writer.push(octets(input.slice(at, at + size))));
  }
  return out + text(writer.finish());
}

const CASES: readonly (readonly [what: string, input: string, want: string])[] = [
  ["a usual message", "A: b\r\n\r\nc\r\n", "A: b\r\n\r\nc\r\n.\r\n"],
  ["no octet at all", "", ".\r\n"],
  ["no CRLF at the end", "a", "a\r\n.\r\n"],
  ["dots at the beginning of lines", ".\r\n..\r\na.\r\n.b", "..\r\n...\r\na.\r\n..b\r\n.\r\n"],
  ["a bare LF before a dot", "a\n.\r\nb\r\n", "a\r\n..\r\nb\r\n.\r\n"],
  ["a bare LF on both sides of a dot", "a\n.\nb", "a\r\n..\r\nb\r\n.\r\n"],
  ["a bare CR before a dot", "a\r.\r\nb\r\n", "a\r\n..\r\nb\r\n.\r\n"],
  ["bare CRs on both sides of a dot", "a\r.\rb", "a\r\n..\r\nb\r\n.\r\n"],
  ["CRLF.LF", "a\r\n.\nb", "a\r\n..\r\nb\r\n.\r\n"],
  ["CRLF.CR", "a\r\n.\rb", "a\r\n..\r\nb\r\n.\r\n"],
  ["CRLF.CRCRLF", "a\r\n.\r\r\nb", "a\r\n..\r\n\r\nb\r\n.\r\n"],
  ["a CR at the very end", "a\r", "a\r\n.\r\n"],
  ["a CR after CRLF at the end", "a\r\n\r", "a\r\n\r\n.\r\n"],
  ["NUL around the dot", "a\0\r\n\0.\r\n", "a\0\r\n\0.\r\n.\r\n"],
  ["a line of just 998", `${"x".repeat(998)}\r\n`, `${"x".repeat(998)}\r\n.\r\n`],
  ["a line of 999", `${"x".repeat(999)}\r\n`, `${"x".repeat(998)}\r\n x\r\n.\r\n`],
  ["a dot right behind a fold", `${"x".repeat(998)}.\r\n`, `${"x".repeat(998)}\r\n .\r\n.\r\n`],
];

for (const [what, input, want] of CASES) {
  Deno.test(`DATA carries ${what}, however it is cut`, () => {
    for (let size = 1; size <= Math.min(input.length, 1002); size += size < 10 ? 1 : 97) {
      assertEquals(written(input, size), want, `cut at ${size}`);
    }
    assertEquals(written(input, Math.max(1, input.length)), want);
  });
}

Deno.test("a character of UTF-8 is not torn by a fold", () => {
  const utf8 = (wire: string) => new TextDecoder("utf-8", { fatal: true }).decode(octets(wire));
  const input = text([new TextEncoder().encode(`x${"\u20ac".repeat(5000)}\r\n`)]);
  const wire = written(input, input.length);
  assertEquals(utf8(wire).replaceAll("\r\n ", ""), `x${"\u20ac".repeat(5000)}\r\n.\r\n`);
  for (const line of wire.split("\r\n")) assert(line.length <= 998);
});

Deno.test("nothing in a message looks like its end, to whatever takes CR, LF or both for a line's end", () => {
  const alphabet = ["\r", "\n", ".", "a", "\r\n"];
  const inputs: string[] = [""];
  for (let at = 0; inputs[at]!.length < 6 && at < 5000; at++) {
    for (const letter of alphabet) inputs.push(inputs[at] + letter);
  }
  for (const input of inputs) {
    for (const size of [1, 3, 100]) {
      const wire = written(input, size);
      const body = wire.slice(0, -3);
      assert(wire.endsWith(".\r\n") && (body === "" || body.endsWith("\r\n")), JSON.stringify(input));
      assert(!/(^|[\r\n])\.[\r\n]/.test(body), JSON.stringify([input, wire]));
      assert(!/\r[^\n]|[^\r]\n|^\n|\r$/.test(wire), JSON.stringify([input, wire]));
    }
  }
});
