import { assert, assertEquals } from "@std/assert";
import { filterOf, hashesOf } from "./text_filter.ts";

function mayHold(filter: Uint8Array, text: string): boolean {
  return hashesOf(text).every((hash) => {
    const bit = hash & (filter.length * 8 - 1);
    return (filter[bit >> 3]! >> (bit & 7) & 1) === 1;
  });
}

/** Words that never come twice. */
function words(count: number, from = 0): string {
  return Array.from({ length: count }, (_, i) => ((from + i) * 7919 + 12345).toString(36)).join(" ");
}

Deno.test("a filter has every text that stands in its text, of whatever size it is", () => {
  for (const count of [0, 1, 3, 20, 100, 400, 800]) {
    const text = `${words(count)} größe 漢字仮名 😀😀 ende`;
    const filter = filterOf(text)!;
    for (let at = 0; at < text.length; at += 7) {
      for (const length of [1, 2, 3, 5, 9, 40]) assert(mayHold(filter, text.slice(at, at + length)));
    }
  }
});

Deno.test("a filter rules out nearly all texts that do not", () => {
  for (const count of [3, 100, 800]) {
    const filter = filterOf(words(count))!;
    const others = Array.from({ length: 1000 }, (_, i) => `q${words(1, 1_000_000 + i)}z`);
    const wrong = others.filter((other) => mayHold(filter, other)).length;
    assert(wrong < 100, `${wrong} of 1000 of ${count} words`);
  }
});

Deno.test("a filter is small for a small text, and there is none for one that has nearly everything", () => {
  assertEquals(filterOf("")!.length, 64);
  assertEquals(filterOf("A short note, as most are.")!.length, 64);
  assertEquals(filterOf(words(20_000)), null);
});

Deno.test("the places of trigrams are in databases and never change", () => {
  assertEquals(hashesOf("mallepost"), [
    696059598,
    1860468265,
    749581462,
    392320397,
    2062888901,
    1501507407,
    1023240018,
  ]);
});
