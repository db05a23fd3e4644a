import fc from "fast-check";
import { assert, assertEquals } from "@std/assert";
import { octetsOf } from "../bytes/ascii.ts";
import { parseAddressList } from "./address.ts";
import { ADDRESSES } from "./limits.ts";

/** An address list in short: `name|route|local|domain`, `group:` and `;`. */
function short(text: string): string[] {
  return parseAddressList(octetsOf(text)).map((one) =>
    one.kind === "group"
      ? one.name + ":"
      : one.kind === "group-end"
      ? ";"
      : [one.name, one.route, one.local, one.domain].map((piece) => piece ?? "").join("|")
  );
}

Deno.test("mailboxes with names, quoting and comments (RFC 5322 §3.4)", () => {
  assertEquals(short("a@b.example"), ["||a|b.example"]);
  assertEquals(short("Joe Q. Public <joe@x.example>"), ["Joe Q. Public||joe|x.example"]);
  assertEquals(short('"Doe, \\"J\\"" <j@x>, b@y'), ['Doe, "J"||j|x', "||b|y"]);
  assertEquals(short('"a b"@x'), ["||a b|x"]);
  assertEquals(short("j@x (Jane (J.) Doe)"), ["Jane (J.) Doe||j|x"]);
  assertEquals(short("(c) A (d) B <e@f(g).h>"), ["A B||e|f.h"]);
  assertEquals(short("u@[IPv6:::1]"), ["||u|[IPv6:::1]"]);
  assertEquals(short("<>"), ["|||"]);
});

Deno.test("groups (RFC 5322 §3.4)", () => {
  assertEquals(short("A Group:Ed <e@x>,j@y;"), ["A Group:", "Ed||e|x", "||j|y", ";"]);
  assertEquals(short("undisclosed-recipients:;"), ["undisclosed-recipients:", ";"]);
  assertEquals(short("g: a@b; c@d"), ["g:", "||a|b", ";", "||c|d"]);
  assertEquals(short("g: a@b"), ["g:", "||a|b", ";"]);
  assertEquals(short(";"), []);
});

Deno.test("obsolete forms (RFC 5322 §4.4)", () => {
  assertEquals(short("<@a.example,@b.example:j@x>"), ["|@a.example,@b.example|j|x"]);
  assertEquals(short("j . d @ x . example"), ["||j.d|x.example"]);
  assertEquals(short(", a@b,,c@d ,"), ["||a|b", "||c|d"]);
});

Deno.test("what is no address loses as little as possible", () => {
  assertEquals(short("foo"), ["||foo|"]);
  assertEquals(short("Drew Fossum"), ["Drew Fossum|||"]);
  assertEquals(short('"Drew Fossum"'), ["Drew Fossum|||"]);
  assertEquals(short("a@b <c@d>"), ["a@b||c|d"]);
  assertEquals(short("X <a@b, c@d"), ["X||a|b", "||c|d"]);
  assertEquals(short('"unended <a@b'), ["unended <a@b|||"]);
  assertEquals(short("(unended a@b"), []);
});

Deno.test("words of a local part: dots join them (obs-local-part), else a space stays", () => {
  const local = (text: string) => {
    const [one] = parseAddressList(octetsOf(text));
    return one?.kind === "mailbox" ? one.local : undefined;
  };
  assertEquals(local("<john . q (c) . public@x>"), "john.q.public");
  assertEquals(local("<Undisclosed  Recipients>"), "Undisclosed Recipients");
  assertEquals(local('<"a b".c@x>'), "a b.c");
});

Deno.test("parseAddressList never throws and is bounded", () => {
  const text = fc.array(
    fc.constantFrom("a", "@", "<", ">", ",", ";", ":", '"', "\\", "(", ")", "[", "]", " ", ".", "\xff"),
  );
  fc.assert(fc.property(text, (list) => parseAddressList(octetsOf(list.join(""))).length <= ADDRESSES + 1));
  assertEquals(parseAddressList(octetsOf("a@b,".repeat(5000))).length, ADDRESSES);
  const start = performance.now();
  for (const piece of ["(", "<", "g:", "@", '"', "a@b(", ";", "[", "a ", "\\"]) {
    parseAddressList(octetsOf(piece.repeat(100_000)));
  }
  assert(performance.now() - start < 5000);
});
