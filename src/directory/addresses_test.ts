import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import {
  canonicalDomain,
  canonicalLocal,
  formatAddress,
  parseAddress,
  parseDomain,
  splitDetail,
} from "./addresses.ts";

function parsed(text: string): string {
  const outcome = parseAddress(text);
  return outcome.ok ? `${outcome.value.local} ${outcome.value.domain}` : "refused";
}

Deno.test("an address is kept in one form, however it was typed", () => {
  assertEquals(parsed("Jane.Doe@Example.ORG"), "jane.doe example.org");
  assertEquals(parsed("jane@example.org."), "jane example.org");
  assertEquals(parsed("JÄNE@example.org"), "jäne example.org");
  assertEquals(parsed("ja\u0308ne@example.org"), "j\u00e4ne example.org");
  assertEquals(parsed("a@MÜNCHEN.example"), "a münchen.example");
  assertEquals(parsed("a@XN--MNCHEN-3ya.example"), "a münchen.example");
  assertEquals(parsed('"john doe"@example.org'), "john doe example.org");
  assertEquals(parsed('"a\\"b"@example.org'), 'a"b example.org');
  assertEquals(parsed('"a@b"@example.org'), "a@b example.org");
});

Deno.test("what is no address is refused with a sentence", () => {
  const wrong = ["", "@", "a", "a@", "@b.example", "a b@example.org", ".a@example.org", "a..b@example.org"];
  wrong.push(
    "a@b..example",
    "a@-b.example",
    "a@127.0.0.1",
    "a@[127.0.0.1]",
    "a@exa mple.org",
    '"a@b.example',
  );
  wrong.push('"a"b"@example.org', '"a\\"@example.org', "a\u0000b@example.org", '"a\tb"@example.org');
  wrong.push("\u212aelvin@example.org", "a@b_c.example", "a@xn--a.example", "\ud800@example.org");
  for (const text of wrong) {
    const outcome = parseAddress(text);
    assert(!outcome.ok, `${JSON.stringify(text)} was taken`);
    assertEquals(/[\p{Cc}]/u.test(outcome.failure.text), false);
  }
});

Deno.test("lengths are counted in octets and hold at the border", () => {
  assertEquals(canonicalLocal("a".repeat(64)), "a".repeat(64));
  assertEquals(canonicalLocal("a".repeat(65)), undefined);
  assertEquals(canonicalLocal("ä".repeat(32)), "ä".repeat(32));
  assertEquals(canonicalLocal("ä".repeat(33)), undefined);
  const label = "a".repeat(63);
  const longest = `${label}.${label}.${label}.${"a".repeat(61)}`;
  assertEquals(longest.length, 253);
  assertEquals(canonicalDomain(longest), longest);
  assertEquals(canonicalDomain(`${label}.${label}.${label}.${"a".repeat(62)}`), undefined);
  assertEquals(canonicalDomain(`${label}a.example`), undefined);
  assertEquals(parseDomain("x".repeat(10_000)).ok, false);
});

Deno.test("an address that was formatted parses to itself", () => {
  for (const text of ["a.b+c@example.org", '"john doe"@example.org', '"a\\"\\\\b"@münchen.example']) {
    const outcome = parseAddress(text);
    assert(outcome.ok);
    assertEquals(formatAddress(outcome.value), text);
    assertEquals(parseAddress(formatAddress(outcome.value)), outcome);
  }
});

Deno.test("a detail begins at the first separator that has a user before it", () => {
  assertEquals(splitDetail("jane+news+x", "+"), { user: "jane", detail: "news+x" });
  assertEquals(splitDetail("jane+", "+"), { user: "jane", detail: "" });
  assertEquals(splitDetail("+jane", "+"), undefined);
  assertEquals(splitDetail("jane", "+"), undefined);
  assertEquals(splitDetail("jane-x", "-"), { user: "jane", detail: "x" });
  assertEquals(splitDetail("jane+x", ""), undefined);
});

Deno.test("whatever is typed: canonical forms stay what they are, and nothing throws", () => {
  const texts = fc.string({ unit: "binary", maxLength: 80 });
  fc.assert(fc.property(texts, texts, (local, domain) => {
    const canonical = canonicalLocal(local);
    if (canonical !== undefined) assertEquals(canonicalLocal(canonical), canonical);
    const name = canonicalDomain(domain);
    if (name !== undefined) assertEquals(canonicalDomain(name), name);
    for (const text of [local, `${local}@${domain}`, `${local}@example.org`, `"${local}"@example.org`]) {
      const outcome = parseAddress(text);
      if (outcome.ok) assertEquals(parseAddress(formatAddress(outcome.value)), outcome);
    }
  }));
});
