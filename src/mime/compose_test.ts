import fc from "fast-check";
import { assert, assertEquals, assertThrows } from "@std/assert";
import { allParts, parseIn } from "../../tests/corpus/samples.ts";
import { latin1, utf8 } from "../bytes/ascii.ts";
import { compose, type ComposeOptions, type Composition } from "./compose.ts";
import type { ComposeMailbox } from "./compose_address.ts";
import { type ComposeField, composeField, formatDate, newMessageId } from "./compose_field.ts";
import type { ComposePart } from "./compose_part.ts";
import { alternativePart, composeReport } from "./compose_report.ts";
import { parseDate } from "./date.ts";
import { parameterText } from "./parameter.ts";
import { recipientLists } from "./recipients.ts";
import { partText } from "./search_text.ts";
import { summarize } from "./summary.ts";
import { createTransferDecoder } from "./transfer.ts";
import { attachments } from "./attachments.ts";

const encoder = new TextEncoder();

/** Sends a message as its sender does: what must be waited for is waited for here. */
async function send(composition: Composition, to: (octets: Uint8Array) => void): Promise<void> {
  for (const piece of composition.pieces()) {
    if (piece instanceof Uint8Array) to(piece);
    else {
      for await (const octets of piece.source) to(piece.push(octets));
      to(piece.finish());
    }
  }
}
const random = (n: number) => new Uint8Array(n).fill(7);

function composed(
  fields: readonly ComposeField[],
  body: ComposePart,
  options: Partial<ComposeOptions> = {},
): Uint8Array {
  const octets = compose(fields, body, { random, ...options }).octets();
  checkLines(octets);
  return octets;
}

/** What every composed message keeps to: RFC 5322 §2.1.1, §2.2.3 and RFC 2047 §2. */
function checkLines(octets: Uint8Array): void {
  assert(!octets.includes(0), "NUL");
  const lines = latin1(octets).split("\r\n");
  const empty = lines.indexOf("");
  lines.forEach((line, i) => {
    assert(!line.includes("\r") && !line.includes("\n"), `line ${i + 1} holds a bare CR or LF`);
    assert(line.length <= 998, `line ${i + 1} has ${line.length} octets`);
    if (i < empty && line.includes("=?utf-8?")) {
      assert(line.length <= 76, `line ${i + 1} has ${line.length} octets`);
    }
  });
  for (const line of lines.slice(1, empty)) assert(line.trim() !== "", "a header line of white space alone");
}

function headerOf(...fields: readonly ComposeField[]): Uint8Array {
  return composed(fields, { kind: "text", text: "" });
}

Deno.test("compose writes a message, octet for octet", () => {
  const octets = composed(
    [
      {
        kind: "addresses",
        name: "From",
        list: [{ name: "Jörg Müller", local: "joerg", domain: "example.org" }],
      },
      {
        kind: "addresses",
        name: "To",
        list: [
          { name: "Doe, Jane", local: "jane", domain: "example.org" },
          {
            group: "team",
            members: [{ local: "a b", domain: "bücher.example" }, { local: "c", domain: "[192.0.2.1]" }],
          },
          { group: "undisclosed", members: [] },
        ],
      },
      { kind: "text", name: "Subject", text: "Grüße aus Köln" },
      { kind: "words", name: "Date", value: formatDate(Date.UTC(2026, 1, 3, 9), 60) },
      { kind: "ids", name: "References", ids: ["<1@x>", "none", "<2@x>"] },
      { kind: "ids", name: "In-Reply-To", ids: ["nothing"] },
    ],
    {
      kind: "multipart",
      subtype: "mixed",
      parts: [
        alternativePart("Hällo\n.\nFrom here\n", "<p>Hello</p>"),
        {
          kind: "data",
          type: "application/pdf",
          content: encoder.encode("PDF"),
          disposition: { type: "attachment", filename: "Übersicht.pdf" },
          id: "<i@x>",
          description: "Übersicht",
        },
      ],
    },
  );
  assertEquals(
    utf8(octets).replaceAll("\r\n", "\n").replaceAll("_BwcHBwcHBwcHBwcHBwcHBwcH", ""),
    `From: =?utf-8?q?J=C3=B6rg_M=C3=BCller?= <joerg@example.org>
To: "Doe, Jane" <jane@example.org>, team: "a b"@xn--bcher-kva.example,
 c@[192.0.2.1];, undisclosed:;
Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe?= aus =?utf-8?q?K=C3=B6ln?=
Date: Tue, 3 Feb 2026 10:00:00 +0100
References: <1@x> <2@x>
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary="=_000001"

--=_000001
Content-Type: multipart/alternative;
 boundary="=_000000"

--=_000000
Content-Type: text/plain; charset=utf-8
Content-Transfer-Encoding: quoted-printable

H=C3=A4llo
=2E
=46rom here

--=_000000
Content-Type: text/html; charset=us-ascii

<p>Hello</p>
--=_000000--

--=_000001
Content-Type: application/pdf
Content-Transfer-Encoding: base64
Content-Disposition: attachment; filename*=utf-8''%C3%9Cbersicht.pdf
Content-ID: <i@x>
Content-Description: =?utf-8?q?=C3=9Cbersicht?=

UERG
--=_000001--
`,
  );
});

/** Text as it comes through a header: in one line. */
const safe = (text: string) => text.toWellFormed().replace(/\p{Cc}/gu, " ");

/** Texts with everything in them that encoded words and folding are about. */
const text = fc.array(
  fc.oneof(
    fc.constantFrom(
      " ",
      "  ",
      "         ",
      "é",
      "😀",
      "=?",
      "?=",
      "=?utf-8?q?x?=",
      "=",
      "_",
      "a",
      "\r\n",
      "\t",
      '"',
      "\\",
      ",",
      "<",
      ">",
      "(",
      "x".repeat(80),
      "日本語",
    ),
    fc.string({ maxLength: 12 }),
    fc.string({ unit: "binary", maxLength: 6 }),
  ),
  { maxLength: 14 },
).map((pieces) => pieces.join("")).filter((one) => !one.includes("\ufeff"));

Deno.test("text: a reader gets back what was composed", () => {
  fc.assert(
    fc.property(text, (subject) => {
      const octets = headerOf({ kind: "text", name: "Subject", text: subject });
      assertEquals(summarize(octets).subject, safe(subject));
      for (const line of latin1(octets).split("\r\n")) assert(line.length <= 78, line);
      const raw = composed([{ kind: "text", name: "Subject", text: subject }], { kind: "text", text: "" }, {
        utf8: true,
      });
      assertEquals(summarize(raw).subject, safe(subject));
    }),
    { numRuns: 3000 },
  );
});

const mailbox: fc.Arbitrary<ComposeMailbox> = fc.record({
  name: fc.option(text, { nil: undefined }),
  local: fc.oneof(
    fc.constantFrom("a", "a.b", "a b", '"', "\\", ".", "a..b", "(", "@"),
    fc.string({ minLength: 1, maxLength: 20 }),
  ),
  domain: fc.constantFrom("example.org", "x", "[192.0.2.1]", "[IPv6:2001:db8::1]", "under_score.example"),
});

Deno.test("addresses: a reader gets back what was composed, groups too", () => {
  fc.assert(
    fc.property(fc.array(mailbox, { maxLength: 5 }), fc.boolean(), (list, grouped) => {
      const addresses = grouped ? [{ group: "Gruppe é", members: list }] : list;
      const found = recipientLists(headerOf({ kind: "addresses", name: "To", list: addresses })).to;
      const unique = new Map(list.map((one) => [`${one.local}@${one.domain}`, one] as const));
      assertEquals(found.map(({ local, domain }) => `${local}@${domain}`), [...unique.keys()]);
      const first = list.find(({ local, domain }) =>
        local === found[0]?.local && domain === found[0]?.domain
      );
      if (first !== undefined) assertEquals(found[0]!.name ?? "", safe(first.name ?? "").trim());
    }),
    { numRuns: 3000 },
  );
});

Deno.test("addresses that are not ASCII: RFC 6532 where the way is clear, else A-labels and RFC 6857", () => {
  const of = (one: ComposeMailbox, utf8: boolean) =>
    composeField({ kind: "addresses", name: "To", list: [one] }, utf8);
  const jose = { name: "José", local: "josé", domain: "bücher.example" };
  assertEquals(of(jose, true), "To: José <josé@bücher.example>\r\n");
  assertEquals(
    of({ ...jose, local: "jose" }, false),
    "To: =?utf-8?q?Jos=C3=A9?= <jose@xn--bcher-kva.example>\r\n",
  );
  assertEquals(of(jose, false), "To: =?utf-8?q?Jos=C3=A9_jos=C3=A9=40b=C3=BCcher=2Eexample?=:;\r\n");
  assertEquals(
    composeField({
      kind: "addresses",
      name: "To",
      list: [{ group: "g", members: [jose, { local: "a", domain: "x" }] }],
    }, false),
    "To: g: =?utf-8?q?Jos=C3=A9?= <unknown@address.invalid>, a@x;\r\n",
  );
  for (
    const bad of [
      { local: "", domain: "x" },
      { local: "a\r\nBcc: b", domain: "x" },
      { local: "a", domain: "x>\r\n" },
      { local: "a", domain: "" },
      { local: "a", domain: "[a]b]" },
      { local: "\ud800", domain: "x" },
    ]
  ) {
    for (const utf8 of [false, true]) assertThrows(() => of(bad, utf8), RangeError);
  }
});

Deno.test("parameters: a reader gets back what was composed, in RFC 2231 where it must be", () => {
  const part = (filename: string) =>
    parseIn(
      999,
      composed([], {
        kind: "data",
        type: "a/b",
        content: encoder.encode("x"),
        disposition: { type: "attachment", filename },
      }),
    ).root;
  fc.assert(
    fc.property(fc.oneof(text, text.map((one) => one.repeat(4))), (filename) => {
      assertEquals(parameterText(part(filename).disposition!.params, "filename"), safe(filename));
    }),
    { numRuns: 2000 },
  );
  assertEquals(part("a".repeat(200)).disposition!.params[0]!.name, "filename*");
  assertEquals(part('a "b".txt').disposition!.params, [{ name: "filename", value: 'a "b".txt' }]);
});

/** A tree of parts with the octets that its leaves decode to, in order. */
interface Tree {
  readonly part: ComposePart;
  readonly leaves: readonly Uint8Array[];
}

const leafTree: fc.Arbitrary<Tree> = fc.oneof(
  fc.tuple(
    fc.array(
      fc.oneof(
        text,
        fc.constantFrom("\n", "\r\n", "\r", ".", "\n.", "From x", "\nFrom ", "--=_000000", "\0", " \n"),
      ),
    ),
    fc.constantFrom("plain", "html"),
  )
    .map(([pieces, subtype]) => ({
      part: { kind: "text" as const, subtype, text: pieces.join("") },
      leaves: [encoder.encode(pieces.join("").toWellFormed().replace(/\r\n|\r|\n/g, "\r\n"))],
    })),
  fc.tuple(fc.uint8Array({ maxLength: 300 }), fc.integer({ min: 1, max: 120 }), fc.boolean()).map((
    [octets, size, lines],
  ) => ({
    part: {
      kind: "data" as const,
      type: "application/x-any",
      content: lines ? octets : pieces(octets, size),
      lines,
    },
    leaves: [octets],
  })),
);

function pieces(octets: Uint8Array, size: number): Uint8Array[] {
  const list: Uint8Array[] = [];
  for (let at = 0; at < octets.length; at += size) list.push(octets.subarray(at, at + size));
  return list;
}

const tree: fc.Arbitrary<Tree> = fc.letrec<{ tree: Tree }>((tie) => ({
  tree: fc.oneof(
    { maxDepth: 3 },
    leafTree,
    fc.array(tie("tree"), { minLength: 1, maxLength: 4 }).map((children) => ({
      part: { kind: "multipart" as const, subtype: "mixed", parts: children.map(({ part }) => part) },
      leaves: children.flatMap(({ leaves }) => leaves),
    })),
  ),
})).tree;

function decoded(encoding: string, octets: Uint8Array): Uint8Array {
  const decoder = createTransferDecoder(encoding)!;
  const body = decoder.push(octets).slice();
  return Uint8Array.from([...body, ...decoder.finish()]);
}

Deno.test("bodies: every part decodes to what was composed, whatever is in it", async () => {
  await fc.assert(
    fc.asyncProperty(tree, fc.boolean(), async ({ part, leaves }, eightBit) => {
      const octets = composed([], part, { eightBit });
      const { root, defects } = parseIn(4096, octets);
      assertEquals(defects, []);
      const found = allParts(root).filter(({ type }) => type !== "multipart").sort((a, b) =>
        a.headerStart - b.headerStart
      );
      assertEquals(
        found.map((one) => decoded(one.encoding, octets.subarray(one.bodyStart, one.bodyEnd))),
        leaves,
      );
      if (!eightBit) assert(octets.every((octet) => octet < 0x80));
      const streamed: Uint8Array[] = [];
      await send(compose([], part, { random, eightBit }), (chunk) => streamed.push(chunk));
      assertEquals(new Uint8Array(await new Blob(streamed as BlobPart[]).arrayBuffer()), octets);
      // Safe for those who forget to unstuff dots or who write mailbox files.
      for (const one of found.filter(({ type }) => type === "text")) {
        for (const line of latin1(octets, one.bodyStart, one.bodyEnd).split("\r\n")) {
          assert(!line.startsWith(".") && !line.startsWith("From "), line);
        }
      }
    }),
    { numRuns: 1000 },
  );
});

Deno.test("streams: an attachment of 20 MB goes through in pieces", async () => {
  const block = new Uint8Array(65_000).fill(0x41);
  async function* source() {
    for (let i = 0; i < 310; i++) yield await Promise.resolve(block);
  }
  const composition = compose([], { kind: "data", type: "a/b", content: source() }, { random });
  let size = 0, largest = 0;
  await send(composition, (chunk) => {
    size += chunk.length;
    largest = Math.max(largest, chunk.length);
  });
  assert(size > 310 * 65_000 * 4 / 3 && largest < 100_000);
  assertThrows(
    () => compose([], { kind: "data", type: "a/b", content: source() }, { random }).octets(),
    TypeError,
  );
});

Deno.test("boundaries: none stands in a content, even where randomness fails", () => {
  const inner = composed([], {
    kind: "multipart",
    subtype: "mixed",
    parts: [{ kind: "text", text: "inner" }],
  });
  const outer = composed([], {
    kind: "multipart",
    subtype: "mixed",
    parts: [{ kind: "message", octets: inner }, { kind: "text", text: "outer" }],
  });
  const { root } = parseIn(4096, outer);
  assertEquals(root.children.map(({ type }) => type), ["message", "text"]);
  const message = root.children[0]!;
  assertEquals(outer.subarray(message.bodyStart, message.bodyEnd), inner);
});

Deno.test("messages inside: as they are, or as octets where they could not be sent so", () => {
  const inside = (text: string, eightBit = false) => {
    const composition = compose([], {
      kind: "multipart",
      subtype: "mixed",
      parts: [{ kind: "message", octets: encoder.encode(text) }],
    }, { random, eightBit });
    const { root } = parseIn(4096, composition.octets());
    const part = root.children[0]!;
    return [`${part.type}/${part.subtype}`, part.encoding, root.encoding, composition.eightBit];
  };
  assertEquals(inside("Subject: x\r\n\r\nbody\r\n"), ["message/rfc822", "7bit", "7bit", false]);
  assertEquals(inside("Subject: x\r\n\r\né\r\n"), ["message/rfc822", "8bit", "8bit", true]);
  for (const bad of ["a\nb", "a\rb", "a\0b", "x".repeat(999)]) {
    assertEquals(inside(`Subject: x\r\n\r\n${bad}\r\n`), [
      "application/octet-stream",
      "base64",
      "7bit",
      false,
    ]);
  }
  assertEquals(inside(`Subject: x\r\n\r\n${"x".repeat(998)}\r\n`)[0], "message/rfc822");
});

Deno.test("composeReport: RFC 6522 with fields for programs, whatever other servers said", () => {
  const octets = composed(
    [],
    composeReport({
      type: "delivery-status",
      text: "Nobody there.\n",
      groups: [
        [["Reporting-MTA", "dns; mx.example.org"]],
        [["Final-Recipient", "rfc822; a@b"], ["Diagnostic-Code", `smtp; 550 \r\n né\0 ${"x".repeat(2000)}`]],
      ],
      original: { octets: encoder.encode("Subject: é\r\n\r\n"), headerOnly: true },
    }),
  );
  const { root } = parseIn(4096, octets);
  assertEquals(root.params.find(({ name }) => name === "report-type")?.value, "delivery-status");
  assertEquals(root.children.map(({ type, subtype }) => `${type}/${subtype}`), [
    "text/plain",
    "message/delivery-status",
    "text/rfc822-headers",
  ]);
  const status = latin1(octets, root.children[1]!.bodyStart, root.children[1]!.bodyEnd);
  assert(
    status.startsWith(
      "Reporting-MTA: dns; mx.example.org\r\n\r\nFinal-Recipient: rfc822; a@b\r\nDiagnostic-Code: smtp; 550 ",
    ),
  );
  assertEquals(status.split("\r\n\r\n").length, 2);
  assertEquals(
    partText(root.children[2]!, octets.subarray(root.children[2]!.bodyStart, root.children[2]!.bodyEnd)),
    "Subject: é\r\n\r\n",
  );
  assertEquals(attachments(root).length, 2);
});

Deno.test("nothing that is composed breaks a line: header injection", () => {
  const octets = composed(
    [
      { kind: "text", name: "Subject", text: "a\r\nBcc: evil@x\r\n\r\nbody" },
      { kind: "words", name: "X-Words", value: "a\r\nBcc: evil@x" },
      { kind: "addresses", name: "To", list: [{ name: "a\r\nBcc: evil@x", local: "b", domain: "c" }] },
      { kind: "ids", name: "References", ids: ["<a\r\nBcc: evil@x>", "<b@c>"] },
    ],
    {
      kind: "text",
      text: "",
      params: [["x", "a\r\nBcc: evil@x"]],
      disposition: { type: "inline", filename: "\r\nBcc: evil@x" },
      description: "\nBcc: e",
    },
  );
  assertEquals(recipientLists(octets).bcc, []);
  assertEquals(summarize(octets).references, ["<b@c>"]);
  for (const name of ["", "a b", "Subject:", "Sübject", "a\r\nb"]) {
    assertThrows(() => composeField({ kind: "text", name, text: "x" }, false), RangeError);
  }
  assertThrows(
    () => composed([], { kind: "data", type: "a/b\r\nX: y", content: new Uint8Array(0) }),
    RangeError,
  );
  assertThrows(() => composed([], { kind: "data", type: "text", content: new Uint8Array(0) }), RangeError);
  assertThrows(() => composed([], { kind: "multipart", subtype: "mixed", parts: [] }), RangeError);
  assertThrows(() => composed([], { kind: "text", text: "", params: [["a\r\n", "b"]] }), RangeError);
  assertThrows(() => composeField({ kind: "words", name: "X", value: "é" }, false), RangeError);
  assertThrows(() => composeField({ kind: "words", name: "X", value: "x".repeat(999) }, false), RangeError);
});

Deno.test("formatDate is what parseDate reads, and Message-IDs are new", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 4_000_000_000 }),
      fc.integer({ min: -14 * 60, max: 14 * 60 }),
      (seconds, zone) => {
        assertEquals(parseDate(formatDate(seconds * 1000, zone))?.epochMs, seconds * 1000);
      },
    ),
  );
  assertEquals(formatDate(0, -90), "Wed, 31 Dec 1969 22:30:00 -0130");
  const real = (n: number) => crypto.getRandomValues(new Uint8Array(n));
  const id = newMessageId(real, "example.org");
  assert(/^<[\w-]{20}@example\.org>$/.test(id) && id !== newMessageId(real, "example.org"));
});
