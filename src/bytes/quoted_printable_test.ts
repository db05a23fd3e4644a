import fc from "fast-check";
import { assert, assertEquals } from "@std/assert";
import { encodeQuotedPrintable, QuotedPrintableDecoder } from "./quoted_printable.ts";
import { latin1, octetsOf } from "./ascii.ts";

function decodeIn(size: number, input: Uint8Array): string {
  const decoder = new QuotedPrintableDecoder();
  let text = "";
  for (let i = 0; i < input.length; i += size) text += latin1(decoder.push(input.subarray(i, i + size)));
  return text + latin1(decoder.finish());
}
const decode = (text: string) => decodeIn(text.length + 1, octetsOf(text));

Deno.test("QuotedPrintableDecoder gives the same octets however the input is cut", () => {
  const input = octetsOf("a=E9b =  \r\nc=\r\nd=3D=3d  \t\r\ne=XY=4 =\rZ=\n f=" + "  ".repeat(9) + "x = =\r");
  const want = decodeIn(input.length, input);
  for (let size = 1; size <= input.length; size++) assertEquals(decodeIn(size, input), want);
});

Deno.test("QuotedPrintableDecoder: any octets at any cut give one answer", () => {
  const octet = fc.oneof(fc.constantFrom(...octetsOf("=AF09af \t\r\n")), fc.integer({ min: 0, max: 255 }));
  fc.assert(
    fc.property(fc.array(octet, { maxLength: 200 }), fc.integer({ min: 1, max: 50 }), (list, size) => {
      const input = Uint8Array.from(list);
      assertEquals(decodeIn(size, input), decodeIn(1, input));
    }),
  );
});

Deno.test("QuotedPrintableDecoder drops soft breaks and trailing white space (RFC 2045 §6.7 (3), (5))", () => {
  assertEquals(decode("one=\r\ntwo= \t\r\nthree  \r\nfour \t"), "onetwothree\r\nfour");
  assertEquals(decode("=41=e9"), "A\xe9");
});

Deno.test("QuotedPrintableDecoder leaves what is broken as it is", () => {
  assertEquals(decode("a=ZZ b=4G c==41"), "a=ZZ b=4G c=A");
  assertEquals(decode("x=4"), "x=4");
});

Deno.test("QuotedPrintableDecoder holds bounded white space", () => {
  const spaces = " ".repeat(100_000);
  assert(decode(spaces + "\r\n").length > 90_000);
  assertEquals(decode("a" + spaces + "b"), "a" + spaces + "b");
});

Deno.test("encodeQuotedPrintable is undone by the decoder, in lines of at most 76", () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 400 }), (octets) => {
    const encoded = encodeQuotedPrintable(octets);
    for (const line of encoded.split("\r\n")) assert(line.length <= 76, line);
    assertEquals(decode(encoded), latin1(octets));
  }));
});
