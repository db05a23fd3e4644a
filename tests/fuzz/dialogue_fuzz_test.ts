import { assertEquals, assertGreaterOrEqual } from "@std/assert";
import { fuzzDialogues } from "./dialogue_fuzz.ts";
import { numberOption } from "./mime_fuzz.ts";

/** By itself 60 s; `deno task test tests/fuzz -- --seconds 600` for longer, `--seed` for other dialogues. */
const seconds = numberOption(Deno.args, "seconds") ?? 60;
const seed = numberOption(Deno.args, "seed") ?? 20261128;

Deno.test(`mutated dialogues with a whole server for ${seconds} s: no bug, no hang, no reply that is none`, async () => {
  const report = await fuzzDialogues({ seconds, seed });
  console.log(`${report.dialogues} dialogues, slowest ${JSON.stringify(report.slowest)} ms`);
  assertEquals(report.failures, []);
  assertGreaterOrEqual(report.dialogues, 50);
});
