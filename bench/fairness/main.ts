/**
 * Fairness: `deno run -A bench/fairness/main.ts [--seconds 8] [--crowd 500] [--seed 5]`. Starts a server with its limits as
 * they are by default, but for the good clients' connections; prints a table, and exits 1 when a bound is broken.
 */
import { parseArgs } from "node:util";
import { run } from "./run.ts";
import { startFairServer } from "./server.ts";

const { values } = parseArgs({
  args: Deno.args,
  options: {
    seconds: { type: "string", default: "8" },
    crowd: { type: "string", default: "500" },
    seed: { type: "string", default: "5" },
  },
});

await using server = await startFairServer();
const rows = await run(server.subject, {
  seconds: Number(values.seconds),
  crowd: Number(values.crowd),
  seed: Number(values.seed),
}, (part) => {
  for (const { what, value, bound, holds } of part) {
    console.log(`${what.padEnd(42)} ${value.padStart(26)}  ${bound.padEnd(20)} ${holds ? "" : "BROKEN"}`);
  }
});
Deno.exitCode = rows.every(({ holds }) => holds) ? 0 : 1;
