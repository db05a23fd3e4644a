import fc from "fast-check";
import { assert, assertEquals } from "@std/assert";
import { latin1 } from "../bytes/ascii.ts";
import { RtfDecoder } from "./rtf_compressed.ts";

/** The examples of [MS-OXRTFCP] §4.1.1 and §4.1.2. */
const SIMPLE = "2d0000002b0000004c5a4675f1c5c7a703000a00726370673132354232" +
  "0af32068656c090020627705b06c647d0a800fa0";
const CROSSING = "1a0000001c0000004c5a4675e2d44b51410004205758595a0d6e7d010eb0";

function decodeIn(size: number, octets: Uint8Array) {
  const decoder = new RtfDecoder();
  let text = "";
  for (let i = 0; i < octets.length; i += size) text += latin1(decoder.push(octets.slice(i, i + size)));
  return { text: text + latin1(decoder.finish()), intact: decoder.intact };
}

Deno.test("RtfDecoder reads the specification's examples, at any cut", () => {
  for (const size of [1, 2, 3, 16, 17, 100]) {
    assertEquals(decodeIn(size, Uint8Array.fromHex(SIMPLE)), {
      text: "{\\rtf1\\ansi\\ansicpg1252\\pard hello world}\r\n",
      intact: true,
    });
    assertEquals(decodeIn(size, Uint8Array.fromHex(CROSSING)), {
      text: "{\\rtf1 WXYZWXYZWXYZWXYZWXYZ}",
      intact: true,
    });
  }
});

Deno.test("RtfDecoder gives out uncompressed RTF as it is", () => {
  const head = Uint8Array.fromHex("11000000050000004d454c4100000000");
  assertEquals(decodeIn(4, Uint8Array.of(...head, ...new TextEncoder().encode("{\\rtfmore"))), {
    text: "{\\rtf",
    intact: undefined,
  });
});

Deno.test("RtfDecoder says what is damaged or cut short", () => {
  const octets = Uint8Array.fromHex(SIMPLE);
  assertEquals(decodeIn(9, octets.subarray(0, 40)).intact, false);
  octets[20]! ^= 1;
  assertEquals(decodeIn(9, octets).intact, false);
});

Deno.test("RtfDecoder: any octets at any cut give one answer, never more than is declared", () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 200 }),
      fc.nat(300),
      fc.integer({ min: 1, max: 50 }),
      (list, raw, size) => {
        const octets = Uint8Array.of(
          0,
          1,
          0,
          0,
          raw & 0xff,
          raw >> 8,
          0,
          0,
          0x4c,
          0x5a,
          0x46,
          0x75,
          0,
          0,
          0,
          0,
          ...list,
        );
        const found = decodeIn(size, octets);
        assertEquals(found, decodeIn(1, octets));
        assert(found.text.length <= raw);
      },
    ),
  );
});
