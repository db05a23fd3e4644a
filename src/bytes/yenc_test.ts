import fc from "fast-check";
import { assertEquals } from "@std/assert";
import { encodeYenc } from "../../tests/corpus/encoders.ts";
import { latin1, octetsOf } from "./ascii.ts";
import { isYencEnd, yencBegin, YencDecoder, yencPart } from "./yenc.ts";

function decodeIn(size: number, input: Uint8Array): { octets: Uint8Array; intact: boolean | undefined } {
  const decoder = new YencDecoder();
  const pieces: number[] = [];
  for (let i = 0; i < input.length; i += size) pieces.push(...decoder.push(input.slice(i, i + size)));
  pieces.push(...decoder.finish());
  return { octets: Uint8Array.from(pieces), intact: decoder.intact };
}
const decode = (text: string) => {
  const { octets, intact } = decodeIn(text.length + 1, octetsOf(text));
  return { text: latin1(octets), intact };
};

Deno.test("YencDecoder undoes an encoder, at any cut, and the CRC is right", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 600 }), fc.integer({ min: 1, max: 200 }), (octets, size) => {
      const around = latin1(encodeYenc(octets, "a b.bin"));
      assertEquals(decodeIn(size, octetsOf("text\r\n" + around + "text\r\n")), { octets, intact: true });
    }),
  );
  const every = Uint8Array.from({ length: 256 * 20 }, (_, i) => (i * 7 + (i >> 8)) & 0xff);
  assertEquals(decodeIn(100, encodeYenc(every, "x")), { octets: every, intact: true });
});

Deno.test("YencDecoder: any octets at any cut give one answer", () => {
  const octet = fc.oneof(fc.constantFrom(...octetsOf("=y=yend size=1 crc32=0\r\n")), fc.nat(255));
  fc.assert(
    fc.property(fc.array(octet, { maxLength: 300 }), fc.integer({ min: 1, max: 50 }), (list, size) => {
      const input = octetsOf("=ybegin line=128 size=1 name=x\n" + latin1(Uint8Array.from(list)));
      assertEquals(decodeIn(size, input), decodeIn(1, input));
    }),
  );
});

Deno.test("YencDecoder reads parts, and damage shows", () => {
  const begin = "=ybegin part=2 total=3 line=128 size=9 name=x\r\n=ypart begin=4 end=6\r\n";
  const data = latin1(Uint8Array.from("Cat", (c) => c.charCodeAt(0) + 42)) + "\r\n";
  assertEquals(decode(begin + data + "=yend size=3 part=2 pcrc32=a6130548 crc32=00000000"), {
    text: "Cat",
    intact: true,
  });
  assertEquals(decode(begin + data + "=yend size=3 part=2 crc32=00000000\r\n"), {
    text: "Cat",
    intact: true,
  });
  assertEquals(decode(begin + data + "=yend size=3 pcrc32=00000001\r\n").intact, false);
  assertEquals(decode(begin + data + "=yend size=4\r\n").intact, false);
  assertEquals(decode(begin + data + "=yend\r\nmore"), { text: "Cat", intact: undefined });
  assertEquals(decode(begin + data), { text: "Cat", intact: undefined });
  assertEquals(decode(begin + "=\r\nm=\n"), { text: "C", intact: undefined });
});

Deno.test("yEnc's control lines", () => {
  assertEquals(yencBegin(octetsOf("=ybegin part=1 total=2 line=128 size=9 name= a =b.jpg \r")), {
    name: "a =b.jpg",
    size: 9,
    part: 1,
    total: 2,
  });
  assertEquals(yencBegin(octetsOf('=ybegin line=128 name="x"'))?.name, "x");
  for (
    const line of ["=ybegin line=1 size=2", "=ybegin size=1 name=x", "ybegin line=1 name=x", "=ybeginning"]
  ) {
    assertEquals(yencBegin(octetsOf(line)), undefined, line);
  }
  assertEquals(yencPart(octetsOf("=ypart begin=1 end=0")), { begin: 1, end: 0 });
  for (
    const line of [
      "=ypart begin=0 end=3",
      "=ypart begin=5 end=3",
      "=ypart end=3",
      "=yend",
      "=ypart begin=-1 end=2",
    ]
  ) {
    assertEquals(yencPart(octetsOf(line)), undefined, line);
  }
  assertEquals(isYencEnd(octetsOf("=yend size=3")), true);
});
