import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { matches } from "./list_match.ts";

Deno.test("wildcards: % stops at the separator, * does not", () => {
  const cases: [string, string, boolean][] = [
    ["*", "", true],
    ["%", "a", true],
    ["%", "a/b", false],
    ["*", "a/b", true],
    ["a/%", "a/b", true],
    ["a/%", "a/b/c", false],
    ["%/%", "a/b", true],
    ["a*c", "a/b/c", true],
    ["a%c", "abbc", true],
    ["a%c", "ab/c", false],
    ["", "", true],
    ["", "a", false],
    ["a", "A", false],
    ["*%*", "x/y", true],
    ["%*b", "a/b", true],
  ];
  for (const [pattern, name, want] of cases) assertEquals(matches(pattern, name), want, `${pattern} ${name}`);
});

Deno.test("the matcher agrees with the definition", () => {
  const slow = (pattern: string, name: string): boolean => {
    if (pattern === "") return name === "";
    const rest = pattern.slice(1);
    if (pattern[0] !== "*" && pattern[0] !== "%") return pattern[0] === name[0] && slow(rest, name.slice(1));
    for (let n = 0; n <= name.length; n++) {
      if (slow(rest, name.slice(n))) return true;
      if (pattern[0] === "%" && name[n] === "/") return false;
    }
    return false;
  };
  const text = (chars: string) =>
    fc.array(fc.constantFrom(...chars), { maxLength: 8 }).map((c) => c.join(""));
  fc.assert(fc.property(text("ab/*%"), text("ab/"), (p, name) => matches(p, name) === slow(p, name)), {
    numRuns: 3000,
  });
});

Deno.test("a pattern made to backtrack takes no longer than its size", () => {
  const from = performance.now();
  assert(!matches("%*".repeat(500) + "b", "a".repeat(4000)));
  assert(performance.now() - from < 1000);
});
