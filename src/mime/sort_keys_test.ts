import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { octetsOf } from "../bytes/ascii.ts";
import { baseSubject } from "./subject.ts";
import { messageIds } from "./thread.ts";
import { sortKeys } from "./sort_keys.ts";

Deno.test("base subjects", () => {
  const CASES: readonly (readonly [string, string, boolean])[] = [
    ["", "", false],
    ["Hello", "Hello", false],
    ["  Hello \t\r\n  world  ", "Hello world", false],
    ["Re: Hello", "Hello", true],
    ["RE:re: fwd:FW: Hello", "Hello", true],
    ["Re[2]: Hello", "Hello", true],
    ["Re [list] : Hello", "Hello", true],
    ["[list] Re: [list] Hello", "Hello", true],
    ["[list] Hello", "Hello", false],
    ["[a][b] [c]", "[c]", false],
    ["[list]", "[list]", false],
    ["Re: [list]", "[list]", true],
    ["Hello (fwd)", "Hello", true],
    ["Hello (fwd) (FWD)", "Hello", true],
    ["[Fwd: Hello]", "Hello", true],
    ["[fwd: Re: [fwd: Hello (fwd)] ]", "Hello", true],
    ["Re: ", "", true],
    ["Regarding: Hello", "Regarding: Hello", false],
    ["Fwd", "Fwd", false],
    ["re", "re", false],
    ["AW: Hello", "AW: Hello", false],
    ["[unfinished Re: x", "[unfinished Re: x", false],
    ["[a [b] c", "[a [b] c", false],
    ["[fwd: a] b", "b", false],
    ["(fwd)", "", true],
    ["[fwd:]", "", true],
    ["\u212a\u0130 Re: x", "\u212a\u0130 Re: x", false],
  ];
  for (const [subject, base, isReply] of CASES) {
    assertEquals(baseSubject(subject), { base, reply: isReply }, subject);
  }
});

Deno.test("the base of a base subject is itself, but for what stood at its beginning by itself", () => {
  const piece = fc.constantFrom("Re:", "fwd", "[x]", "[fwd:", "]", " ", "a", "(fwd)", ":", "[", "FW [b] :");
  fc.assert(fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
    const { base } = baseSubject(pieces.join(""));
    assertEquals(baseSubject(base).base, base);
  }));
});

Deno.test("a subject made to be slow is not", () => {
  const begun = performance.now();
  for (const piece of ["[a]", "[fwd:", "re:", "[", "(fwd)", "re[", "[a]re:"]) {
    baseSubject(piece.repeat(60_000));
    baseSubject(piece.repeat(60_000) + "x" + "]".repeat(60_000));
  }
  for (const piece of ["<", "<a", '<"', "<a@b>", "<(", "<\\"]) {
    messageIds(octetsOf(piece.repeat(65_536 / piece.length)), 1000);
  }
  assert(performance.now() - begun < 5000, `${performance.now() - begun} ms`);
});

Deno.test("Message-IDs in one form", () => {
  const ids = (text: string) => messageIds(octetsOf(text), 10);
  assertEquals(ids("<a@b>"), ["a@b"]);
  assertEquals(ids('<"01KF"@xxx.example> <01KF@xxx.example>'), ["01KF@xxx.example"]);
  assertEquals(ids('<"a\\"b"@c> junk < d (x) @ e > <e@[1.2.3.4]>'), ['a"b@c', "d@e", "e@[1.2.3.4]"]);
  assertEquals(ids('Your message of <"a>b"@c>'), ["a>b@c"]);
  assertEquals(ids("<> <a> <@b> <a@> <unfinished@x"), []);
  assertEquals(ids("<unfinished <a@b>"), ["a@b"]);
  assertEquals(messageIds(octetsOf("<1@x><2@x><3@x>"), 2), ["1@x", "2@x"]);
});

Deno.test("what SORT and THREAD compare", () => {
  const header = (text: string) => sortKeys(new TextEncoder().encode(text.replaceAll("\n", "\r\n")));
  const keys = header(
    "From: =?utf-8?q?J=C3=B6rg?= <jo@example.test>, other@example.test\nTo: Team: a@b, c@d;\n" +
      "Cc: (no name) Carl@example.test\nSubject: Re: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\n" +
      "Date: Thu, 1 Jan 2026 10:00:00 +0100\nMessage-ID: <m@x>\nIn-Reply-To: <p@x> <q@x>\n" +
      "References: <r@x>\n <p@x>\n\n",
  );
  assertEquals(keys, {
    from: "JO",
    to: "TEAM",
    cc: "CARL",
    displayFrom: "JO\u0308RG",
    displayTo: "TEAM",
    subject: "GRU\u0308ßE",
    isReply: true,
    sentAt: Date.UTC(2026, 0, 1, 9),
    messageId: "m@x",
    references: ["r@x", "p@x"],
  });
  const bare = header(
    "From: ann@example.test\nReferences: nonsense\nIn-Reply-To: <p@x> <q@x>\nDate: never\n\n",
  );
  assertEquals(bare.displayFrom, "ANN@EXAMPLE.TEST");
  assertEquals(bare.references, ["p@x"]);
  assertEquals([bare.sentAt, bare.messageId, bare.subject, bare.to], [undefined, undefined, "", ""]);
});
