import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { COMMANDS } from "../command.ts";
import { command, type SyntaxRule } from "./rfc2449_3.ts";

const parse = (text: string, limit = 512) => command(new TextEncoder().encode(text), limit);

Deno.test("every command in its forms", () => {
  assertEquals(parse("USER kate@example.test"), { name: "USER", user: "kate@example.test" });
  assertEquals(parse("user a b "), { name: "USER", user: "a b " });
  assertEquals(parse("USER käthe"), { name: "USER", user: "käthe" });
  assertEquals(parse("PASS  two  spaces "), { name: "PASS", password: " two  spaces " });
  assertEquals(parse("auth plain"), { name: "AUTH", mechanism: "PLAIN", initial: undefined });
  assertEquals(parse("AUTH PLAIN AGEAYg=="), { name: "AUTH", mechanism: "PLAIN", initial: "AGEAYg==" });
  assertEquals(parse("AUTH PLAIN ="), { name: "AUTH", mechanism: "PLAIN", initial: "=" });
  assertEquals(parse("LANG"), { name: "LANG", range: undefined });
  assertEquals(parse("LANG *"), { name: "LANG", range: "*" });
  assertEquals(parse("LIST"), { name: "LIST", message: undefined });
  assertEquals(parse("LIST "), { name: "LIST", message: undefined });
  assertEquals(parse("LIST 0012"), { name: "LIST", message: 12 });
  assertEquals(parse("UIDL 3"), { name: "UIDL", message: 3 });
  assertEquals(parse("RETR 4294967296"), { name: "RETR", message: 4294967296 });
  assertEquals(parse("TOP 1 0"), { name: "TOP", message: 1, lines: 0 });
  assertEquals(parse("dele 2"), { name: "DELE", message: 2 });
  for (const name of ["STLS", "CAPA", "UTF8", "STAT", "NOOP", "RSET", "QUIT"] as const) {
    assertEquals(parse(name), { name });
    assertEquals(parse(`${name} `), { name });
    assertEquals(parse(`${name} x`), { rule: "bad-argument" });
  }
});

Deno.test("what is no command", () => {
  const cases: readonly [string, SyntaxRule][] = [
    ["", "unknown-command"],
    [" ", "unknown-command"],
    [" STAT", "unknown-command"],
    ["STATS", "unknown-command"],
    ["STA", "unknown-command"],
    ["APOP kate 0123", "unknown-command"],
    ["XTND", "unknown-command"],
    ["TOP\0", "bad-argument"],
    ["STAT\t", "bad-argument"],
    ["NO\u0000P", "bad-argument"],
    ["UTF\x18", "bad-argument"],
    ["STAT\x7f", "bad-argument"],
    ["USER", "bad-argument"],
    ["USER ", "bad-argument"],
    ["PASS", "bad-argument"],
    ["AUTH", "bad-argument"],
    ["AUTH PLAIN x y", "bad-argument"],
    ["AUTH pla\u0131n", "bad-argument"],
    ["AUTH \u017Fcram-sha-256", "bad-argument"],
    ["AUTH PLAIN;", "bad-argument"],
    ["AUTH {PLAIN}", "bad-argument"],
    [`AUTH ${"A".repeat(21)}`, "bad-argument"],
    ["LANG de fr", "bad-argument"],
    ["LIST -1", "bad-argument"],
    ["LIST 1 2", "bad-argument"],
    ["LIST 1x", "bad-argument"],
    ["LIST 12345678901", "bad-argument"],
    ["RETR", "bad-argument"],
    ["RETR 1.0", "bad-argument"],
    ["RETR 1e1", "bad-argument"],
    ["RETR ١", "bad-argument"],
    ["TOP 1", "bad-argument"],
    ["TOP 1 -1", "bad-argument"],
    ["TOP 1 2 3", "bad-argument"],
    ["DELE", "bad-argument"],
  ];
  for (const [line, rule] of cases) assertEquals(parse(line), { rule }, JSON.stringify(line));
  assertEquals(command(Uint8Array.of(0x55, 0x53, 0x45, 0x52, 0x20, 0xff), 512), { rule: "bad-utf8" });
});

Deno.test("the limit counts the CRLF, and AUTH alone may be longer", () => {
  assert("name" in parse(`USER ${"u".repeat(505)}`));
  assertEquals(parse(`USER ${"u".repeat(506)}`), { rule: "line-too-long" });
  assert("name" in parse(`AUTH PLAIN ${"A".repeat(4000)}`));
  assertEquals(parse("x".repeat(600)), { rule: "line-too-long" });
});

Deno.test("property: keywords are taken in any case and nothing else is a keyword", () => {
  const names = Object.keys(COMMANDS);
  fc.assert(
    fc.property(fc.constantFrom(...names), fc.infiniteStream(fc.boolean()), (name, flips) => {
      const mixed = [...name].map((c) => flips.next().value ? c.toLowerCase() : c).join("");
      const parsed = parse(mixed);
      assert("name" in parsed ? parsed.name === name : parsed.rule === "bad-argument");
    }),
  );
  fc.assert(
    fc.property(fc.string({ minLength: 1, maxLength: 5 }), (line) => {
      const parsed = parse(line);
      if ("name" in parsed) assertEquals(line.trimEnd().toUpperCase(), parsed.name);
    }),
    { numRuns: 5000, seed: 2449 },
  );
});

Deno.test("property: no octets make the grammar throw", () => {
  const verb = fc.constantFrom(...Object.keys(COMMANDS)).map((
    name,
  ) => [...new TextEncoder().encode(name), 0x20]);
  fc.assert(
    fc.property(fc.oneof(verb, fc.constant([])), fc.uint8Array({ maxLength: 30 }), (name, rest) => {
      const parsed = command(Uint8Array.from([...name, ...rest]), 512);
      assert("name" in parsed || parsed.rule.length > 0);
    }),
    { numRuns: 5000, seed: 2 },
  );
});
