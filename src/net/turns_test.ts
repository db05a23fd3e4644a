import { assertEquals } from "@std/assert";
import { Turns } from "./turns.ts";

const nextTurn = () => new Promise<void>((resolve) => setImmediate(resolve));

Deno.test("a turn does so many octets, the rest wait in their order", async () => {
  const turns = new Turns(20, () => 0);
  const done: number[] = [];
  for (let i = 0; i < 7; i++) if (turns.take(10, () => done.push(i))) done.push(i);
  const seen: number[][] = [];
  while (seen.length < 4) {
    seen.push(done.splice(0));
    await nextTurn();
  }
  assertEquals(seen, [[0, 1], [2, 3], [4, 5], [6]]);
  assertEquals(turns.waiting, 0);
});

Deno.test("who comes while others wait goes behind them; what is larger than a turn has one for itself", async () => {
  const turns = new Turns(20, () => 0);
  const done: string[] = [];
  const take = (name: string, octets: number) => {
    if (turns.take(octets, () => done.push(name))) done.push(name);
  };
  take("a", 1000);
  take("b", 1000);
  take("c", 10);
  await nextTurn();
  take("d", 10);
  assertEquals(done, ["a", "b"]);
  await nextTurn();
  assertEquals(done, ["a", "b", "c", "d"]);
  assertEquals(turns.waiting, 0);
});

Deno.test("thousands wait, and each gets its turn once", async () => {
  const turns = new Turns(100, () => 0);
  const done = new Set<number>();
  for (let i = 0; i < 5000; i++) {
    if (turns.take(1, () => done.add(i))) done.add(i);
  }
  for (let i = 0; i < 50; i++) await nextTurn();
  assertEquals(done.size, 5000);
  assertEquals(turns.waiting, 0);
});

Deno.test("while turns are long each does one", async () => {
  let ms = 0;
  const turns = new Turns(4, () => ms);
  let done = 0;
  for (let i = 0; i < 20; i++) if (turns.take(1, () => done++)) done++;
  assertEquals(done, 4);
  for (const [took, more] of [[0, 4], [51, 1], [1000, 1], [1, 4], [50, 4], [51, 1]] as const) {
    const before = done;
    ms += took;
    await nextTurn();
    assertEquals(done - before, more, `after ${took} ms`);
  }
});
