import { assertEquals, assertGreaterOrEqual, assertLessOrEqual } from "@std/assert";
import { fuzz, numberOption } from "./mime_fuzz.ts";

/** By itself 60 s; `deno task test tests/fuzz -- --seconds 600` for longer, `--seed` for other messages. */
const seconds = numberOption(Deno.args, "seconds") ?? 60;
const seed = numberOption(Deno.args, "seed") ?? 20260203;

/** Octets that resident memory may grow by in the second half: the runtime takes some tens of MiB in one step, and keeps them. */
const MEMORY = 128 * 1024 * 1024;

Deno.test(`mutated and made-up messages for ${seconds} s, seed ${seed}`, () => {
  const report = fuzz({ seconds, seed });
  console.log(
    `${report.messages} messages, ${report.octets} octets, slowest ${report.worst.ms.toFixed(1)} ms`,
  );
  assertEquals(report.failures, []);
  assertGreaterOrEqual(report.messages, 100);
  assertLessOrEqual(report.worst.ms, 1000, `message ${report.worst.index} is slow`);
  const half = report.rss[report.rss.length >> 1]?.octets ?? 0, end = report.rss.at(-1)?.octets ?? 0;
  assertLessOrEqual(end - half, MEMORY, "memory grows with the number of messages");
});
