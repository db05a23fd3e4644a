import fc from "fast-check";
import { assert, assertEquals } from "@std/assert";
import { allParts, mail, NESTED, parseIn, SAMPLES } from "../../tests/corpus/samples.ts";
import { latin1 } from "../bytes/ascii.ts";
import { MIME_LIMITS } from "./limits.ts";
import { packParts, unpackParts } from "./pack.ts";
import type { ParsedMessage } from "./parser.ts";
import type { Part } from "./part.ts";

const body = (octets: Uint8Array, part: Part) => latin1(octets, part.bodyStart, part.bodyEnd);

/** What must hold for every message, whatever it is. */
function checkTiling(octets: Uint8Array, parsed: ParsedMessage): void {
  const { root } = parsed;
  assertEquals([root.headerStart, root.bodyStart, root.bodyEnd], [0, parsed.headerSize, octets.length]);
  assertEquals(parsed.size, octets.length);
  assertEquals(parsed.header, octets.subarray(0, Math.min(parsed.headerSize, MIME_LIMITS.headerBlock)));
  for (const part of allParts(root)) {
    assert(part.headerStart <= part.bodyStart && part.bodyStart <= part.bodyEnd);
    let at = part.bodyStart;
    for (const child of part.children) {
      assert(
        child.headerStart >= at && child.bodyEnd <= part.bodyEnd,
        "children lie in order inside the body",
      );
      at = child.bodyEnd;
    }
    let lines = 0;
    for (let i = part.bodyStart; i < part.bodyEnd; i++) if (octets[i] === 10) lines++;
    assertEquals(part.lines, lines);
  }
}

Deno.test("MessageParser gives the same result however the input is cut", () => {
  for (const octets of SAMPLES) {
    const want = parseIn(octets.length + 1, octets);
    checkTiling(octets, want);
    for (let size = 1; size <= octets.length; size++) assertEquals(parseIn(size, octets), want);
  }
});

Deno.test("MessageParser finds parts, bodies and lines of a nested message", () => {
  const { root } = parseIn(4096, NESTED);
  const [alternative, forwarded, attachment] = root.children;
  assertEquals(root.children.length, 3);
  assertEquals(alternative!.children.map((part) => [body(NESTED, part), part.lines]), [
    ["plain text", 0],
    ["<p>caf=C3=A9</p>\r\n", 1],
  ]);
  assertEquals(forwarded!.disposition, {
    type: "attachment",
    params: [{ name: "filename", value: "forwarded.eml" }],
  });
  const digest = forwarded!.children[0]!;
  assertEquals([digest.type, digest.subtype], ["multipart", "digest"]);
  assertEquals([digest.children[0]!.type, digest.children[1]!.type], ["message", "text"]);
  assertEquals(body(NESTED, digest.children[0]!.children[0]!), "one");
  assertEquals([attachment!.id, attachment!.encoding, attachment!.language], ["<x@y>", "base64", [
    "en",
    "de",
  ]]);
  assertEquals(body(NESTED, attachment!), "QUJD");
});

Deno.test("MessageParser: any octets at any cut do not throw, tile the message and give one result", () => {
  const piece = fc.constantFrom(
    "\r\n",
    "\n",
    "\r",
    "--b",
    "--bb",
    "--b--",
    "-",
    "\r\n--b\r\n",
    "\r\n\r\n",
    "Content-Type: multipart/mixed; boundary=b\r\n\r\n",
    "Content-Type: multipart/digest; boundary=bb\r\n\r\n",
    "Content-Type: message/rfc822\r\n\r\n",
    "Content-Type: message/rfc822\r\n",
    "Subject: x\r\n",
    "text",
    " ",
    "\0",
    "\u00e9",
  );
  const message = fc.array(piece, { maxLength: 40 }).map((list) => new TextEncoder().encode(list.join("")));
  fc.assert(
    fc.property(message, fc.integer({ min: 1, max: 30 }), (octets, size) => {
      const parsed = parseIn(octets.length + 1, octets);
      checkTiling(octets, parsed);
      assertEquals(parseIn(size, octets), parsed);
      assertEquals(unpackParts(packParts(parsed.root)), parsed.root);
    }),
    { numRuns: 2000 },
  );
});

Deno.test("MessageParser: random octets", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), fc.integer({ min: 1, max: 40 }), (octets, size) => {
      const parsed = parseIn(octets.length + 1, octets);
      checkTiling(octets, parsed);
      assertEquals(parseIn(size, octets), parsed);
    }),
  );
});

Deno.test("a boundary is matched by its beginning, the longest one first (RFC 2046 §5.1.1)", () => {
  const octets = mail(`Content-Type: multipart/mixed; boundary=a

--a
Content-Type: multipart/mixed; boundary=ab

--ab
 
inner
--abc

also inner
--a

outer
--a--
`);
  const { root } = parseIn(64, octets);
  assertEquals(root.children.map((part) => part.children.length), [2, 0]);
  assertEquals(body(octets, root.children[1]!), "outer");
});

Deno.test("what two readers may read differently is a defect", () => {
  const kinds = (text: string) => parseIn(4096, mail(text)).defects.map(({ kind }) => kind);
  assertEquals(kinds("Content-Type: text/plain\nContent-Type: text/html\n\n"), ["repeated content-type"]);
  assertEquals(kinds("Content-Type: text\n\n"), ["bad content-type"]);
  assertEquals(kinds("Content-Transfer-Encoding: 7bit\nContent-Transfer-Encoding: base64\n\n"), [
    "repeated transfer-encoding",
  ]);
  assertEquals(kinds("Content-Type: multipart/mixed; boundary=a; boundary=b\n\n--a\n\n--a--\n"), [
    "repeated boundary",
  ]);
  assertEquals(kinds("Content-Type: multipart/mixed\n\n"), [
    "multipart without boundary",
    "multipart without parts",
  ]);
  assertEquals(kinds("Content-Type: multipart/mixed; boundary=a\n\n--a\n\nx\n"), ["multipart without end"]);
  assertEquals(kinds("Subject: x\n"), ["header without end"]);
  assertEquals(kinds("Content-Type: message/rfc822\nContent-Transfer-Encoding: base64\n\nQQ==\n\n"), [
    "encoded container",
  ]);
});

Deno.test("depth and parts are bounded exactly at their limits", () => {
  const deep = (levels: number) => {
    let text = "";
    for (let i = 0; i < levels; i++) text += `Content-Type: multipart/mixed; boundary=b${i}.\n\n--b${i}.\n`;
    return parseIn(1000, mail(text + "\nx\n"), { ...MIME_LIMITS, depth: 3 });
  };
  assertEquals(deep(3).defects.some(({ kind }) => kind === "too deep"), false);
  const over = deep(4);
  assertEquals(over.defects.some(({ kind }) => kind === "too deep"), true);
  assertEquals(allParts(over.root).at(-1)!.type, "application");

  const many = (parts: number) =>
    parseIn(1000, mail("Content-Type: multipart/mixed; boundary=b\n\n" + "--b\n\nx\n".repeat(parts)), {
      ...MIME_LIMITS,
      parts: 5,
    });
  assertEquals(allParts(many(3).root).length, 4);
  assertEquals(many(3).defects.some(({ kind }) => kind === "too many parts"), false);
  const rest = many(9).root.children;
  assertEquals([rest.length, rest.at(-1)!.type, rest.at(-1)!.lines], [4, "application", 17]);
});

Deno.test("a header block is looked at up to its limit, and the body still begins where it does", () => {
  const octets = mail("A: " + "x".repeat(100) + "\nSubject: s\n\nbody\n");
  const parsed = parseIn(7, octets, { ...MIME_LIMITS, headerBlock: 50 });
  assertEquals(parsed.header.length, 50);
  assertEquals(body(octets, parsed.root), "body\r\n");
  assertEquals(parsed.defects.map(({ kind }) => kind), ["header too large"]);
});
