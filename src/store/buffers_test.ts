import { assert, assertEquals } from "@std/assert";
import { keepBuffer, takeBuffer } from "./buffers.ts";

Deno.test("buffers are as large as needed, a chunk at most, and come back once", () => {
  const chunk = 300_000;
  const sizes = [0, 1, 8192, 8193, 32_769, 131_073, chunk].map((n) => takeBuffer(n, chunk).length);
  assertEquals(sizes, [8192, 8192, 8192, 32_768, 131_072, chunk, chunk]);
  assertEquals(takeBuffer(700, 1000).length, 1000);
  const buffer = takeBuffer(20_000, chunk);
  keepBuffer(buffer.subarray(0, 20_000), chunk);
  const again = takeBuffer(30_000, chunk);
  assert(again.buffer === buffer.buffer);
  assert(takeBuffer(30_000, chunk).buffer !== buffer.buffer);
});

Deno.test("what others made is not kept, nor more than a worker may keep", () => {
  const foreign = new Uint8Array(10_000);
  keepBuffer(foreign, 500_000);
  for (const needed of [10_000, 500_000]) assert(takeBuffer(needed, 500_000).buffer !== foreign.buffer);
  const many = Array.from({ length: 100 }, () => takeBuffer(500_000, 500_000));
  for (const one of many) keepBuffer(one, 500_000);
  const before = new Set(many.map((one) => one.buffer));
  const again = many.map(() => takeBuffer(500_000, 500_000));
  assertEquals(again.filter((one) => before.has(one.buffer)).length, 16);
});
