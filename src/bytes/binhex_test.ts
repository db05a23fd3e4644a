import fc from "fast-check";
import { assert, assertEquals } from "@std/assert";
import { encodeBinHex } from "../../tests/corpus/encoders.ts";
import { latin1, octetsOf } from "./ascii.ts";
import { BinHexDecoder } from "./binhex.ts";

function decodeIn(size: number, input: Uint8Array, fork: "data" | "resource" = "data") {
  const decoder = new BinHexDecoder(fork);
  const pieces: number[] = [];
  for (let i = 0; i < input.length; i += size) pieces.push(...decoder.push(input.slice(i, i + size)));
  pieces.push(...decoder.finish());
  const { head, intact, ended } = decoder;
  return { octets: Uint8Array.from(pieces), head, intact, ended };
}

/** As macutils' binhex wrote them. */
const ZEROS = `(This file must be converted; you knew that already.)

:#ATPFQpc,Q*TEJ"+8%9(EfGXC3!!!!!#[!!!!!$U63#3r\`#3r\`#3\`J:
`;
const RUNS = `(This file must be converted; you knew that already.)

:#(*eER-ZBQPZ!%T348G[CfaP!!!!!!%c!!!!!$iaBC!!N!#3!*!!BM#3rc#3,C!
!(LX!!!:
`;
const FORKS = `(This file must be converted; you knew that already.)

:#'0KCSiZBQPZ!%**6N&[CfaP!*!&#\`!!!#!H)Q4KG'%JCQpbD\`d+Y9jbFh*MN!#
3!*!!N!"QEh*V!*!8XHJ:
`;

Deno.test("BinHexDecoder reads what another program wrote", () => {
  const zeros = decodeIn(7, octetsOf(ZEROS));
  assertEquals(zeros.octets, new Uint8Array(700));
  assertEquals(zeros.head, {
    name: "zeros.bin",
    type: "JPEG",
    creator: "ogle",
    dataSize: 700,
    resourceSize: 0,
  });
  assertEquals([zeros.intact, zeros.ended], [true, true]);
  const runs = decodeIn(1, octetsOf(RUNS));
  assertEquals(latin1(runs.octets), "a\x90\x90\x90\x90b" + "0".repeat(300) + "\x90");
  assertEquals(runs.intact, true);
  assertEquals(latin1(decodeIn(5, octetsOf(FORKS)).octets), "data fork\r\n");
  const resource = decodeIn(5, octetsOf(FORKS), "resource");
  assertEquals(latin1(resource.octets), "rsrc\x90\x90\x90\x90fork" + "\0".repeat(20));
  assertEquals([resource.head?.name, resource.intact], ["caf\x8e.bin", true]);
});

Deno.test("BinHexDecoder undoes an encoder, both forks, at any cut", () => {
  const octets = fc.uint8Array({ maxLength: 300 }).map((list) =>
    list.map((c) => c < 80 ? 0x90 : c < 160 ? 0 : c)
  );
  fc.assert(fc.property(octets, octets, fc.integer({ min: 1, max: 100 }), (data, resource, size) => {
    const input = octetsOf("see: this\r\n" + encodeBinHex("x", data, resource));
    const found = decodeIn(size, input);
    assertEquals(found.octets, data);
    assertEquals([found.intact, found.ended], [true, true]);
    assertEquals(decodeIn(size, input, "resource").octets, resource);
  }));
});

Deno.test("BinHexDecoder: any octets at any cut give one answer, never more than declared", () => {
  const octet = fc.oneof(fc.constantFrom(...octetsOf("!N'\":\r\n*3")), fc.nat(255));
  fc.assert(
    fc.property(fc.array(octet, { maxLength: 300 }), fc.integer({ min: 1, max: 50 }), (list, size) => {
      const input = octetsOf(":" + latin1(Uint8Array.from(list)));
      const found = decodeIn(size, input);
      assertEquals(found, decodeIn(1, input));
      assert(found.octets.length <= (found.head?.dataSize ?? 0));
    }),
  );
});

Deno.test("BinHexDecoder says when a fork is damaged or cut short", () => {
  const text = encodeBinHex("x", octetsOf("hello world"), new Uint8Array(0));
  const at = text.lastIndexOf(":") - 16;
  const damaged = text.slice(0, at) + (text[at] === "!" ? '"' : "!") + text.slice(at + 1);
  assertEquals(decodeIn(9, octetsOf(damaged)).intact, false);
  const short = decodeIn(9, octetsOf(text.slice(0, at)));
  assertEquals([short.intact, short.ended], [undefined, false]);
  assertEquals(decodeIn(9, octetsOf("no colon: here")).head, undefined);
});
