import { assertEquals, assertStrictEquals } from "@std/assert";
import fc from "fast-check";
import { Gather } from "../../bytes/gather.ts";
import { Flag } from "../../core/store.ts";
import type { FetchItem, SectionSpec } from "../command.ts";
import { dateTime as parseDateTime } from "../grammar/date.ts";
import { fetchAtt } from "../grammar/fetch.ts";
import { flagList as parseFlagList } from "../grammar/flags.ts";
import { mailbox as parseMailbox } from "../grammar/mailbox.ts";
import { astring as parseAstring } from "../grammar/string.ts";
import type { Cursor } from "../grammar/cursor.ts";
import { parsed } from "../grammar/test_support.ts";
import { canonicalName } from "../mailbox_name.ts";
import * as encode from "./mod.ts";

/** Any well-formed text. fast-check's own binary strings take ten times as long to make. */
const texts = fc.array(
  fc.oneof(
    fc.integer({ min: 0, max: 0xd7ff }),
    fc.integer({ min: 0xe000, max: 0x10ffff }),
    fc.integer({ min: 0, max: 0x7f }),
  ),
)
  .map((points) => String.fromCodePoint(...points));

const REV1 = { utf8: false };
const REV2 = { utf8: true };

/** What `write` puts out; one octet is one character. */
function wire(write: (out: Gather) => void): string {
  const out = new Gather();
  write(out);
  return out.take().map((part) => Array.from(part, (octet) => String.fromCharCode(octet)).join("")).join("");
}

Deno.test("a string is quoted or a literal by its content", () => {
  const string = (text: string, mode = REV1) => wire((out) => encode.string(out, text, mode));
  assertEquals(string("a b"), '"a b"');
  assertEquals(string(""), '""');
  assertEquals(string('a"b\\c'), '"a\\"b\\\\c"');
  assertEquals(string("a\r\nb"), "{4}\r\na\r\nb");
  assertEquals(string("a\0b"), "{3}\r\na\0b");
  assertEquals(string("é"), "{2}\r\n\xc3\xa9");
  assertEquals(string("é", REV2), '"\xc3\xa9"');
  assertEquals(string("x".repeat(1001)), "{1001}\r\n" + "x".repeat(1001));
  const astring = (text: string) => wire((out) => encode.astring(out, text, REV1));
  assertEquals(astring("INBOX"), "INBOX");
  assertEquals(astring("a]b"), "a]b");
  for (const text of ["", "NIL", "nil", "a b", "a*", "a(", "a{", "a%"]) {
    assertEquals(astring(text), `"${text}"`);
  }
  assertEquals(wire((out) => encode.nstring(out, null, REV1)), "NIL");
  assertEquals(wire((out) => encode.nstring(out, "NIL", REV1)), '"NIL"');
  assertEquals(encode.isAtom("$Forwarded"), true);
  for (const text of ["", "a]", "é", "a b"]) assertEquals(encode.isAtom(text), false);
});

Deno.test("what encode writes of a string, grammar reads back", () => {
  const strings = texts.filter((text) => !text.includes("\0"));
  fc.assert(fc.property(strings, fc.boolean(), (text, utf8) => {
    assertEquals(parsed(parseAstring, wire((out) => encode.astring(out, text, { utf8 }))), text);
    assertEquals(parsed(parseAstring, wire((out) => encode.string(out, text, { utf8 }))), text);
  }));
});

Deno.test("what encode writes of a mailbox name, grammar reads back, in both modes", () => {
  const names = texts.map(canonicalName).filter((name) => name !== undefined);
  fc.assert(fc.property(names, fc.boolean(), (name, utf8) => {
    assertEquals(parsed(parseMailbox, wire((out) => encode.mailbox(out, name, { utf8 })), { utf8 }), name);
  }));
});

Deno.test("LIST, LSUB, STATUS, NAMESPACE", () => {
  const list = (line: encode.ListLine, mode = REV1) =>
    wire((out) => encode.listLine(out, "LIST", line, mode));
  assertEquals(list({ name: "INBOX", attributes: [] }), '* LIST () "/" INBOX\r\n');
  assertEquals(
    list({ name: "Entwürfe", attributes: ["\\HasNoChildren", "\\Drafts"] }),
    '* LIST (\\HasNoChildren \\Drafts) "/" Entw&APw-rfe\r\n',
  );
  assertEquals(list({ name: "Entwürfe", attributes: [] }, REV2), '* LIST () "/" "Entw\xc3\xbcrfe"\r\n');
  assertEquals(
    list({ name: "Foo", attributes: ["\\NonExistent"], childInfo: ["SUBSCRIBED"], oldName: "a b" }),
    '* LIST (\\NonExistent) "/" Foo ("CHILDINFO" ("SUBSCRIBED") "OLDNAME" ("a b"))\r\n',
  );
  assertEquals(
    list({ name: "Foo", attributes: [], oldName: "Bar" }),
    '* LIST () "/" Foo ("OLDNAME" (Bar))\r\n',
  );
  assertEquals(list({ name: "Foo", attributes: [], childInfo: [] }), '* LIST () "/" Foo\r\n');
  assertEquals(wire((out) => encode.listSeparatorLine(out, "LSUB")), '* LSUB (\\Noselect) "/" ""\r\n');
  assertEquals(
    wire((out) => encode.statusLine(out, "a b", [["MESSAGES", 231], ["APPENDLIMIT", null]], REV1)),
    '* STATUS "a b" (MESSAGES 231 APPENDLIMIT NIL)\r\n',
  );
  assertEquals(wire((out) => encode.statusLine(out, "x", [], REV1)), "* STATUS x ()\r\n");
  assertEquals(
    wire((out) => encode.namespaceLine(out, [""], [], ["Shared/", "é/"], REV1)),
    '* NAMESPACE (("" "/")) NIL (("Shared/" "/")("&AOk-/" "/"))\r\n',
  );
  assertEquals(wire((out) => encode.countLine(out, 23, "EXISTS")), "* 23 EXISTS\r\n");
  assertEquals(wire((out) => encode.countLine(out, 0, "RECENT")), "* 0 RECENT\r\n");
});

Deno.test("flags", () => {
  const names = ["$Forwarded", "a"];
  const flagList = (flags: number, keywords: number[]) =>
    wire((out) => encode.flagList(out, flags, keywords, names));
  assertEquals(flagList(0, []), "()");
  assertEquals(flagList(Flag.Seen, []), "(\\Seen)");
  assertEquals(flagList(0, [1]), "(a)");
  assertEquals(flagList(Flag.Seen | Flag.Answered, [0, 1]), "(\\Answered \\Seen $Forwarded a)");
  // An index without a name yet is left out.
  assertEquals(flagList(0, [7]), "()");
  assertEquals(
    wire((out) => encode.flagsLine(out, ["a"])),
    "* FLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft a)\r\n",
  );
  for (let flags = 0; flags < 32; flags++) {
    assertEquals(parsed(parseFlagList, flagList(flags, [])), { flags, keywords: [] });
  }
});

Deno.test("SEARCH and ESEARCH", () => {
  assertEquals(wire((out) => encode.searchLine(out, "SEARCH", [2, 84, 882])), "* SEARCH 2 84 882\r\n");
  assertEquals(
    wire((out) => encode.searchLine(out, "SEARCH", [2, 5], 917162500)),
    "* SEARCH 2 5 (MODSEQ 917162500)\r\n",
  );
  assertEquals(wire((out) => encode.searchLine(out, "SEARCH", [], 5)), "* SEARCH\r\n");
  assertEquals(
    wire((out) => encode.esearchLine(out, { tag: "A282", by: "seq" }, { min: 2, count: 3 })),
    '* ESEARCH (TAG "A282") MIN 2 COUNT 3\r\n',
  );
  assertEquals(
    wire((out) =>
      encode.esearchLine(out, { tag: "A283", by: "uid" }, { max: 9, all: [[2, 2], [10, 11]], modSeq: 7 })
    ),
    '* ESEARCH (TAG "A283") UID MAX 9 ALL 2,10:11 MODSEQ 7\r\n',
  );
  assertEquals(
    wire((out) => encode.esearchLine(out, { tag: "A", by: "seq" }, { all: [], count: 0 })),
    '* ESEARCH (TAG "A") COUNT 0\r\n',
  );
});

Deno.test("CAPABILITY, ENABLED, ID", () => {
  assertEquals(
    wire((out) => encode.capabilityLine(out, ["IMAP4rev2", "IDLE"])),
    "* CAPABILITY IMAP4rev2 IDLE\r\n",
  );
  assertEquals(wire((out) => encode.enabledLine(out, [])), "* ENABLED\r\n");
  assertEquals(wire((out) => encode.idLine(out, new Map(), REV1)), "* ID NIL\r\n");
  assertEquals(
    wire((out) => encode.idLine(out, new Map([["name", "Malleposte"], ["version", null]]), REV1)),
    '* ID ("name" "Malleposte" "version" NIL)\r\n',
  );
});

Deno.test("response codes", () => {
  const code = (c: encode.ResponseCode) => wire((out) => encode.responseCode(out, c));
  assertEquals(code({ code: "READ-WRITE" }), "[READ-WRITE] ");
  assertEquals(code({ code: "CAPABILITY", names: ["A", "B"] }), "[CAPABILITY A B] ");
  assertEquals(
    code({ code: "BADCHARSET", charsets: ["US-ASCII", "UTF-8"] }),
    "[BADCHARSET (US-ASCII UTF-8)] ",
  );
  assertEquals(
    code({ code: "PERMANENTFLAGS", keywords: ["a"], more: true }),
    "[PERMANENTFLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft a \\*)] ",
  );
  assertEquals(code({ code: "NO PERMANENTFLAGS" }), "[PERMANENTFLAGS ()] ");
  assertEquals(code({ code: "HIGHESTMODSEQ", value: 715194045007 }), "[HIGHESTMODSEQ 715194045007] ");
  assertEquals(
    code({ code: "APPENDUID", uidValidity: 38505, uids: [[3955, 3955]] }),
    "[APPENDUID 38505 3955] ",
  );
  assertEquals(
    code({
      code: "COPYUID",
      uidValidity: 38505,
      sources: [304, 319, 320],
      targets: Uint32Array.of(3956, 3957, 3958),
    }),
    "[COPYUID 38505 304,319:320 3956:3958] ",
  );
  assertEquals(code({ code: "MODIFIED", set: [[7, 7], [9, 9]] }), "[MODIFIED 7,9] ");
});

Deno.test("INTERNALDATE", () => {
  const date = (ms: number) => wire((out) => encode.dateTime(out, ms));
  assertEquals(date(Date.UTC(1996, 6, 17, 9, 44, 25)), '"17-Jul-1996 09:44:25 +0000"');
  assertEquals(date(0), '" 1-Jan-1970 00:00:00 +0000"');
  assertEquals(date(Date.UTC(2000, 1, 29, 23, 59, 59, 999)), '"29-Feb-2000 23:59:59 +0000"');
  assertEquals(date(-1), '"31-Dec-1969 23:59:59 +0000"');
  assertEquals(date(Infinity), '"31-Dec-9999 23:59:59 +0000"');
  assertEquals(date(-Infinity), '" 1-Jan-0000 00:00:00 +0000"');
  const seconds = fc.integer({ min: -62_167_219_200, max: 253_402_300_799 });
  fc.assert(fc.property(seconds, (s) => assertEquals(parsed(parseDateTime, date(s * 1000)), s * 1000)));
});

Deno.test("a FETCH line with everything", () => {
  const envelope = new TextEncoder().encode("(NIL NIL)");
  const text = wire((out) => {
    const line = new encode.FetchLine(out);
    line.begin(12, 100);
    line.uid(34);
    line.flags(Flag.Seen, [], []);
    line.modSeq(624140003);
    line.internalDate(0);
    line.size(44827);
    line.envelope(envelope);
    line.bodyStructure("BODY", envelope);
    line.bodyStructure("BODYSTRUCTURE", envelope);
    line.binarySize([1, 2], 5);
    line.bodyLiteral({ item: "RFC822.HEADER" }, 2);
    out.text("ab");
    line.bodyNil({ item: "BODY[]", section: { part: [9], text: "", fields: [] }, partial: undefined });
    line.binaryLiteral8({ item: "BINARY", part: [1], partial: { start: 3, length: 100 } }, 1);
    out.octet(0);
    line.bodyLiteral({
      item: "BODY[]",
      section: { part: [], text: "TEXT", fields: [] },
      partial: { start: 5, length: 9 },
    }, 0);
    line.end();
    line.begin(13, 100);
    line.flags(0, [], []);
    line.end();
  });
  assertEquals(
    text,
    '* 12 FETCH (UID 34 FLAGS (\\Seen) MODSEQ (624140003) INTERNALDATE " 1-Jan-1970 00:00:00 +0000" ' +
      "RFC822.SIZE 44827 ENVELOPE (NIL NIL) BODY (NIL NIL) BODYSTRUCTURE (NIL NIL) BINARY.SIZE[1.2] 5 " +
      "RFC822.HEADER {2}\r\nab BODY[9] NIL BINARY[1]<3> ~{1}\r\n\0 BODY[TEXT]<5> {0}\r\n)\r\n" +
      "* 13 FETCH (FLAGS ())\r\n",
  );
});

Deno.test("a body goes out by reference", () => {
  const body = new Uint8Array(50_000);
  const out = new Gather();
  const line = new encode.FetchLine(out);
  line.begin(1, 100);
  line.bodyLiteral({ item: "RFC822" }, body.length);
  out.octets(body);
  line.end();
  assertStrictEquals(out.take()[1], body);
});

Deno.test("what encode writes of a section, grammar reads back", () => {
  const part = fc.array(fc.integer({ min: 1, max: 99 }), { maxLength: 5 });
  const field = fc.string({ minLength: 1, maxLength: 8 }).filter((name) =>
    /^[\x21-\x39\x3b-\x7e]+$/.test(name)
  );
  const fields = fc.array(field, { minLength: 1, maxLength: 4 });
  const specs: fc.Arbitrary<SectionSpec> = fc.oneof(
    fc.record({ part, text: fc.constantFrom("", "HEADER", "TEXT"), fields: fc.constant([]) }),
    fc.record({ part: part.filter((p) => p.length > 0), text: fc.constant("MIME"), fields: fc.constant([]) }),
    fc.record({ part, text: fc.constantFrom("HEADER.FIELDS", "HEADER.FIELDS.NOT"), fields }),
  ) as fc.Arbitrary<SectionSpec>;
  fc.assert(fc.property(specs, (section) => {
    const text = wire((out) => encode.section(out, section));
    const want: FetchItem = { item: "BODY[]", peek: false, section: { ...section }, partial: undefined };
    assertEquals<unknown>(parsed((c: Cursor) => fetchAtt(c), `BODY${text}`), want, text);
  }));
});
