import { assert, assertEquals } from "@std/assert";
import { LocalAddressBook } from "./book.ts";
import { netLimits } from "./limits.ts";

/** How an entry ended: the refusal, or "in". */
function outcome(entry: ReturnType<LocalAddressBook["enter"]>): string {
  return "refused" in entry ? entry.refused : "in";
}

Deno.test("connections of one address: the limit, and a place that becomes free", () => {
  const book = new LocalAddressBook(() => 0);
  const limits = netLimits({ connectionsPerAddress: 2 });
  const first = book.enter("192.0.2.1", limits);
  assertEquals(outcome(book.enter("192.0.2.1", limits)), "in");
  assertEquals(outcome(book.enter("192.0.2.1", limits)), "connections-per-address");
  assertEquals(outcome(book.enter("192.0.2.2", limits)), "in");
  assert(!("refused" in first));
  first[Symbol.dispose]();
  first[Symbol.dispose](); // twice is safe
  assertEquals(outcome(book.enter("192.0.2.1", limits)), "in");
  assertEquals(outcome(book.enter("192.0.2.1", limits)), "connections-per-address");
});

Deno.test("connections of a network: four times what one address may have", () => {
  for (const at of [(i: number) => `192.0.2.${i}`, (i: number) => `2001:db8::${i.toString(16)}`]) {
    const book = new LocalAddressBook(() => 0);
    const limits = netLimits({ connectionsPerAddress: 5 });
    const entries = Array.from({ length: 21 }, (_, i) => book.enter(at(i), limits));
    assertEquals(entries.map(outcome), [...new Array(20).fill("in"), "connections-per-group"]);
    for (const entry of entries) if (!("refused" in entry)) entry[Symbol.dispose]();
    assertEquals(book.size, 0);
  }
});

Deno.test("new connections in a minute: a sliding window", () => {
  let now = 0;
  const book = new LocalAddressBook(() => now);
  const limits = netLimits({ newPerMinute: 10 });
  const come = () => {
    const entry = book.enter("192.0.2.1", limits);
    if ("refused" in entry) return false;
    entry[Symbol.dispose]();
    return true;
  };
  const burst = () => {
    let n = 0;
    while (come()) n++;
    return n;
  };
  assertEquals(burst(), 10);
  now = 59_999;
  assertEquals(burst(), 0);
  now = 90_000; // half of the minute before still counts
  assertEquals(burst(), 5);
  now = 300_000;
  assertEquals(burst(), 10);
});

Deno.test("a flood from ever new addresses leaves nothing behind, and little in between", () => {
  const book = new LocalAddressBook(() => 0);
  const limits = netLimits({ bookEntries: 100 });
  for (let i = 0; i < 10_000; i++) {
    const entry = book.enter(`10.${i >> 8 & 255}.${i & 255}.1`, limits);
    if (!("refused" in entry)) entry[Symbol.dispose]();
  }
  assertEquals(book.size, 0);
});
