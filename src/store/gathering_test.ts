import { assertEquals } from "@std/assert";
import { Gathering } from "./gathering.ts";

/** Resolves when the wait is over. */
function gathering() {
  let wake: () => void = () => {};
  const g = new Gathering(() => wake());
  return { g, over: () => new Promise<void>((resolve) => wake = resolve) };
}

function commit(g: Gathering, taken: number, waiting: number): void {
  g.begin(taken);
  g.end(taken, waiting, 1);
}

Deno.test("a delivery with nobody else about never waits", () => {
  const { g } = gathering();
  for (let i = 0; i < 100; i++) {
    assertEquals(g.holds(1), false);
    commit(g, 1, 0);
  }
});

Deno.test("as many are waited for as were about the last commit, and not a moment longer", async () => {
  const { g, over } = gathering();
  commit(g, 1, 4);
  const ended = over();
  assertEquals([1, 2, 3, 4].map((n) => g.holds(n)), [true, true, true, true]);
  assertEquals(g.holds(5), false);
  commit(g, 5, 0);
  assertEquals(g.holds(1), true, "the same five are expected again");
  await ended;
  assertEquals(g.holds(1), false, "patience has an end");
  commit(g, 1, 0);
});

Deno.test("waits that were for nothing become rare", async () => {
  const { g, over } = gathering();
  let waits = 0;
  for (let i = 0; i < 300; i++) {
    commitBehind(g);
    const ended = over();
    if (!g.holds(1)) continue;
    waits++;
    await ended;
  }
  // After the first wait 4 go at once, then 8, 16, …
  assertEquals(waits, 7);

  /** One that another stands behind, who then turns out to have no company. */
  function commitBehind(g: Gathering): void {
    commit(g, 1, 1);
  }
});
