import { assertEquals, assertRejects } from "@std/assert";
import type { AccountId } from "../core/brands.ts";
import { Shares } from "./shares.ts";

const ONE = 1 as AccountId, OTHER = 2 as AccountId;

/** Work that ends when it is told to. */
class Work {
  readonly begun: string[] = [];
  readonly #ends = new Map<string, PromiseWithResolvers<string>>();

  start(name: string): Promise<string> {
    this.begun.push(name);
    const end = Promise.withResolvers<string>();
    this.#ends.set(name, end);
    return end.promise;
  }

  async end(name: string, error?: Error): Promise<void> {
    if (error === undefined) this.#ends.get(name)!.resolve(name);
    else this.#ends.get(name)!.reject(error);
    await new Promise((wake) => setTimeout(wake));
  }
}

Deno.test("an account's work beyond its share waits in order, another's does not", async () => {
  const shares = new Shares(2), work = new Work();
  const all = ["a", "b", "c", "d"].map((name) => shares.run(ONE, () => work.start(name)));
  const other = shares.run(OTHER, () => work.start("x"));
  assertEquals(work.begun, ["a", "b", "x"]);
  await work.end("b");
  assertEquals(work.begun, ["a", "b", "x", "c"]);
  for (const name of ["a", "c", "d", "x"]) await work.end(name);
  assertEquals([...await Promise.all(all), await other], ["a", "b", "c", "d", "x"]);
});

Deno.test("work that fails hands its place on", async () => {
  const shares = new Shares(1), work = new Work();
  const failing = assertRejects(() => shares.run(ONE, () => work.start("a")), Error, "lost");
  const next = shares.run(ONE, () => work.start("b"));
  await work.end("a", new Error("lost"));
  await failing;
  assertEquals(work.begun, ["a", "b"]);
  await work.end("b");
  assertEquals(await next, "b");
  const again = shares.run(ONE, () => work.start("c"));
  assertEquals(work.begun, ["a", "b", "c"]);
  await work.end("c");
  await again;
});

Deno.test("a rest follows where others of the account wait, and nowhere else", async () => {
  let now = 0;
  const shares = new Shares(1, { times: 4, waiting: 1 }, () => now), work = new Work();
  const [first, second] = ["a", "b"].map((name) => shares.run(ONE, () => work.start(name)));
  now += 250;
  await work.end("a");
  assertEquals([await first, work.begun], ["a", ["a"]]);
  const other = shares.run(OTHER, () => work.start("x"));
  assertEquals(work.begun, ["a", "x"]);
  while (work.begun.length < 3) await new Promise((wake) => setTimeout(wake, 20));
  now += 250;
  await work.end("b");
  const alone = shares.run(ONE, () => work.start("c"));
  assertEquals(work.begun, ["a", "x", "b", "c"]);
  for (const name of ["x", "c"]) await work.end(name);
  assertEquals(await Promise.all([second, other, alone]), ["b", "x", "c"]);
});

Deno.test("where fewer wait than it takes, nothing rests", async () => {
  let now = 0;
  const shares = new Shares(1, { times: 4, waiting: 2 }, () => now), work = new Work();
  const all = ["a", "b", "c"].map((name) => shares.run(ONE, () => work.start(name)));
  now += 250;
  await work.end("a");
  assertEquals(work.begun, ["a"]);
  while (work.begun.length < 2) await new Promise((wake) => setTimeout(wake, 20));
  now += 250;
  await work.end("b");
  assertEquals(work.begun, ["a", "b", "c"]);
  await work.end("c");
  assertEquals(await Promise.all(all), ["a", "b", "c"]);
});
