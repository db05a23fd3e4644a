import { assertEquals } from "@std/assert";
import { Turns } from "./turns.ts";

const nextTurn = () => new Promise<void>((resolve) => setImmediate(resolve));

Deno.test("a turn does a few, the rest wait in their order", async () => {
  const turns = new Turns(2);
  const done: number[] = [];
  for (let i = 0; i < 7; i++) if (turns.take(() => done.push(i))) done.push(i);
  const seen: number[][] = [];
  while (seen.length < 4) {
    seen.push(done.splice(0));
    await nextTurn();
  }
  assertEquals(seen, [[0, 1], [2, 3], [4, 5], [6]]);
  assertEquals(turns.waiting, 0);
});

Deno.test("who comes while others wait goes behind them; later turns begin anew", async () => {
  const turns = new Turns(1);
  const done: string[] = [];
  const take = (name: string) => {
    if (turns.take(() => done.push(name))) done.push(name);
  };
  take("a");
  take("b");
  take("c");
  await nextTurn();
  take("d");
  assertEquals(done, ["a", "b"]);
  for (let i = 0; i < 3; i++) await nextTurn();
  assertEquals(done, ["a", "b", "c", "d"]);
  await turns.turn();
  assertEquals(turns.waiting, 0);
});

Deno.test("thousands wait, and each gets its turn once", async () => {
  const turns = new Turns(100);
  const done = new Set<number>();
  for (let i = 0; i < 5000; i++) {
    if (turns.take(() => done.add(i))) done.add(i);
  }
  for (let i = 0; i < 50; i++) await nextTurn();
  assertEquals(done.size, 5000);
  assertEquals(turns.waiting, 0);
});
