import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { Cursor } from "../../bytes/cursor.ts";
import type { MailAddress } from "../../core/directory.ts";
import { isFault } from "./fault.ts";
import { bdat, mail, rcpt } from "./commands.ts";
import { formatPath, forwardPath, PATH_LIMITS, reversePath } from "./path.ts";
import { xtext } from "./xtext.ts";

const octets = (text: string) => new TextEncoder().encode(text);
const parse = (text: string): MailAddress | undefined => {
  const c = new Cursor(octets(text));
  const path = reversePath(c);
  return path !== undefined && c.done ? path.address : undefined;
};

Deno.test("path: forms of RFC 5321 §4.1.2", () => {
  assertEquals(parse("<a@b.example>"), { local: "a", domain: "b.example" });
  assertEquals(parse("<A.b+c@B.Example>"), { local: "A.b+c", domain: "b.example" });
  assertEquals(parse("<@x.example,@y.example:a@b>"), { local: "a", domain: "b" });
  assertEquals(parse('<"a b\\"c"@d>'), { local: 'a b"c', domain: "d" });
  assertEquals(parse('<""@d>'), { local: "", domain: "d" });
  assertEquals(parse("<a@[192.0.2.1]>"), { local: "a", domain: "[192.0.2.1]" });
  assertEquals(parse("<a@[IPv6:::1]>"), { local: "a", domain: "[ipv6:::1]" });
  assertEquals(parse("<ü@bücher.example>"), { local: "ü", domain: "bücher.example" });
  for (
    const bad of [
      "a@b",
      "<a@b",
      "<a b@c>",
      '<"a@b>',
      '<"a\\',
      "<a@-b>",
      "<a@b->",
      "<a@b..c>",
      "<a@b c>",
      "<@a:@b>",
      '<"a"b@c>',
      "<a@e\u0301.example>",
    ]
  ) assertEquals(parse(bad), undefined, bad);
});

Deno.test("path: its limits, at the border", () => {
  const local = "l".repeat(PATH_LIMITS.local);
  const label = "d".repeat(PATH_LIMITS.label);
  assert(parse(`<${local}@b>`) !== undefined);
  assertEquals(parse(`<${local}l@b>`), undefined);
  assert(parse(`<"${local}"@b>`) !== undefined);
  assertEquals(parse(`<"${local}l"@b>`), undefined);
  assert(parse(`<a@${label}>`) !== undefined);
  assertEquals(parse(`<a@${label}d>`), undefined);
  const domain = `${label}.${label}.${label}.${label.slice(0, 62)}.`.slice(0, PATH_LIMITS.domain);
  assert(parse(`<a@${domain}>`) !== undefined);
  assertEquals(parse(`<a@${domain}x.y>`), undefined);
  const route = "@r.example," + "@r.example,".repeat(60);
  assertEquals(parse(`<${route.slice(0, -1)}:a@b>`), undefined);
});

Deno.test("path: what is written is read again, and is one line", () => {
  const local = fc.string({ unit: "binary-ascii", minLength: 0, maxLength: 40 }).map((text) =>
    text.replace(/[^ -~]/g, "?")
  );
  fc.assert(
    fc.property(local, (text) => {
      const address = { local: text, domain: "b.example" };
      const written = formatPath(address);
      assertEquals(parse(written), address);
      assert(!/[\r\n\0]/.test(written));
    }),
    { seed: 1, numRuns: 1000 },
  );
});

Deno.test("path and commands: any octets, no throw, no control character in what comes out", () => {
  const line = fc.oneof(
    fc.uint8Array({ maxLength: 60 }),
    fc.array(
      fc.constantFrom("<", ">", "@", ".", '"', "\\", " ", "a", "ü", "\r", "\n", "\0", "[", "]", ":", ","),
      {
        maxLength: 30,
      },
    ).map((parts) => octets(parts.join(""))),
  );
  fc.assert(
    fc.property(line, (input) => {
      for (const path of [reversePath(new Cursor(input)), forwardPath(new Cursor(input))]) {
        if (path?.address === undefined) continue;
        const { local, domain } = path.address;
        // deno-lint-ignore no-control-regex
        assert(!/[\x00-\x1f\x7f-\x9f\u2028\u2029]/.test(local + domain));
        assert(!/[A-Z]/.test(domain));
      }
      const behind = (prefix: string) => new Cursor(Uint8Array.from([...octets(prefix), ...input]));
      for (const found of [mail(behind(" FROM:")), rcpt(behind(" TO:")), bdat(behind(" "))]) {
        if (isFault(found)) assert(/^[ -~]+$/.test(found.text), found.text);
      }
    }),
    { seed: 1, numRuns: 1000 },
  );
});

Deno.test("bdat: exact numbers only", () => {
  const size = (text: string) => {
    const found = bdat(new Cursor(octets(text)));
    return isFault(found) ? undefined : found.name === "BDAT" ? [found.size, found.last] : undefined;
  };
  assertEquals(size(" 0"), [0, false]);
  assertEquals(size(" 999999999999999 LAST"), [999_999_999_999_999, true]);
  for (const bad of [" 1e3", " 0x10", " +1", " -1", " 1.5", "", " ", " 1 LASTX", " 1LAST", " ٣"]) {
    assertEquals(size(bad), undefined, bad);
  }
});

Deno.test("xtext: RFC 3461 §4, and nothing unprintable comes out", () => {
  assertEquals(xtext("e+3Dmc2"), "e=mc2");
  assertEquals(xtext("<>"), "<>");
  assertEquals(xtext(""), "");
  for (const bad of ["a=b", "a b", "+", "+4", "+4g", "+0D", "+0A", "+00", "+7F", "+FF", "a+0d", "é"]) {
    assertEquals(xtext(bad), undefined, bad);
  }
});
