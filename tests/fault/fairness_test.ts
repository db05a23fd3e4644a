/** Good clients beside bad ones: a short run of `bench/fairness`, with bounds that a busy machine keeps too. */
import { assertEquals } from "@std/assert";
import { run } from "../../bench/fairness/run.ts";
import { startFairServer } from "../../bench/fairness/server.ts";
import { events } from "../node/support.ts";

Deno.test("fairness: bad clients of every kind, many from one address, three times too many: others are served", async () => {
  await using fair = await startFairServer();
  const rows = await run(fair.subject, { seconds: 3, crowd: 84, seed: 5, slack: 20 });
  for (const { what, value, bound } of rows) console.log(`${what}: ${value}${bound && `, ${bound}`}`);
  assertEquals(rows.filter(({ holds }) => !holds), []);
  assertEquals(
    events(fair.server).filter(({ event }) => event === "bug" || event === "node.worker.died"),
    [],
  );
});
