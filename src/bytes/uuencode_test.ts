import fc from "fast-check";
import { assertEquals } from "@std/assert";
import { encodeUu } from "../../tests/corpus/encoders.ts";
import { latin1, octetsOf } from "./ascii.ts";
import { isUuEnd, uuBegin, UuDecoder, uuLineSize } from "./uuencode.ts";

function decodeIn(size: number, input: Uint8Array): Uint8Array {
  const decoder = new UuDecoder();
  const pieces: number[] = [];
  for (let i = 0; i < input.length; i += size) pieces.push(...decoder.push(input.slice(i, i + size)));
  pieces.push(...decoder.finish());
  return Uint8Array.from(pieces);
}
const decode = (text: string) => latin1(decodeIn(text.length + 1, octetsOf(text)));

Deno.test("UuDecoder undoes an encoder, at any cut", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), fc.integer({ min: 1, max: 90 }), (octets, size) => {
      assertEquals(decodeIn(size, octetsOf("text\r\n" + encodeUu(octets, "a b") + "text\r\n")), octets);
    }),
  );
});

Deno.test("UuDecoder: any octets at any cut give one answer", () => {
  const octet = fc.oneof(fc.constantFrom(...octetsOf("begin 644 x\nend`M#\r\n")), fc.nat(255));
  fc.assert(
    fc.property(fc.array(octet, { maxLength: 300 }), fc.integer({ min: 1, max: 50 }), (list, size) => {
      const input = octetsOf("begin 644 x\n" + latin1(Uint8Array.from(list)));
      assertEquals(decodeIn(size, input), decodeIn(1, input));
    }),
  );
});

Deno.test("a line of data may begin with END, and only `end` ends", () => {
  const octets = Uint8Array.from({ length: 37 }, (_, i) => i === 0 ? 0xba : i === 1 ? 0x4b : i);
  const text = encodeUu(octets, "x");
  assertEquals(text.split("\r\n")[1]!.slice(0, 2), "EN");
  assertEquals(decodeIn(10, octetsOf(text)), octets);
  assertEquals(decode("begin 644 x\nEND%T\n`\nend\n").length, 37);
  assertEquals([isUuEnd(octetsOf("end \r")), isUuEnd(octetsOf("end.")), isUuEnd(octetsOf("END"))], [
    true,
    false,
    false,
  ]);
});

Deno.test("lines that lost the blanks at their end, or have a checksum, are still data", () => {
  assertEquals(decode("begin 644 x\n#   \nend\n"), "\0\0\0");
  assertEquals(decode("begin 644 x\n#\nend\n"), "\0\0\0");
  assertEquals(decode("begin 644 x\n#0V%TX\nend\n"), "Cat");
  assertEquals(decode("begin 644 x\n#0V%T"), "Cat");
  assertEquals(decode("begin 644 x\n\n#0V%T\n"), "Cat");
  assertEquals(decode("begin 644 x\nend\n#0V%T\n"), "");
});

Deno.test("uuBegin knows a begin line from a sentence", () => {
  assertEquals(uuBegin(octetsOf("begin 644 two words.txt\r")), { base64: false, name: "two words.txt" });
  assertEquals(uuBegin(octetsOf("begin-base64 0644 x")), { base64: true, name: "x" });
  assertEquals(uuBegin(octetsOf("begin 600")), { base64: false, name: "" });
  for (
    const line of [
      "begin",
      "begin ",
      "begin at 10",
      "begin 8 x",
      "Begin 644 x",
      "begin 644x y",
      "begin 1234567 x",
    ]
  ) {
    assertEquals(uuBegin(octetsOf(line)), undefined, line);
  }
});

Deno.test("uuLineSize tells data from text", () => {
  assertEquals(["#0V%T", "#0V%T\r", "`", " ", "#"].map((line) => uuLineSize(octetsOf(line))), [
    3,
    3,
    0,
    0,
    3,
  ]);
  for (const line of ["", "\r", "#0v%t", "#0V%TXYZ", "Hello", "# \t", "#\xe4"]) {
    assertEquals(uuLineSize(octetsOf(line)), -1, line);
  }
});
