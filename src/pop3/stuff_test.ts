import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { DotStuffer, TopCut } from "./stuff.ts";

const octets = (text: string) => Uint8Array.from(text, (c) => c.charCodeAt(0));
const text = (octets: Uint8Array) => Array.from(octets, (o) => String.fromCharCode(o)).join("");

/** What goes on the wire for a message cut into pieces of `size`. */
function send(message: Uint8Array, size: number, cut?: TopCut): string {
  const stuffer = new DotStuffer();
  let wire = "";
  for (let at = 0; at < message.length && !cut?.done; at += size) {
    const piece = message.subarray(at, at + size);
    for (const part of stuffer.stuff(cut?.cut(piece) ?? piece)) wire += text(part);
  }
  return wire + stuffer.end();
}

/** What a client makes of it that knows CRLF only. */
function receive(wire: string): string {
  const end = wire.indexOf("\r\n.\r\n");
  if (wire === ".\r\n") return "";
  assertEquals(end + 5, wire.length);
  return `${wire.slice(0, end)}\r\n`.replaceAll("\r\n..", "\r\n.").replace(/^\.\./, ".");
}

Deno.test("DotStuffer gives the same octets however the message is cut", () => {
  const cases: readonly [string, string][] = [
    ["", ".\r\n"],
    ["a\r\n", "a\r\n.\r\n"],
    ["a", "a\r\n.\r\n"],
    ["a\r", "a\r\r\n.\r\n"],
    ["a\n", "a\n\r\n.\r\n"],
    [".", "..\r\n.\r\n"],
    [".\r\n", "..\r\n.\r\n"],
    ["..\r\n.a\r\n", "...\r\n..a\r\n.\r\n"],
    ["a.b\r\n.\r\n.\r\n", "a.b\r\n..\r\n..\r\n.\r\n"],
    ["a\n.\r\n+OK\r\n", "a\n..\r\n+OK\r\n.\r\n"],
    ["a\r.\r\n", "a\r.\r\n.\r\n"],
  ];
  for (const [message, want] of cases) {
    for (let size = 1; size <= Math.max(1, message.length); size++) {
      assertEquals(send(octets(message), size), want, `${JSON.stringify(message)} by ${size}`);
    }
  }
});

Deno.test("pieces without a line that begins with a dot go out as views", () => {
  const piece = octets(`${"x.y\r\n".repeat(20_000)}`);
  for (const part of new DotStuffer().stuff(piece)) assert(part.buffer === piece.buffer);
});

Deno.test("a message of dots alone is copied in bounded windows", () => {
  const piece = octets(".\r\n".repeat(100_000));
  let most = 0, total = 0;
  for (const part of new DotStuffer().stuff(piece)) {
    most = Math.max(most, part.buffer.byteLength);
    total += part.length;
    if (part.buffer === piece.buffer) assert(false, "no window is free of dots");
  }
  assertEquals(total, 400_000);
  assert(most <= 131_072);
});

Deno.test("property: a client gets back what was stored, at any cut and across windows", () => {
  const line = fc.constantFrom(".\r\n", "..\r\n", "a\r\n", "\r\n", "b.c\r\n", ".d\r\n", "\r.\r\n");
  fc.assert(
    fc.property(fc.array(line, { maxLength: 40 }), fc.integer({ min: 1, max: 9 }), (lines, size) => {
      const message = lines.join("");
      assertEquals(receive(send(octets(message), size)), message);
    }),
    { numRuns: 2000, seed: 1939 },
  );
  const long = octets("x".repeat(65_534) + "\r\n" + ".y\r\n".repeat(40_000));
  assertEquals(receive(send(long, long.length)), text(long));
  assertEquals(receive(send(long, 65_535)), text(long));
});

Deno.test("property: to a client that takes LF for a line end, no message ends early either", () => {
  const part = fc.constantFrom("\n", ".", "\r", "\r\n", "a");
  fc.assert(
    fc.property(fc.array(part, { maxLength: 30 }), fc.integer({ min: 1, max: 7 }), (parts, size) => {
      const lines = send(octets(parts.join("")), size).split("\n").map((line) => line.replace(/\r$/, ""));
      assertEquals(lines.indexOf("."), lines.length - 2);
    }),
    { numRuns: 3000, seed: 42 },
  );
});

Deno.test("TopCut gives the header, its empty line and so many body lines, however the message is cut", () => {
  const header = "A: 1\r\nB: 2\r\n\r\n";
  const body = "one\r\ntwo\r\n\r\nfour\r\nfive";
  const wants = ["", "one\r\n", "one\r\ntwo\r\n", "one\r\ntwo\r\n\r\n", "one\r\ntwo\r\n\r\nfour\r\n"];
  const message = octets(header + body);
  for (let size = 1; size <= message.length; size++) {
    for (const [lines, want] of wants.entries()) {
      assertEquals(send(message, size, new TopCut(header.length, lines)), `${header}${want}.\r\n`);
    }
    for (const lines of [5, 6, 9_999_999_999]) {
      assertEquals(send(message, size, new TopCut(header.length, lines)), `${header}${body}\r\n.\r\n`);
    }
  }
});
