/**
 * Crash durability by hand: `deno run -A tests/fault/crash.ts --kills 100 --messages 100000 --seed 1`. Numbered
 * messages by SMTP, LMTP and APPEND with STORE, COPY, MOVE, EXPUNGE and POP3's QUIT between them; kill -9 of the
 * server, a worker, a PostgreSQL backend, the postmaster, or all; everything is read back after each kill.
 */
import { parseArgs } from "node:util";
import { crashRun } from "./crash/run.ts";
import { type Victim, VICTIMS } from "./crash/victims.ts";

const { values } = parseArgs({
  args: Deno.args,
  options: {
    kills: { type: "string", default: "20" },
    /** Acknowledged operations of the whole run, about. */
    messages: { type: "string", default: "10000" },
    users: { type: "string", default: "8" },
    seed: { type: "string", default: "1" },
    victims: { type: "string", default: VICTIMS.join(",") },
  },
});

const kills = Number(values.kills);
const report = await crashRun({
  kills,
  each: Math.ceil(Number(values.messages) / kills),
  users: Number(values.users),
  seed: Number(values.seed),
  victims: values.victims.split(",") as Victim[],
  tell: (line) => console.log(line),
});
console.log(`${report.acknowledged} acknowledged, ${report.wrong.length} wrong`);
for (const line of report.wrong.slice(0, 50)) console.log(`  ${line}`);
console.log("milliseconds until mail is taken again (middle, longest):");
for (const [victim, times] of Object.entries(report.recovery)) {
  const sorted = times.toSorted((a, b) => a - b);
  console.log(`  ${victim}: ${sorted[sorted.length >> 1]}, ${sorted.at(-1)} (${times.length} kills)`);
}
Deno.exit(report.wrong.length === 0 ? 0 : 1);
