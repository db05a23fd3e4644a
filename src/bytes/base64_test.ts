import fc from "fast-check";
import { assertEquals } from "@std/assert";
import { Base64Decoder, decodeBase64, encodeBase64 } from "./base64.ts";
import { latin1, octetsOf } from "./ascii.ts";

function decodeIn(size: number, input: Uint8Array): string {
  const decoder = new Base64Decoder();
  let text = "";
  for (let i = 0; i < input.length; i += size) text += latin1(decoder.push(input.subarray(i, i + size)));
  return text + latin1(decoder.finish());
}

Deno.test("Base64Decoder gives the same octets however the input is cut", () => {
  const samples = [
    "SGVsbG8sIHdvcmxkIQ==",
    "SGVs\r\nbG8s IHdv\tcmxkIQ=\r\n=\r\nQUJD",
    "U0dWc2JHOD0=U0dWc2JHOD0=",
    "****QUJD!!==A=BCDE",
    "QUJDRA",
    "A",
    "QUJD".repeat(60) + "\x00\xff=QUJD".repeat(20),
  ];
  for (const sample of samples) {
    const input = octetsOf(sample);
    const want = decodeIn(input.length, input);
    for (let size = 1; size <= input.length; size++) assertEquals(decodeIn(size, input), want, sample);
  }
});

Deno.test("Base64Decoder: any octets at any cut give one answer", () => {
  const octet = fc.oneof(
    fc.constantFrom(...octetsOf("ABCDabcd0129+/=\r\n ")),
    fc.integer({ min: 0, max: 255 }),
  );
  fc.assert(
    fc.property(fc.array(octet, { maxLength: 300 }), fc.integer({ min: 1, max: 90 }), (list, size) => {
      const input = Uint8Array.from(list);
      assertEquals(decodeIn(size, input), decodeIn(1, input));
    }),
  );
});

Deno.test("Base64Decoder decodes what was encoded, folded in lines", () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 400 }), (octets) => {
    const lines = encodeBase64(octets).replaceAll(/.{76}/g, "$&\r\n");
    assertEquals(decodeIn(4096, octetsOf(lines)), latin1(octets));
  }));
});

Deno.test("Base64Decoder is tolerant: foreign octets, missing padding, glued bodies", () => {
  assertEquals(decodeIn(9, octetsOf("SGk*h")), "Hi!");
  assertEquals(decodeIn(9, octetsOf("SGkhSGk")), "Hi!Hi");
  assertEquals(decodeIn(9, octetsOf("SGk=SGk=")), "HiHi");
});

Deno.test("decodeBase64 is strict", () => {
  assertEquals(decodeBase64("AGEAYg=="), octetsOf("\0a\0b"));
  assertEquals(decodeBase64(""), new Uint8Array(0));
  for (const bad of ["QQ", "QQ=", "Q===", "QUJD\r\n", "QU JD===", "QR==", "QUJ\u0100", "====", "QQ==QQ=="]) {
    assertEquals(decodeBase64(bad), undefined, bad);
  }
});
