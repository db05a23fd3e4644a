/** The smaller rules: flags, dates, sections, LIST, STATUS, APPEND, LOGIN and the like. */
import { assert, assertEquals } from "@std/assert";
import { Flag } from "../../core/store.ts";
import { appendHead } from "./append.ts";
import { decodeBase64 } from "./auth.ts";
import { date, dateTime } from "./date.ts";
import { flagList, flags } from "./flags.ts";
import { literalHead } from "./literal_head.ts";
import { listMailbox, mailbox, newMailbox, reference } from "./mailbox.ts";
import { partial, section, sectionBinary } from "./section.ts";
import { statusAttList } from "./status.ts";
import { cursor, octets, parsed } from "./test_support.ts";

Deno.test("flag-list", () => {
  assertEquals(parsed(flagList, "()"), { flags: 0, keywords: [] });
  assertEquals(parsed(flagList, "(\\Seen \\aNSWERED $Forwarded)"), {
    flags: Flag.Seen | Flag.Answered,
    keywords: ["$Forwarded"],
  });
  assertEquals(parsed(flags, "\\Flagged \\Deleted \\Draft a A"), {
    flags: Flag.Flagged | Flag.Deleted | Flag.Draft,
    keywords: ["a"],
  });
  for (const text of ["(\\Recent)", "(\\Foo)", "(\\Seened)"]) {
    assertEquals(parsed(flagList, text), "fault: flag", text);
  }
  for (const text of ["(", "( )", "(a )", "(a  b)", "(\\)", "(\\*)", "(a]b)", '("a")', "((a))"]) {
    assertEquals(parsed(flagList, text), "fault: syntax", text);
  }
  assertEquals(parsed(flagList, `(${"k".repeat(50)})`), { flags: 0, keywords: ["k".repeat(50)] });
  assertEquals(parsed(flagList, `(${"k".repeat(51)})`), "fault: keyword too long");
});

Deno.test("date", () => {
  assertEquals(parsed(date, "1-Feb-1994"), "1994-02-01");
  assertEquals(parsed(date, '"17-jul-2024"'), "2024-07-17");
  assertEquals(parsed(date, "29-Feb-2000"), "2000-02-29");
  assertEquals(parsed(date, "01-DEC-0001"), "0001-12-01");
  for (const text of ["29-Feb-1900", "31-Apr-2024", "0-Jan-2024", "32-Jan-2024"]) {
    assertEquals(parsed(date, text), "fault: date", text);
  }
  for (
    const text of ["1-Foo-2024", "1-Jan-24", "1 Jan 2024", '"1-Jan-2024', "Jan-1-2024", "001-Jan-2024", ""]
  ) {
    assertEquals(parsed(date, text), "fault: syntax", text);
  }
});

Deno.test("date-time", () => {
  assertEquals(parsed(dateTime, '"17-Jul-1996 02:44:25 -0700"'), Date.UTC(1996, 6, 17, 9, 44, 25));
  assertEquals(parsed(dateTime, '" 7-Feb-1994 21:52:25 +0530"'), Date.UTC(1994, 1, 7, 16, 22, 25));
  assertEquals(parsed(dateTime, '"31-Dec-2016 23:59:60 +0000"'), Date.UTC(2016, 11, 31, 23, 59, 59));
  assertEquals(parsed(dateTime, '"01-Jan-0050 00:00:00 +0000"'), Date.parse("0050-01-01T00:00:00Z"));
  for (
    const text of [
      '"01-Jan-2024 24:00:00 +0000"',
      '"01-Jan-2024 00:60:00 +0000"',
      '"01-Jan-2024 00:00:00 +0099"',
    ]
  ) {
    assertEquals(parsed(dateTime, text), "fault: date", text);
  }
  for (
    const text of [
      '"1-Jan-2024 00:00:00 +0000"',
      '"01-Jan-2024 00:00:00 GMT"',
      '"01-Jan-2024"',
      '"01-Jan-2024 00:00:00 +0000',
    ]
  ) {
    assertEquals(parsed(dateTime, text), "fault: syntax", text);
  }
});

Deno.test("section and partial", () => {
  const all = { part: [], text: "", fields: [] };
  assertEquals<unknown>(parsed(section, "[]"), all);
  assertEquals<unknown>(parsed(section, "[text]"), { ...all, text: "TEXT" });
  assertEquals<unknown>(parsed(section, "[1.2]"), { ...all, part: [1, 2] });
  assertEquals<unknown>(parsed(section, "[4.2.2.1.MIME]"), { ...all, part: [4, 2, 2, 1], text: "MIME" });
  assertEquals<unknown>(parsed(section, "[1.HEADER]"), { ...all, part: [1], text: "HEADER" });
  assertEquals<unknown>(parsed(section, '[HEADER.FIELDS (DATE "From" {2}\r\nTo)]'), {
    part: [],
    text: "HEADER.FIELDS",
    fields: ["DATE", "From", "To"],
  });
  assertEquals<unknown>(parsed(section, "[3.HEADER.FIELDS.NOT (X)]"), {
    part: [3],
    text: "HEADER.FIELDS.NOT",
    fields: ["X"],
  });
  for (const text of ["[MIME]", "[FOO]", "[HEADERS]", "[1.FOO]", "[.1]", "[1..2]", "["]) {
    assertEquals(parsed(section, text), "fault: section", text);
  }
  for (const text of ["[1", "[1.]", "[1HEADER]", "[HEADER.FIELDS]", "[HEADER.FIELDS ()]", "[TEXT ]"]) {
    assertEquals(parsed(section, text), "fault: syntax", text);
  }
  assertEquals(parsed(section, "[0]"), "fault: number");
  assertEquals(parsed(section, '[HEADER.FIELDS ("a:b")]'), "fault: field name");
  assertEquals(parsed(section, '[HEADER.FIELDS ("a b")]'), "fault: field name");
  assertEquals(parsed(section, '[HEADER.FIELDS ("")]'), "fault: field name");
  assertEquals(
    (parsed(section, `[${Array(64).fill(1).join(".")}]`) as { readonly part: readonly number[] }).part.length,
    64,
  );
  assertEquals(parsed(section, `[${Array(65).fill(1).join(".")}]`), "fault: part too deep");
  assertEquals(parsed(sectionBinary, "[]"), []);
  assertEquals(parsed(sectionBinary, "[1.3]"), [1, 3]);
  assertEquals(parsed(sectionBinary, "[HEADER]"), "fault: syntax");
  assertEquals(parsed(partial, "<0.2048>"), { start: 0, length: 2048 });
  assertEquals(parsed(partial, "<0.0>"), "fault: number");
  assertEquals(parsed(partial, "<5>"), "fault: syntax");
  assertEquals(parsed(partial, "<9223372036854775808.1>"), "fault: number too large");
});

Deno.test("mailbox", () => {
  assertEquals(parsed(mailbox, "inbox"), "INBOX");
  assertEquals(parsed(mailbox, '"a b"'), "a b");
  assertEquals(parsed(mailbox, "Entw&APw-rfe"), "Entwürfe");
  assertEquals(parsed(mailbox, "Entw&APw-rfe", { utf8: true }), "Entw&APw-rfe");
  assertEquals(parsed(mailbox, '"Entw\xc3\xbcrfe"', { utf8: true }), "Entwürfe");
  assertEquals(parsed(mailbox, "{9}\r\nEntw\xc3\xbcrfe", { utf8: true }), "Entwürfe");
  const bad = ["&", "{9}\r\nEntw\xc3\xbcrfe", '""', '"a\x01"', "{3}\r\na\r\n"];
  for (const text of bad) assertEquals(parsed(mailbox, text), "fault: mailbox name", text);
  assertEquals(parsed(mailbox, '"\xff"', { utf8: true }), "fault: mailbox name");
  assertEquals(parsed(mailbox, "a*"), "fault: syntax");
  assertEquals(parsed(newMailbox, "a/b/"), "a/b");
  assertEquals(parsed(newMailbox, "/"), "/");
  assertEquals(parsed(reference, '""'), "");
  assertEquals(parsed(listMailbox, "%/*"), "%/*");
  assertEquals(parsed(listMailbox, "&AOk-*"), "é*");
  assertEquals(parsed(listMailbox, '"a b%"'), "a b%");
  assertEquals(parsed(listMailbox, "&AOk*"), "fault: mailbox name");
});

Deno.test("status-att", () => {
  assertEquals(parsed(statusAttList, "(messages UIDNEXT MESSAGES HIGHESTMODSEQ)"), [
    "MESSAGES",
    "UIDNEXT",
    "HIGHESTMODSEQ",
  ]);
  for (const text of ["()", "(FOO)", "(MESSAGESS)"]) {
    assertEquals(parsed(statusAttList, text), "fault: status item");
  }
});

Deno.test("append up to its message", () => {
  const none = { flags: 0, keywords: [] };
  const steps = (text: string) => {
    const c = cursor(text);
    const head = literalHead(c.octets, 0, c.end);
    if (head !== undefined) c.end = head.at;
    const found = appendHead(c, "APPEND", "seq", head);
    return c.fault !== undefined
      ? `fault: ${c.fault.rule}`
      : found === "argument"
      ? found
      : found?.command.steps;
  };
  const octets = { step: "octets", size: 3 } as const;
  assertEquals<unknown>(steps(" INBOX {3}"), [
    { step: "message", flags: none, internalDate: undefined, annotations: undefined, catenate: false },
    octets,
  ]);
  assertEquals<unknown>(steps(' "Sent" (\\Seen) "17-Jul-1996 02:44:25 +0000" UTF8 (~{3+}'), [
    {
      step: "message",
      flags: { flags: Flag.Seen, keywords: [] },
      internalDate: Date.UTC(1996, 6, 17, 2, 44, 25),
      annotations: undefined,
      catenate: false,
    },
    octets,
  ]);
  assertEquals(steps(" {3}"), "argument");
  assertEquals(steps(" x CATENATE (URL {3}"), "argument");
  for (const text of [" INBOX FOO {3}", " INBOX UTF8 ~{3}", " x CATENATE {3}"]) {
    assertEquals(steps(text), "fault: syntax", text);
  }
  for (const text of [" INBOX", " INBOX{3}", " INBOX () {3} "]) {
    assertEquals(steps(text), "fault: append", text);
  }
  assertEquals(steps(" INBOX UTF8 ({3}"), "fault: append");
  assertEquals(steps(" INBOX CATENATE (TEXT a"), "fault: catenate");
});

Deno.test("base64 of SASL is strict", () => {
  assertEquals(decodeBase64(octets("AGEAYg==")), octets("\0a\0b"));
  assertEquals(decodeBase64(octets("")), octets(""));
  for (
    const text of [
      "AGEAYg=",
      "AGEAYg",
      "AGE AYg==",
      "AGEAY===",
      "AGEAYh==",
      "*",
      "====",
      "AG-_",
      "AGEA\r\n==",
    ]
  ) {
    assertEquals(decodeBase64(octets(text)), undefined, text);
  }
});

Deno.test("a literal's head", () => {
  const head = (text: string) => literalHead(octets(text), 0, text.length);
  assertEquals(head("a {5}"), { at: 2, size: 5, nonSync: false, binary: false, valid: true });
  assertEquals(head("{5+}"), { at: 0, size: 5, nonSync: true, binary: false, valid: true });
  assertEquals(head("~{005}"), { at: 0, size: 5, nonSync: false, binary: true, valid: true });
  assertEquals(head("{9223372036854775807}")?.valid, true);
  assertEquals(head("{9223372036854775808}")?.valid, false);
  assertEquals(head("{18446744073709551621}")?.size, Infinity);
  for (
    const text of [
      "",
      "}",
      "{}",
      "{+}",
      "{-1}",
      "{ 5}",
      "{5 }",
      "{5-}",
      "{0x5}",
      "5}",
      "{1}2}",
      `{${"1".repeat(21)}}`,
    ]
  ) {
    assertEquals(head(text), undefined, text);
  }
  assert(literalHead(octets("{5}"), 1, 3) === undefined);
});
