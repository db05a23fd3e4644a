import fc from "fast-check";
import { assertEquals, assertThrows } from "@std/assert";
import { parseImap } from "../../tests/corpus/corpus.ts";
import { mail, NESTED, parseIn } from "../../tests/corpus/samples.ts";
import { latin1, octetsOf } from "../bytes/ascii.ts";
import {
  encodeBodyStructure,
  encodeEnvelope,
  imapNString,
  imapString,
  ImapWriter,
  locate,
  packParts,
  type Section,
  selectFields,
  unpackParts,
} from "./mod.ts";

const written = (value: Uint8Array | string) => {
  const out = new ImapWriter();
  imapString(value, out);
  return latin1(out.take());
};

Deno.test("imapString is quoted where every client reads it alike, else a literal", () => {
  assertEquals(written(""), '""');
  assertEquals(written("plain text"), '"plain text"');
  assertEquals(written('a "b"'), '{5}\r\na "b"');
  assertEquals(written("a\\b"), "{3}\r\na\\b");
  assertEquals(written("a\tb"), "{3}\r\na\tb");
  assertEquals(written("é"), "{2}\r\n\xc3\xa9");
  assertEquals(written(octetsOf("a\r\nb\0c")), "{5}\r\na\r\nbc");
  const out = new ImapWriter();
  imapNString(undefined, out);
  imapNString("", out);
  assertEquals(latin1(out.take()), 'NIL""');
});

Deno.test("ENVELOPE has its ten members (RFC 9051 §7.5.2)", () => {
  assertEquals(latin1(encodeEnvelope(new Uint8Array(0))), "(NIL NIL NIL NIL NIL NIL NIL NIL NIL NIL)");
  const envelope = encodeEnvelope(mail(`Date: Mon, 7 Feb 1994 21:52:25 -0800 (PST)
From: "Fred Foobar" <foobar@Blurdybloop.example>
Subject:
Reply-To: ,
To: <@a:mooch@owatagu.example>, g:;
Cc: x@y
CC: z@y
Message-ID: <B27397-0100000@Blurdybloop.example>
In-Reply-To: caf\u00e9

`));
  const from = [["Fred Foobar", null, "foobar", "Blurdybloop.example"]];
  assertEquals(
    parseImap(envelope),
    [
      "Mon, 7 Feb 1994 21:52:25 -0800 (PST)",
      "",
      from,
      from,
      from,
      [[null, "@a", "mooch", "owatagu.example"], [null, null, "g", null], [null, null, null, null]],
      [[null, null, "x", "y"], [null, null, "z", "y"]],
      null,
      "caf\u00c3\u00a9",
      "<B27397-0100000@Blurdybloop.example>",
    ],
  );
});

Deno.test("BODYSTRUCTURE and BODY of a nested message (RFC 9051 §7.5.2)", () => {
  const { root } = parseIn(4096, NESTED);
  const none = [null, null, null, null, null, null, null, null, null, null];
  const forwarded = [null, "forwarded", [[null, null, "x", "example.net"]]];
  forwarded.push(forwarded[2]!, forwarded[2]!, null, null, null, null, null);
  const one = ["text", "plain", ["charset", "us-ascii"], null, null, "7bit", 3, 0];
  const digestEnvelope = [null, "digest one", ...none.slice(2)];
  assertEquals(
    parseImap(encodeBodyStructure(root, false)),
    [
      [
        ["text", "plain", ["charset", "us-ascii"], null, null, "7bit", 10, 0],
        ["text", "html", ["charset", "utf-8"], null, null, "quoted-printable", 18, 1],
        "alternative",
      ],
      [
        "message",
        "rfc822",
        null,
        null,
        null,
        "7bit",
        175,
        forwarded,
        [["message", "rfc822", null, null, null, "7bit", 26, digestEnvelope, one, 2], one, "digest"],
        14,
      ],
      ["application", "octet-stream", ["name", "a b"], "<x@y>", null, "base64", 4],
      "mixed",
    ],
  );
  const long = parseImap(encodeBodyStructure(root, true)) as unknown[][];
  assertEquals(
    long.slice(-5),
    ["mixed", ["boundary", "outer"], null, null, null] as unknown[] as unknown[][],
  );
  assertEquals(long[1]!.slice(-4), [null, ["attachment", ["filename", "forwarded.eml"]], null, null]);
  assertEquals(long[2]!.slice(-4), [null, null, ["en", "de"], null]);
});

Deno.test("a multipart without parts still has one in BODYSTRUCTURE, as the grammar wants", () => {
  const { root } = parseIn(99, mail("Content-Type: multipart/mixed\n\nx\n"));
  const none = ["text", "plain", ["charset", "us-ascii"], null, null, "7bit", 0, 0];
  assertEquals(parseImap(encodeBodyStructure(root, false)), [none, "mixed"]);
  assertEquals(parseImap(encodeBodyStructure(root, true)), [
    [...none, null, null, null, null],
    "mixed",
    null,
    null,
    null,
    null,
  ]);
});

Deno.test("sections (RFC 9051 §6.4.5.1)", () => {
  const { root } = parseIn(4096, NESTED);
  const at = (part: readonly number[], kind: Section["kind"]) => {
    const found = locate(root, { part, kind });
    return found === undefined ? undefined : latin1(NESTED, found.start, found.end);
  };
  assertEquals(at([], "all"), latin1(NESTED));
  assertEquals(at([], "header")! + at([], "text")!, latin1(NESTED));
  assertEquals(at([], "mime"), undefined);
  assertEquals(at([1, 1], "all"), "plain text");
  assertEquals(at([1, 1], "mime"), "\r\n");
  assertEquals(at([1, 2], "mime")!.slice(0, 30), "Content-Type: text/html; chars");
  assertEquals(at([1, 1, 1], "all"), undefined);
  assertEquals(at([1, 3], "all"), undefined);
  assertEquals(at([1], "header"), undefined);
  assertEquals(at([2], "header")!.slice(0, 19), "From: x@example.net");
  assertEquals(at([2], "header")! + at([2], "text")!, at([2], "all")!);
  assertEquals(at([2, 1], "header"), "Subject: digest one\r\n\r\n");
  assertEquals(at([2, 1, 1], "all"), "one");
  assertEquals(at([2, 2], "all"), "two");
  assertEquals(at([3], "all"), "QUJD");
  assertEquals(at([3], "text"), undefined);
  assertEquals(at([4], "all"), undefined);
  assertEquals(at([0], "all"), undefined);
});

Deno.test("part 1 of a message that is no multipart is its body", () => {
  const octets = mail("Subject: x\n\nbody\n");
  const { root } = parseIn(99, octets);
  const at = (part: readonly number[], kind: Section["kind"] = "all") => {
    const found = locate(root, { part, kind });
    return found === undefined ? undefined : latin1(octets, found.start, found.end);
  };
  assertEquals([at([1]), at([2]), at([1, 1])], ["body\r\n", undefined, undefined]);
  assertEquals([at([1], "mime"), at([1], "header")], ["Subject: x\r\n\r\n", undefined]);

  const message = parseIn(99, mail("Content-Type: message/rfc822\n\nSubject: in\n\ninner\n")).root;
  assertEquals(locate(message, { part: [1, 1], kind: "all" })?.part, message.children[0]);
  assertEquals(locate(message, { part: [1], kind: "all" })?.part, message);
  assertEquals(locate(message, { part: [1, 1, 1], kind: "all" }), undefined);
});

Deno.test("HEADER.FIELDS and HEADER.FIELDS.NOT keep fields as they stand", () => {
  const header = mail("From: a\nsubject : b\n  c\nX: y\nFROM: d\njunk\n\n");
  const pick = (names: string[], not: boolean) => latin1(selectFields(header, names, not));
  assertEquals(pick(["FROM", "x-none"], false), "From: a\r\nFROM: d\r\n\r\n");
  assertEquals(pick(["from"], true), "subject : b\r\n  c\r\nX: y\r\n\r\n");
  assertEquals(pick([], false), "\r\n");
  assertEquals(latin1(selectFields(octetsOf("A: b"), ["a"], false)), "A: b\r\n\r\n");
});

Deno.test("packed parts come back as they were; corrupt ones are a RangeError", () => {
  const { root } = parseIn(4096, NESTED);
  const packed = packParts(root);
  assertEquals(unpackParts(packed), root);
  for (let size = 0; size < packed.length; size++) {
    assertThrows(() => unpackParts(packed.subarray(0, size)), RangeError);
  }
  const far = { ...root, children: [], bodyEnd: 2 ** 45 + 77 };
  assertEquals(unpackParts(packParts(far)), far);
  fc.assert(fc.property(fc.uint8Array({ maxLength: 60 }), (octets) => {
    try {
      unpackParts(Uint8Array.of(1, ...octets));
      return true;
    } catch (error) {
      return error instanceof RangeError;
    }
  }));
});
