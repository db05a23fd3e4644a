/** What was acknowledged is there after kill -9 of anything: a short run of `crash.ts`. */
import { assert, assertEquals } from "@std/assert";
import { crashRun } from "./crash/run.ts";
import { VICTIMS } from "./crash/victims.ts";

Deno.test("kill -9 of anything: nothing lost, corrupt or twice, no UID used again, no flag forgotten", async () => {
  const report = await crashRun({ kills: VICTIMS.length, each: 25, users: 4, seed: 7 });
  assertEquals(report.wrong, []);
  assert(report.acknowledged > 40, `only ${report.acknowledged} operations were acknowledged`);
});
