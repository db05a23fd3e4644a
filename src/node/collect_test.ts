import { assertEquals } from "@std/assert";
import { collectAtTimes } from "./collect.ts";

const here = globalThis as { gc?: (() => void) | undefined };

Deno.test("garbage is collected again and again until it was enough", async () => {
  const before = here.gc;
  let times = 0;
  const thrice = new Promise<void>((done) => here.gc = () => ++times === 3 && done());
  const collecting = collectAtTimes(1);
  await thrice;
  collecting[Symbol.dispose]();
  const then = times;
  await new Promise((wake) => setTimeout(wake, 20));
  assertEquals(times, then);
  here.gc = before;
});

Deno.test("where V8 does not let garbage be collected, nothing is left to run", () => {
  const before = here.gc;
  delete here.gc;
  // A timer that nobody ends would fail the test.
  collectAtTimes(1);
  here.gc = before;
});
