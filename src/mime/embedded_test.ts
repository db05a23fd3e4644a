import fc from "fast-check";
import { assert, assertEquals } from "@std/assert";
import { encodeBinHex, encodeUu, encodeYenc } from "../../tests/corpus/encoders.ts";
import { mail, parseIn } from "../../tests/corpus/samples.ts";
import { latin1, octetsOf } from "../bytes/ascii.ts";
import { encodeBase64 } from "../bytes/base64.ts";
import { EMBEDDED_FILES } from "./limits.ts";
import {
  createEmbeddedDecoder,
  type EmbeddedFile,
  EmbeddedFinder,
  embeddedParts,
  partText,
  searchParts,
} from "./mod.ts";

/** Finds and decodes all files of a message, pushing pieces of `size` octets. */
function open(message: Uint8Array, size = 1000) {
  const { root } = parseIn(4096, message);
  return embeddedParts(root).flatMap(({ part, start, end }) => {
    const body = message.subarray(start, end);
    const finder = new EmbeddedFinder(part);
    for (let i = 0; i < body.length; i += size) finder.push(body.slice(i, i + size));
    return finder.finish().map((file) => {
      const decoder = createEmbeddedDecoder(part, file);
      const octets: number[] = [];
      for (let i = 0; i < body.length; i += size) octets.push(...decoder.push(body.slice(i, i + size)));
      octets.push(...decoder.finish());
      return { file, octets: Uint8Array.from(octets), intact: decoder.intact };
    });
  });
}
const text = (body: string, header = "Subject: x") => octetsOf(`${header}\r\n\r\n${body}`);
const names = (found: readonly { file: EmbeddedFile }[]) => found.map(({ file }) => file.name);

const HELLO = octetsOf("Hello, \xff world\0!");
const MIXED = text(
  "Dear all,\r\nbegin 10 minutes early\r\n" + encodeUu(HELLO, "a/../b c.bin") + "and\r\n" +
    latin1(encodeYenc(HELLO, "y.bin")) + "and\r\nbegin-base64 644 z.bin\r\n" + encodeBase64(HELLO) +
    "\r\n====\r\n" +
    encodeBinHex("m\x8ec", HELLO, octetsOf("fork")) + "Bye\r\n",
);

Deno.test("files in text are found and decoded, at any cut", () => {
  const want = open(MIXED);
  assertEquals(
    want.map((
      { file, octets, intact },
    ) => [file.format, file.name, file.complete, file.size, octets, intact]),
    [
      ["uuencode", "b c.bin", true, HELLO.length, HELLO, undefined],
      ["yenc", "y.bin", true, HELLO.length, HELLO, true],
      ["base64", "z.bin", true, undefined, HELLO, undefined],
      ["binhex", "méc", true, HELLO.length, HELLO, true],
      ["binhex-resource", "méc", true, 4, octetsOf("fork"), true],
    ],
  );
  for (const size of [1, 2, 3, 7, 64, 100]) assertEquals(open(MIXED, size), want);
});

Deno.test("transfer encodings are undone first; offsets are in what comes out", () => {
  const body = "x=\r\n\r\n" + encodeUu(HELLO, "q").replaceAll("=", "=3D").replace("\r\n", "=0D=0A");
  const [found] = open(text(body, "Content-Transfer-Encoding: quoted-printable"));
  assertEquals([found!.file.start, found!.octets], [3, HELLO]);
});

Deno.test("search text has the names of files instead of their octets", () => {
  const { root } = parseIn(4096, MIXED);
  assertEquals(
    partText(root, MIXED.subarray(root.bodyStart, root.bodyEnd)),
    "Dear all,\r\nbegin 10 minutes early\r\nb c.bin\nand\r\ny.bin\nand\r\nz.bin\n" +
      "(This file must be converted with BinHex 4.0)\r\n\r\nméc\n\r\nBye\r\n",
  );
});

Deno.test("files without an end reach to where their data stops", () => {
  const uu = encodeUu(new Uint8Array(100), "cut").split("\r\n").slice(0, 3).join("\r\n");
  const [first, second] = open(text(`${uu}\r\nSo it ends.\r\n${uu}`));
  assertEquals([first!.file.complete, first!.octets.length, second!.file.complete, second!.octets.length], [
    false,
    90,
    false,
    90,
  ]);
  assertEquals(names(open(text(encodeUu(HELLO, "").slice(0, 12)))), []);
  const yenc = latin1(encodeYenc(HELLO, "one")).split("\r\n").slice(0, 2).join("\r\n");
  const found = open(text(`${yenc}\r\n${latin1(encodeYenc(HELLO, "two"))}`));
  assertEquals(found.map(({ file, intact }) => [file.name, file.complete, intact]), [
    ["one", false, undefined],
    ["two", true, true],
  ]);
});

Deno.test("one part of a yEnc file says where it belongs", () => {
  const body =
    "=ybegin part=2 total=3 line=128 size=900 name=p\r\n=ypart begin=101 end=103\r\nmmm\r\n=yend size=3\r\n";
  const [found] = open(text(body));
  assertEquals(found!.file.piece, { part: 2, total: 3, offset: 100, fileSize: 900 });
  assertEquals([found!.file.size, latin1(found!.octets), found!.intact], [3, "CCC", true]);
});

Deno.test("a part that is BinHex needs no banner", () => {
  const body = encodeBinHex("n", HELLO, new Uint8Array(0)).split("\r\n").slice(2).join("\r\n");
  assertEquals(open(text(body)).length, 0);
  assertEquals(open(text(body, "Content-Type: application/mac-binhex40; name=n"))[0]!.octets, HELLO);
});

Deno.test("the number of files is bounded", () => {
  const body = encodeUu(HELLO, "x").repeat(EMBEDDED_FILES + 1);
  assertEquals(open(text(body), 1e6).length, EMBEDDED_FILES);
});

Deno.test("any body at any cut gives the same files, inside it, and never throws", () => {
  const piece = fc.oneof(
    fc.constantFrom(
      "begin 644 x\n",
      "begin 644 x\r\n#0V%T\r\n",
      "#0V%T\n",
      "`\nend\n",
      "end\n",
      "begin-base64 1 x\n",
      "QUJD\n",
      "====\n",
      "=ybegin line=1 name=x\n",
      "=ypart begin=1 end=2\n",
      "=yend size=1\n",
      "=y",
      "(This file must be converted with BinHex 4.0)\n",
      ":",
      "\n",
      "!\"#$%&'()*+,-N".repeat(5),
    ),
    fc.string({ unit: "binary-ascii" }),
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 20 }), fc.integer({ min: 1, max: 40 }), (list, size) => {
      const message = text(list.join(""), "Content-Type: text/plain");
      const found = open(message, size);
      assertEquals(found, open(message, 1));
      for (const { file } of found) assert(file.start < file.end && file.end <= message.length);
    }),
    { numRuns: 500 },
  );
});

/** A TNEF stream of attributes: level, ID with type, octets. */
function tnef(...attributes: (readonly [number, number, Uint8Array])[]): Uint8Array {
  const octets: number[] = [0x78, 0x9f, 0x3e, 0x22, 1, 0];
  for (const [level, id, data] of attributes) {
    const head = new DataView(new ArrayBuffer(9));
    head.setUint8(0, level);
    head.setUint32(1, id, true);
    head.setUint32(5, data.length, true);
    octets.push(...new Uint8Array(head.buffer), ...data, 0, 0);
  }
  return Uint8Array.from(octets);
}

const WINMAIL = tnef(
  [1, 0x69007, Uint8Array.of(0xe3, 4, 0, 0, 0, 0, 0, 0)],
  [1, 0x2800c, octetsOf("\xcf\xf0\xe8")],
  [2, 0x69002, new Uint8Array(14)],
  [2, 0x18010, octetsOf("\xf4.txt\0")],
  [2, 0x6800f, HELLO],
);

Deno.test("TNEF is found by type or name, with names in its code page", () => {
  for (
    const header of [
      "Content-Type: application/ms-tnef",
      "Content-Type: application/vnd.ms-tnef; name=x",
      "Content-Type: application/octet-stream; name=WinMail.dat",
      "Content-Type: application/octet-stream\r\nContent-Disposition: attachment; filename=winmail.dat",
    ]
  ) {
    const message = text(encodeBase64(WINMAIL), header + "\r\nContent-Transfer-Encoding: base64");
    const [body, file] = open(message, 5);
    assertEquals([body!.file.name, body!.file.role, body!.file.charset], [
      "message.txt",
      "body",
      "windows-1251",
    ]);
    assertEquals([file!.file.name, file!.octets], ["ф.txt", HELLO]);
  }
  assertEquals(open(text(encodeBase64(WINMAIL), "Content-Type: application/octet-stream; name=x")).length, 0);
});

Deno.test("search text has the names in TNEF and BinHex, and TNEF's text", () => {
  const search = (octets: Uint8Array) => {
    const { root } = parseIn(4096, octets);
    return searchParts(root).map(({ start, end, part }) => partText(part, octets.subarray(start, end)));
  };
  const encoded = text(
    encodeBase64(WINMAIL),
    "Content-Type: application/ms-tnef\nContent-Transfer-Encoding: base64",
  );
  assertEquals(search(encoded), ["При\nф.txt\n"]);
  const binhex = encodeBinHex("m\x8ec", HELLO, new Uint8Array(0));
  assertEquals(search(text(binhex, "Content-Type: application/mac-binhex40")), ["méc\n"]);
  assertEquals(search(text("%PDF", "Content-Type: application/pdf")), []);
});

Deno.test("TNEF: cut short or damaged anywhere, it never throws and stays inside", () => {
  const change = fc.record({
    at: fc.nat(WINMAIL.length - 1),
    octet: fc.nat(255),
    size: fc.nat(WINMAIL.length),
  });
  fc.assert(
    fc.property(change, fc.integer({ min: 1, max: 30 }), ({ at, octet, size }, cut) => {
      const octets = WINMAIL.slice(0, size);
      octets[at] = octet;
      const head = octetsOf("Content-Type: application/ms-tnef\r\n\r\n");
      const message = new Uint8Array(head.length + octets.length);
      message.set(head);
      message.set(octets, head.length);
      const found = open(message, cut);
      assertEquals(found, open(message, 1000));
      for (const { file } of found) assert(file.start < file.end && file.end <= octets.length);
    }),
    { numRuns: 1000 },
  );
});

Deno.test("a long body of text costs little", () => {
  const { root } = parseIn(4096, mail("A: b\n\n"));
  const body = octetsOf(
    "begin\r\nbegin 644 x\r\nbegin 644\r\n=\r\n:\r\n(This file must be converted\r\n".repeat(20_000),
  );
  const start = performance.now();
  const finder = new EmbeddedFinder(root);
  finder.push(body);
  assertEquals(finder.finish().length, 0);
  assert(performance.now() - start < 5000);
});
