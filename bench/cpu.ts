/**
 * CPU that one operation of the store costs, PostgreSQL's and our own apart: `deno run -A bench/cpu.ts [words]`.
 *
 * Wall time on a busy machine tells little; the least CPU of several rounds tells which change is one. Words choose
 * operations whose names contain one. Runs on a throw-away PostgreSQL without fsync, whose cost is the disk's.
 */
import { openLab } from "./lab.ts";
import { operations } from "./operations.ts";

const ACCOUNTS = 20, ROUNDS = 6;

const lab = await openLab(ACCOUNTS);
const row = (name: string, postgres: string, own: string) =>
  console.log(`${name.padEnd(44)} ${postgres.padStart(8)} ${own.padStart(8)}`);
row(`µs of CPU, the least of ${ROUNDS} rounds`, "postgres", "deno");
for (const { name, each, prepare, run } of await operations(lab)) {
  if (Deno.args.length > 0 && !Deno.args.some((word) => name.includes(word))) continue;
  let postgres = Infinity, own = Infinity;
  for (let round = 0; round < ROUNDS; round++) {
    await prepare?.();
    const cost = await lab.cost(each, run);
    postgres = Math.min(postgres, cost.postgres);
    own = Math.min(own, cost.own);
  }
  row(name, postgres.toFixed(1), own.toFixed(1));
}
await lab[Symbol.asyncDispose]();
Deno.exit(0);
