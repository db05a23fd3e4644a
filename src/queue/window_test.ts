import { assert, assertEquals } from "@std/assert";
import { QUEUE_LIMITS } from "./limits.ts";
import { retryAfter } from "./schedule.ts";
import { Window } from "./window.ts";

Deno.test("a destination's window: two at first, one more a round of successes, half after a failure", () => {
  const window = new Window(QUEUE_LIMITS);
  assertEquals([window.size, window.proven], [2, false]);
  window.succeeded();
  assertEquals(window.proven, true);
  for (let i = 0; i < 400; i++) window.succeeded();
  assertEquals(window.size, 20);
  window.failed();
  assertEquals([window.size, window.failures, window.proven], [10, 1, false]);
  for (let i = 0; i < 10; i++) window.failed();
  assertEquals([window.size, window.failures], [1, 11]);
  window.succeeded();
  assertEquals(window.failures, 0);
});

Deno.test("tries are five minutes apart at first, four hours at last, give or take a fifth", () => {
  const minutes = (attempts: number, random: number) => retryAfter(attempts, QUEUE_LIMITS, random) / 60_000;
  assertEquals([1, 2, 3, 4, 5, 6, 7, 100].map((n) => minutes(n, 0.5)), [5, 10, 20, 40, 80, 160, 240, 240]);
  assertEquals([minutes(1, 0), minutes(1, 1)], [4, 6]);
  assert(minutes(100, 1) <= 288);
});
