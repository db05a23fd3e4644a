import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { Gather } from "../../bytes/gather.ts";
import { inSet, mergeRanges } from "../../core/uidset.ts";
import { STAR } from "../command.ts";
import { uidSet } from "../encode/sets.ts";
import { sequenceSet } from "./sequence_set.ts";
import { parsed } from "./test_support.ts";

function ranges(text: string, limits = {}): unknown {
  const set = parsed(sequenceSet, text, { limits });
  return typeof set === "string" ? set : set.kind === "saved" ? "$" : set.ranges;
}

Deno.test("sequence-set", () => {
  assertEquals(ranges("1"), [[1, 1]]);
  assertEquals(ranges("2,4:7,9,12:*"), [[2, 2], [4, 7], [9, 9], [12, STAR]]);
  assertEquals(ranges("*:4,5:7"), [[5, 7], [STAR, 4]]);
  assertEquals(ranges("*"), [[STAR, STAR]]);
  assertEquals(ranges("4:2"), [[2, 4]]);
  assertEquals(ranges("5,4,3,10:12,11:20"), [[3, 5], [10, 20]]);
  assertEquals(ranges("1:4294967295"), [[1, 4294967295]]);
  assertEquals(ranges("$"), "$");
});

Deno.test("broken sequence sets", () => {
  for (const text of ["", ",", "1,", "1:", ":1", "1,,2", "a", "$1", "1,$", "1:2:3"]) {
    assertEquals(ranges(text), "fault: syntax", text);
  }
  for (const text of ["0", "1,0", "0:5", "01"]) assertEquals(ranges(text), "fault: number", text);
  assertEquals(ranges("4294967296"), "fault: number too large");
  // 2^32 + 1 wraps to 1 in some servers.
  assertEquals(ranges("4294967297"), "fault: number too large");
});

Deno.test("the number of ranges is bounded once they are merged", () => {
  const odd = (count: number) => Array.from({ length: count }, (_, i) => 2 * i + 1).join();
  const all = (count: number) => Array.from({ length: count }, (_, i) => i + 1).join();
  assertEquals((ranges(odd(10_000)) as unknown[]).length, 10_000);
  assertEquals(ranges(odd(10_001)), "fault: too many ranges");
  assertEquals(ranges(all(20_000)), [[1, 20_000]]);
  assertEquals(ranges(Array(17).fill("*").join()), "fault: too many ranges");
  assertEquals(ranges("1,3,5", { ranges: 2 }), "fault: too many ranges");
});

const numbers = fc.integer({ min: 1, max: 0xffff_ffff });
const anyRanges = fc.array(fc.tuple(numbers, numbers), { minLength: 1, maxLength: 50 });

Deno.test("what encode writes of a set, grammar reads back", () => {
  fc.assert(fc.property(anyRanges, (pairs) => {
    const set = mergeRanges(pairs);
    const out = new Gather();
    uidSet(out, set);
    const wire = out.take().map((part) => String.fromCharCode(...part)).join("");
    assertEquals(ranges(wire), set);
  }));
});

Deno.test("merging keeps every member and adds none", () => {
  const small = fc.integer({ min: 1, max: 60 });
  fc.assert(fc.property(fc.array(fc.tuple(small, small), { minLength: 1, maxLength: 12 }), (pairs) => {
    const set = ranges(pairs.map(([a, b]) => `${a}:${b}`).join()) as [number, number][];
    for (let n = 1; n <= 61; n++) {
      const isMember = pairs.some(([a, b]) => Math.min(a, b) <= n && n <= Math.max(a, b));
      assertEquals(inSet(set, n), isMember);
    }
  }));
});
