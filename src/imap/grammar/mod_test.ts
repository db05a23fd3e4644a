/** Whole commands: the examples of the RFCs, and what is not a command. */
import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { Flag } from "../../core/store.ts";
import { type Command, STAR } from "../command.ts";
import { COMMANDS } from "../states.ts";
import { command } from "./mod.ts";
import { cursor, octets, parsed } from "./test_support.ts";

const one = { kind: "ranges", ranges: [[1, 1]] } as const;
const set = (...ranges: [number, number][]) => ({ kind: "ranges", ranges });
const whole = { part: [], text: "", fields: [] };
const noOptions = {
  select: [],
  reference: "",
  returns: [],
  status: [],
  metadata: undefined,
  extended: false,
};

const EXAMPLES: readonly (readonly [string, unknown])[] = [
  ["CAPABILITY", { name: "CAPABILITY" }],
  ["noop", { name: "NOOP" }],
  ["LOGOUT", { name: "LOGOUT" }],
  ["STARTTLS", { name: "STARTTLS" }],
  ["NAMESPACE", { name: "NAMESPACE" }],
  ["IDLE", { name: "IDLE" }],
  ["COMPRESS deflate", { name: "COMPRESS", algorithm: "DEFLATE" }],
  ['GETMETADATA "INBOX" (MAXSIZE 1024 DEPTH infinity) (/shared/comment /PRIVATE/Comment)', {
    name: "GETMETADATA",
    mailbox: "INBOX",
    entries: ["/shared/comment", "/private/comment"],
    maxSize: 1024,
    depth: "infinity",
  }],
  ['SETMETADATA "" (/private/vendor/x/y NIL)', {
    name: "SETMETADATA",
    mailbox: "",
    changes: new Map([["/private/vendor/x/y", null]]),
  }],
  ["UNAUTHENTICATE", { name: "UNAUTHENTICATE" }],
  ["RESETKEY", { name: "RESETKEY", mailbox: undefined, mechanisms: [] }],
  ["RESETKEY inbox internal X.1", { name: "RESETKEY", mailbox: "INBOX", mechanisms: ["INTERNAL", "X.1"] }],
  ['GENURLAUTH "imap://a@h/I/;UID=1" internal b c', {
    name: "GENURLAUTH",
    urls: [{ rump: "imap://a@h/I/;UID=1", mechanism: "INTERNAL" }, { rump: "b", mechanism: "C" }],
  }],
  ["URLFETCH a (b) (c body bodypartstructure)", {
    name: "URLFETCH",
    urls: [{ url: "a", items: [] }, { url: "b", items: [] }, {
      url: "c",
      items: ["BODY", "BODYPARTSTRUCTURE"],
    }],
  }],
  ["SETACL a bob@example.test lr", {
    name: "SETACL",
    mailbox: "a",
    identifier: "bob@example.test",
    op: "replace",
    rights: 3,
  }],
  // RFC 4314 §2.1.1: c is kx, d is te.
  ['SETACL a "-bob" +cd', { name: "SETACL", mailbox: "a", identifier: "-bob", op: "add", rights: 0x3c0 }],
  ['SETACL a anyone ""', { name: "SETACL", mailbox: "a", identifier: "anyone", op: "replace", rights: 0 }],
  ["SETACL a anyone -", { name: "SETACL", mailbox: "a", identifier: "anyone", op: "remove", rights: 0 }],
  ["DELETEACL inbox bob", { name: "DELETEACL", mailbox: "INBOX", identifier: "bob" }],
  ["GETACL inbox", { name: "GETACL", mailbox: "INBOX" }],
  ["MYRIGHTS inbox", { name: "MYRIGHTS", mailbox: "INBOX" }],
  // SASLprep: a ligature is two letters.
  ['LISTRIGHTS a "\xef\xac\x81"', {
    name: "LISTRIGHTS",
    mailbox: "a",
    identifier: "fi",
    written: "\u{fb01}",
  }],
  ['GETQUOTA "#user/a@b"', { name: "GETQUOTA", root: "#user/a@b" }],
  ["GETQUOTAROOT inbox", { name: "GETQUOTAROOT", mailbox: "INBOX" }],
  ['SETQUOTA "" (STORAGE 512 MESSAGE 1)', {
    name: "SETQUOTA",
    root: "",
    limits: new Map([["STORAGE", 512], ["MESSAGE", 1]]),
  }],
  ["SETQUOTA x ()", { name: "SETQUOTA", root: "x", limits: new Map() }],
  ["LANGUAGE", { name: "LANGUAGE", ranges: [] }],
  ['LANGUAGE de-AT "en"', { name: "LANGUAGE", ranges: ["de-AT", "en"] }],
  ["CHECK", { name: "CHECK" }],
  ["CLOSE", { name: "CLOSE" }],
  ["UNSELECT", { name: "UNSELECT" }],
  ["EXPUNGE", { name: "EXPUNGE", uids: undefined }],
  ["UID EXPUNGE 3000:3002", { name: "EXPUNGE", uids: set([3000, 3002]) }],
  ["ID NIL", { name: "ID", params: null }],
  ["ID ()", { name: "ID", params: new Map() }],
  ['ID ("Name" "sodr" "version" NIL)', {
    name: "ID",
    params: new Map([["name", "sodr"], ["version", null]]),
  }],
  ["LOGIN SMITH SESAME", { name: "LOGIN", user: "SMITH", password: "SESAME" }],
  ['LOGIN "a b" "\\"\\\\"', { name: "LOGIN", user: "a b", password: '"\\' }],
  ["LOGIN {4}\r\nFRED {7+}\r\nfat man", { name: "LOGIN", user: "FRED", password: "fat man" }],
  ['LOGIN "\xc3\xa9" p', { name: "LOGIN", user: "é", password: "p" }],
  ["AUTHENTICATE gssapi", { name: "AUTHENTICATE", mechanism: "GSSAPI", initial: undefined }],
  ["AUTHENTICATE EXTERNAL =", { name: "AUTHENTICATE", mechanism: "EXTERNAL", initial: octets("") }],
  ["AUTHENTICATE PLAIN AGEAYg==", { name: "AUTHENTICATE", mechanism: "PLAIN", initial: octets("\0a\0b") }],
  ["ENABLE CONDSTORE imap4rev2", { name: "ENABLE", capabilities: ["CONDSTORE", "IMAP4REV2"] }],
  ["SELECT inbox", {
    name: "SELECT",
    mailbox: "INBOX",
    condstore: false,
    annotate: false,
    resync: undefined,
  }],
  ["SELECT INBOX (CONDSTORE)", {
    name: "SELECT",
    mailbox: "INBOX",
    condstore: true,
    annotate: false,
    resync: undefined,
  }],
  [
    "SELECT INBOX (QRESYNC (67890007 715194045000 41:211,214:541 (4,12 8,24)) CONDSTORE)",
    {
      name: "SELECT",
      mailbox: "INBOX",
      condstore: true,
      annotate: false,
      resync: {
        uidValidity: 67890007,
        modSeq: 715194045000,
        known: [[41, 211], [214, 541]],
        match: { seqs: [[4, 4], [12, 12]], uids: [[8, 8], [24, 24]] },
      },
    },
  ],
  ["EXAMINE blurdybloop", {
    name: "EXAMINE",
    mailbox: "blurdybloop",
    condstore: false,
    annotate: false,
    resync: undefined,
  }],
  ["CREATE owatagusiam/", { name: "CREATE", mailbox: "owatagusiam", specialUse: undefined }],
  ["CREATE MySpecial (USE (\\drafts))", { name: "CREATE", mailbox: "MySpecial", specialUse: "\\Drafts" }],
  ["CREATE Plain (USE ())", { name: "CREATE", mailbox: "Plain", specialUse: undefined }],
  ["DELETE foo", { name: "DELETE", mailbox: "foo" }],
  ["RENAME INBOX old-mail", { name: "RENAME", from: "INBOX", to: "old-mail" }],
  ["SUBSCRIBE #news.comp.mail.mime", { name: "SUBSCRIBE", mailbox: "#news.comp.mail.mime" }],
  ["UNSUBSCRIBE a]", { name: "UNSUBSCRIBE", mailbox: "a]" }],
  ['LIST "" *', { name: "LIST", ...noOptions, patterns: ["*"] }],
  ['LIST "" ""', { name: "LIST", ...noOptions, patterns: [""] }],
  ["LIST ~/Mail/ %", { name: "LIST", ...noOptions, reference: "~/Mail/", patterns: ["%"] }],
  ['LIST () "" "*"', { name: "LIST", ...noOptions, patterns: ["*"], extended: true }],
  ['LIST "" ("INBOX" Drafts "Sent/%")', {
    name: "LIST",
    ...noOptions,
    patterns: ["INBOX", "Drafts", "Sent/%"],
    extended: true,
  }],
  ['LIST (SUBSCRIBED RECURSIVEMATCH) "" "*" RETURN (CHILDREN)', {
    name: "LIST",
    ...noOptions,
    select: ["SUBSCRIBED", "RECURSIVEMATCH"],
    patterns: ["*"],
    returns: ["CHILDREN"],
    extended: true,
  }],
  ['LIST (REMOTE) "" % RETURN ()', {
    name: "LIST",
    ...noOptions,
    select: ["REMOTE"],
    patterns: ["%"],
    extended: true,
  }],
  ['LIST (SPECIAL-USE) "" % RETURN (SPECIAL-USE SUBSCRIBED STATUS (MESSAGES UNSEEN))', {
    metadata: undefined,
    name: "LIST",
    select: ["SPECIAL-USE"],
    reference: "",
    patterns: ["%"],
    returns: ["SPECIAL-USE", "SUBSCRIBED"],
    status: ["MESSAGES", "UNSEEN"],
    extended: true,
  }],
  ['LSUB "#news." "comp.mail.*"', {
    name: "LSUB",
    reference: "#news.",
    pattern: "comp.mail.*",
    remote: false,
  }],
  ["RLSUB x %", { name: "LSUB", reference: "x", pattern: "%", remote: true }],
  ["RLIST x %", {
    name: "LIST",
    select: ["REMOTE"],
    reference: "x",
    patterns: ["%"],
    returns: [],
    status: [],
    metadata: undefined,
    extended: false,
  }],
  ['XLIST "" "%"', { name: "XLIST", reference: "", pattern: "%" }],
  ["STATUS blurdybloop (UIDNEXT MESSAGES)", {
    name: "STATUS",
    mailbox: "blurdybloop",
    items: ["UIDNEXT", "MESSAGES"],
  }],
  ["FETCH 2:4 (FLAGS BODY[HEADER.FIELDS (DATE FROM)])", {
    name: "FETCH",
    by: "seq",
    set: set([2, 4]),
    items: [{ item: "FLAGS" }, {
      item: "BODY[]",
      peek: false,
      section: { part: [], text: "HEADER.FIELDS", fields: ["DATE", "FROM"] },
      partial: undefined,
    }],
    changedSince: undefined,
    vanished: false,
    partial: undefined,
  }],
  ["fetch 1 body[]<0.2048>", {
    name: "FETCH",
    by: "seq",
    set: one,
    items: [{ item: "BODY[]", peek: false, section: whole, partial: { start: 0, length: 2048 } }],
    changedSince: undefined,
    vanished: false,
    partial: undefined,
  }],
  ["UID FETCH 1:* (FLAGS) (CHANGEDSINCE 12345)", {
    name: "FETCH",
    by: "uid",
    set: set([1, STAR]),
    items: [{ item: "FLAGS" }],
    changedSince: 12345,
    vanished: false,
    partial: undefined,
  }],
  ["FETCH 1 FLAGS (CHANGEDSINCE 0)", {
    name: "FETCH",
    by: "seq",
    set: one,
    items: [{ item: "FLAGS" }],
    changedSince: 0,
    vanished: false,
    partial: undefined,
  }],
  ["FETCH 1 FULL", {
    name: "FETCH",
    by: "seq",
    set: one,
    items: ["FLAGS", "INTERNALDATE", "RFC822.SIZE", "ENVELOPE", "BODY"].map((item) => ({ item })),
    changedSince: undefined,
    vanished: false,
    partial: undefined,
  }],
  ["FETCH 1 fast", {
    name: "FETCH",
    by: "seq",
    set: one,
    items: ["FLAGS", "INTERNALDATE", "RFC822.SIZE"].map((item) => ({ item })),
    changedSince: undefined,
    vanished: false,
    partial: undefined,
  }],
  ["FETCH 1 All", {
    name: "FETCH",
    by: "seq",
    set: one,
    items: ["FLAGS", "INTERNALDATE", "RFC822.SIZE", "ENVELOPE"].map((item) => ({ item })),
    changedSince: undefined,
    vanished: false,
    partial: undefined,
  }],
  [
    "FETCH 1 (UID RFC822 RFC822.HEADER RFC822.TEXT RFC822.SIZE ENVELOPE INTERNALDATE BODY BODYSTRUCTURE MODSEQ)",
    {
      name: "FETCH",
      by: "seq",
      set: one,
      items: [
        "UID",
        "RFC822",
        "RFC822.HEADER",
        "RFC822.TEXT",
        "RFC822.SIZE",
        "ENVELOPE",
        "INTERNALDATE",
        "BODY",
        "BODYSTRUCTURE",
        "MODSEQ",
      ].map((item) => ({ item })),
      changedSince: undefined,
      vanished: false,
      partial: undefined,
    },
  ],
  ["FETCH 1 (BINARY[1] BINARY.PEEK[1.2]<5.6> BINARY.SIZE[] BODY.PEEK[1.MIME])", {
    name: "FETCH",
    by: "seq",
    set: one,
    items: [
      { item: "BINARY", peek: false, part: [1], partial: undefined },
      { item: "BINARY", peek: true, part: [1, 2], partial: { start: 5, length: 6 } },
      { item: "BINARY.SIZE", part: [] },
      { item: "BODY[]", peek: true, section: { part: [1], text: "MIME", fields: [] }, partial: undefined },
    ],
    changedSince: undefined,
    vanished: false,
    partial: undefined,
  }],
  ["STORE 2:4 +FLAGS (\\Deleted)", {
    name: "STORE",
    by: "seq",
    set: set([2, 4]),
    op: "add",
    silent: false,
    list: { flags: Flag.Deleted, keywords: [] },
    unchangedSince: undefined,
    annotations: undefined,
  }],
  ["store 1 -flags.silent \\Seen $Forwarded", {
    name: "STORE",
    by: "seq",
    set: one,
    op: "remove",
    silent: true,
    list: { flags: Flag.Seen, keywords: ["$Forwarded"] },
    unchangedSince: undefined,
    annotations: undefined,
  }],
  ["UID STORE 1 (UNCHANGEDSINCE 320162338) FLAGS ()", {
    name: "STORE",
    by: "uid",
    set: one,
    op: "replace",
    silent: false,
    list: { flags: 0, keywords: [] },
    unchangedSince: 320162338,
    annotations: undefined,
  }],
  ['STORE 1 ANNOTATION (/comment (value.priv "a" value.shared NIL) /1.2/flags/seen (VALUE.PRIV "1"))', {
    name: "STORE",
    by: "seq",
    set: one,
    op: "add",
    silent: true,
    list: { flags: 0, keywords: [] },
    unchangedSince: undefined,
    annotations: [
      { entry: "/comment", shared: false, value: octets("a") },
      { entry: "/comment", shared: true, value: null },
      { entry: "/1.2/flags/seen", shared: false, value: octets("1") },
    ],
  }],
  ["FETCH 1 (ANNOTATION ((/comment /* /%/x) (value size.shared)))", {
    name: "FETCH",
    by: "seq",
    set: one,
    items: [{
      item: "ANNOTATION",
      entries: ["/comment", "/*", "/%/x"],
      attributes: [{ name: "value", of: "both" }, { name: "size", of: "shared" }],
    }],
    changedSince: undefined,
    vanished: false,
    partial: undefined,
  }],
  ["SELECT INBOX (ANNOTATE CONDSTORE)", {
    name: "SELECT",
    mailbox: "INBOX",
    condstore: true,
    annotate: true,
    resync: undefined,
  }],
  ["COPY 1 MEETING", { name: "COPY", by: "seq", set: one, mailbox: "MEETING" }],
  ["UID COPY $ MEETING", { name: "COPY", by: "uid", set: { kind: "saved" }, mailbox: "MEETING" }],
  ["MOVE 1 foo", { name: "MOVE", by: "seq", set: one, mailbox: "foo" }],
  ["UID MOVE 42:69 foo", { name: "MOVE", by: "uid", set: set([42, 69]), mailbox: "foo" }],
  ["SEARCH FLAGGED", {
    name: "SEARCH",
    by: "seq",
    returns: undefined,
    criteria: { key: "FLAG", flag: Flag.Flagged, set: true },
  }],
  ["UID SEARCH RETURN (COUNT) ALL", {
    name: "SEARCH",
    by: "uid",
    returns: { options: ["COUNT"], partial: undefined, update: [] },
    criteria: { key: "ALL" },
  }],
  ["SORT RETURN (MIN) (REVERSE Date subject) UTF-8 ALL", {
    name: "SORT",
    by: "seq",
    returns: { options: ["MIN"], partial: undefined, update: [] },
    order: [{ by: "date", reverse: true }, { by: "subject", reverse: false }],
    criteria: { key: "ALL" },
  }],
  ["ESEARCH IN (subtree (a b) selected) RETURN (UPDATE PARTIAL -1:-9) UNSEEN", {
    name: "ESEARCH",
    by: "uid",
    sources: [{ kind: "subtree", names: ["a", "b"] }, { kind: "selected" }],
    returns: { options: ["UPDATE", "PARTIAL"], partial: { from: -1, to: -9 }, update: [] },
    criteria: { key: "FLAG", flag: 1, set: false },
  }],
  ['CANCELUPDATE "a" "b"', { name: "CANCELUPDATE", tags: ["a", "b"] }],
  ["UIDBATCHES 2000 10:20", { name: "UIDBATCHES", size: 2000, range: [10, 20] }],
  ["UIDBATCHES 500", { name: "UIDBATCHES", size: 500, range: undefined }],
  ["NOTIFY NONE", { name: "NOTIFY", status: false, groups: undefined }],
  [
    "notify set status (selected (MessageNew (uid flags) MessageExpunge)) (subtree (a b) mailboxname)" +
    " (mailboxes INBOX NONE)",
    {
      name: "NOTIFY",
      status: true,
      groups: [
        {
          filter: { kind: "selected" },
          events: [
            { event: "MessageNew", items: [{ item: "UID" }, { item: "FLAGS" }] },
            { event: "MessageExpunge" },
          ],
        },
        { filter: { kind: "subtree", names: ["a", "b"] }, events: [{ event: "MailboxName" }] },
        { filter: { kind: "mailboxes", names: ["INBOX"] }, events: [] },
      ],
    },
  ],
  ["UID THREAD references UTF-8 ALL", {
    name: "THREAD",
    by: "uid",
    algorithm: "REFERENCES",
    criteria: { key: "ALL" },
  }],
  ['APPEND x CATENATE (URL "/y;UID=1")', {
    name: "APPEND",
    mailbox: "x",
    steps: [
      {
        step: "message",
        flags: { flags: 0, keywords: [] },
        internalDate: undefined,
        annotations: undefined,
        catenate: true,
      },
      { step: "url", url: "/y;UID=1" },
      { step: "end" },
    ],
  }],
  ["UID REPLACE * x (\\Seen) CATENATE (URL a)", {
    name: "REPLACE",
    by: "uid",
    number: STAR,
    mailbox: "x",
    steps: [
      {
        step: "message",
        flags: { flags: Flag.Seen, keywords: [] },
        internalDate: undefined,
        annotations: undefined,
        catenate: true,
      },
      { step: "url", url: "a" },
      { step: "end" },
    ],
  }],
  ['COMPARATOR "cz;*" i;octet', { name: "COMPARATOR", wanted: ["cz;*", "i;octet"] }],
];

Deno.test("commands of RFC 9051, RFC 3501 and the extensions", () => {
  for (const [text, want] of EXAMPLES) {
    assertEquals<unknown>(parsed(command, `A1 ${text}`), { tag: "A1", command: want }, text);
  }
});

Deno.test("there is an example of every command", () => {
  const names = new Set(EXAMPLES.map(([, want]) => (want as Command).name));
  assertEquals(names.size, Object.keys(COMMANDS).length);
});

const BROKEN: readonly (readonly [string, string])[] = [
  ["", "syntax"],
  ["A1", "syntax"],
  ["A1 ", "unknown command"],
  [" NOOP", "syntax"],
  ["+1 NOOP", "syntax"],
  ["A*1 NOOP", "syntax"],
  ["A1  NOOP", "unknown command"],
  ["A1 BLURDYBLOOP", "unknown command"],
  ["A1 constructor", "unknown command"],
  ["A1 UID", "syntax"],
  ["A1 UID NOOP", "unknown command"],
  ["A1 UID FOO", "unknown command"],
  ["A1 NOOP ", "syntax"],
  ["A1 NOOP x", "syntax"],
  ["A1 STORE 1 ANNOTATION (comment (value.priv NIL))", "annotation entry"],
  ["A1 STORE 1 ANNOTATION (/a//b (value.priv NIL))", "annotation entry"],
  ["A1 STORE 1 ANNOTATION (/a/ (value.priv NIL))", "annotation entry"],
  ["A1 STORE 1 ANNOTATION (/flags/seen (value.priv NIL))", "annotation entry"],
  ["A1 STORE 1 ANNOTATION (/1 (value.priv NIL))", "annotation entry"],
  ["A1 STORE 1 ANNOTATION (/01/comment (value.priv NIL))", "annotation entry"],
  ['A1 STORE 1 ANNOTATION ("/*" (value.priv NIL))', "annotation entry"],
  ["A1 STORE 1 ANNOTATION (/a (value NIL))", "annotation attribute"],
  ["A1 STORE 1 ANNOTATION (/a (size.priv NIL))", "annotation attribute"],
  ["A1 STORE 1 ANNOTATION (/a (value.priv))", "syntax"],
  ['A1 STORE 1 ANNOTATION (/1/flags/seen (value.priv "2"))', "annotation value"],
  ["A1 FETCH 1 ANNOTATION (/a color)", "annotation attribute"],
  ["A1 SEARCH ANNOTATION /a size x", "annotation attribute"],
  ["A1 SORT (ANNOTATION /a value) UTF-8 ALL", "annotation attribute"],
  ['A1 SORT (ANNOTATION "/*" value.priv) UTF-8 ALL', "annotation entry"],
  ["A1 GENURLAUTH", "syntax"],
  ["A1 GENURLAUTH a", "syntax"],
  ["A1 URLFETCH", "syntax"],
  ["A1 URLFETCH (a FLAGS)", "url-fetch-param"],
  ["A1 URLFETCH (a BODY BINARY)", "url-fetch-param"],
  [`A1 URLFETCH${" a".repeat(101)}`, "urls"],
  ["A1 SELECT", "syntax"],
  ["A1 SELECT a b", "syntax"],
  ["A1 SELECT INBOX (FOO)", "select parameter"],
  ["A1 CREATE a (FOO)", "create parameter"],
  ["A1 CREATE a (USE (\\Foo))", "special use"],
  ["A1 CREATE a (USE (\\Sent \\Trash))", "special use"],
  ["A1 APPEND INBOX", "append"],
  ['A1 LIST (RECURSIVEMATCH) "" *', "select option"],
  ['A1 LIST (REMOTE RECURSIVEMATCH) "" *', "select option"],
  ['A1 LIST (FOO) "" *', "select option"],
  ['A1 LIST "" * RETURN (FOO)', "return option"],
  ['A1 LIST "" * RETURN', "syntax"],
  ['A1 LIST "" * ', "syntax"],
  ['A1 LIST "" ()', "syntax"],
  ["A1 SETACL a", "syntax"],
  ["A1 SETACL a b", "syntax"],
  ["A1 SETACL a b lrq", "rights"],
  ["A1 SETACL a b LR", "rights"],
  ["A1 SETACL a b +-l", "rights"],
  ['A1 SETACL a "" l', "identifier"],
  ["A1 SETACL a - l", "identifier"],
  ['A1 SETACL a "a\x07" l', "identifier"],
  [`A1 SETACL a ${"x".repeat(513)} l`, "identifier"],
  ["A1 DELETEACL a", "syntax"],
  ["A1 DELETEACL a b c", "syntax"],
  ["A1 GETACL", "syntax"],
  ["A1 MYRIGHTS", "syntax"],
  ["A1 LISTRIGHTS a", "syntax"],
  ["A1 LOGIN a", "syntax"],
  ["A1 LOGIN a b c", "syntax"],
  ["A1 AUTHENTICATE", "syntax"],
  ["A1 AUTHENTICATE PLAIN ", "base64"],
  ["A1 AUTHENTICATE PLAIN *", "base64"],
  ["A1 AUTHENTICATE PLAIN AA== AA==", "base64"],
  ["A1 ENABLE", "syntax"],
  ["A1 ID", "syntax"],
  ['A1 ID ("a")', "syntax"],
  ['A1 ID ("a" "b" "A" "c")', "id"],
  [`A1 ID ("${"a".repeat(31)}" NIL)`, "id"],
  [`A1 ID ("a" "${"b".repeat(1025)}")`, "id"],
  [`A1 ID (${Array.from({ length: 31 }, (_, i) => `"f${i}" NIL`).join(" ")})`, "id"],
  ["A1 FETCH 1 ()", "fetch item"],
  ["A1 FETCH 1 (FLAGS", "syntax"],
  ["A1 FETCH 1 (FLAGS UID)x", "syntax"],
  ["A1 FETCH 1 (FULL)", "fetch item"],
  ["A1 FETCH 1 FLAGSS", "fetch item"],
  ["A1 FETCH 1 BODY.PEEK", "syntax"],
  ["A1 FETCH 1 BINARY", "syntax"],
  ["A1 FETCH 1 BODY[]<0>", "syntax"],
  ["A1 FETCH 1 FLAGS (FOO 1)", "modifier"],
  ["A1 FETCH 1 FLAGS (CHANGEDSINCE 1 CHANGEDSINCE 2)", "modifier"],
  ["A1 FETCH 1 FLAGS ()", "modifier"],
  ["A1 STORE 1 FOO (a)", "store item"],
  ["A1 STORE 1 +FLAGS", "syntax"],
  ["A1 STORE 1 (FOO 1) FLAGS ()", "modifier"],
  ["A1 STORE 1 (UNCHANGEDSINCE -1) FLAGS ()", "syntax"],
  ["A1 COPY 1", "syntax"],
  ["A1 EXPUNGE 1", "syntax"],
  ["A1 UID EXPUNGE", "syntax"],
  ["A1 CHECK now", "syntax"],
];

Deno.test("what is not a command", () => {
  for (const [text, rule] of BROKEN) assertEquals(parsed(command, text), `fault: ${rule}`, text);
});

Deno.test("a fault carries the tag when it was whole and within its limit", () => {
  const tagOf = (text: string) => {
    const c = cursor(text);
    command(c);
    return c.fault?.tag;
  };
  assertEquals(tagOf("A1 FOO"), "A1");
  assertEquals(tagOf("a]b NOOP x"), "a]b");
  assertEquals(tagOf("A1"), "A1");
  assertEquals(tagOf("A(1 NOOP"), undefined);
  assertEquals(tagOf("* NOOP"), undefined);
  assertEquals(tagOf(`${"t".repeat(126)} FOO`), "t".repeat(126));
  assertEquals(tagOf(`${"t".repeat(127)} FOO`), undefined);
});

Deno.test("the number of items in a FETCH is bounded", () => {
  const fetch = (count: number) => parsed(command, `A1 FETCH 1 (${Array(count).fill("UID").join(" ")})`);
  assertEquals(typeof fetch(250), "object");
  assertEquals(fetch(251), "fault: too many items");
});

Deno.test("no octets make the grammar throw, and whatever is no command has a fault", () => {
  const words = fc.constantFrom(...EXAMPLES.map(([text]) => text));
  const noise = fc.string({ unit: "binary-ascii", maxLength: 20 });
  const at = fc.nat({ max: 100 });
  fc.assert(
    fc.property(words, noise, at, at, (text, insert, from, drop) => {
      const broken = text.slice(0, from) + insert + text.slice(from + drop);
      const c = cursor(`A1 ${broken}`);
      assertEquals(command(c) === undefined, c.fault !== undefined);
    }),
    { numRuns: 3000 },
  );
});
