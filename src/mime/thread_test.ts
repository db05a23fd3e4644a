import fc from "fast-check";
import { assert, assertEquals } from "@std/assert";
import { mail } from "../../tests/corpus/samples.ts";
import { octetsOf } from "../bytes/ascii.ts";
import { recipientLists } from "./recipients.ts";
import { summarize } from "./summary.ts";
import { answerReferences, messageIds, threadKeys } from "./thread.ts";

Deno.test("threadKeys reads normalised Message-IDs, oldest first", () => {
  const keys = threadKeys(mail(`Subject: Re: =?utf-8?q?Gr=C3=BC=C3=9Fe?=
Message-ID: <"me"@x.example>
References: <first@x> junk <a (comment) b@x>
 <first@x> <me@x.example> <broken> <second@x>
In-Reply-To: <other@x>

`));
  assertEquals(keys, {
    id: "me@x.example",
    ancestors: ["first@x", "ab@x", "second@x"],
    subject: { base: "Grüße", reply: true },
  });
});

Deno.test("threadKeys falls back to In-Reply-To, whose words are not Message-IDs", () => {
  const keys = (text: string) => threadKeys(mail(text + "\n\n"));
  assertEquals(keys('References: none\nIn-Reply-To: Your mail of "Monday" <1@x> <2@x>').ancestors, ["1@x"]);
  assertEquals(keys("Subject: a").id, undefined);
  assertEquals(keys("Message-ID: <1@x>\nMessage-ID: <2@x>").id, "2@x");
});

Deno.test("messageIds: what is the same Message-ID is the same key, what is none is left out", () => {
  const ids = (text: string) => messageIds(octetsOf(text), 100);
  assertEquals(ids('<01KF8@xxx.yyy> <"01KF8"@xxx.yyy> < 01KF8 @ xxx . yyy >'), ["01KF8@xxx.yyy"]);
  assertEquals(ids("<a@x> <A@x>"), ["a@x", "A@x"]);
  assertEquals(ids('<"a b"@x> <a@[10.0.0.1]> <a=b/c@x> <\xc3\xa9@x>'), [
    "a b@x",
    "a@[10.0.0.1]",
    "a=b/c@x",
    "é@x",
  ]);
  assertEquals(ids("<> <@> <a@> <@b> <a> a@b <<a@b> <c@d"), ["a@b"]);
  assertEquals(ids(`<${"x".repeat(2000)}@x> <a@b>`), ["a@b"]);
  const start = performance.now();
  for (const piece of ["<", "<a@", '<"', "<(", '<"a"@b', "<\u0001"]) ids(piece.repeat(200_000));
  assert(performance.now() - start < 5000);
});

Deno.test("messageIds never throws and stays within its limit", () => {
  const piece = fc.constantFrom("<", ">", "@", '"', "\\", "(", ")", "a", ".", " ", "[", "]", "\0", "\xff");
  fc.assert(fc.property(fc.array(piece), (list) => messageIds(octetsOf(list.join("")), 3).length <= 3));
});

Deno.test("answerReferences keeps the oldest and the youngest", () => {
  const of = (text: string) => answerReferences(summarize(mail(text + "\n\n")));
  assertEquals(of("Message-ID: <2@x>\nReferences: <1@x>"), ["<1@x>", "<2@x>"]);
  assertEquals(of("Message-ID: <2@x>\nIn-Reply-To: <1@x>"), ["<1@x>", "<2@x>"]);
  assertEquals(of("Subject: x"), []);
  const many = of(
    "Message-ID: <me@x>\nReferences: " + Array.from({ length: 50 }, (_, i) => `<${i}@x>`).join(" "),
  );
  assertEquals([many.length, many[0], many[1], many.at(-1)], [21, "<0@x>", "<31@x>", "<me@x>"]);
});

Deno.test("recipientLists: groups dissolved, each address once, nothing without both halves", () => {
  const lists = recipientLists(mail(`From: =?utf-8?q?J=C3=B6rg?= <joerg@Example.org>
Sender: s@x
Reply-To: r@x
To: team: a@x, "b c"@x;, a@X, A@x, lonely, <@x>
Cc: one@x
Cc: two@x
Bcc: three@x
Resent-To: four@x
Resent-Cc: five@x
To: =?utf-8?q?a=40evil=2Eexample?=@x

`));
  const address = ({ local, domain }: { local: string; domain: string }) => `${local}@${domain}`;
  assertEquals(lists.from, [{ name: "Jörg", local: "joerg", domain: "Example.org" }]);
  assertEquals(lists.to.map(address), ["a@x", "b c@x", "A@x", "=?utf-8?q?a=40evil=2Eexample?=@x"]);
  assertEquals(
    [lists.sender, lists.replyTo, lists.cc, lists.bcc, lists.resent].map((list) => list.map(address)),
    [
      ["s@x"],
      ["r@x"],
      ["one@x", "two@x"],
      ["three@x"],
      ["four@x", "five@x"],
    ],
  );
});
