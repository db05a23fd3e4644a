/**
 * `deno run -A bench/load/compare.ts A B [rows…]`: two servers in one run, A B A B, so that what else the
 * machine does meets both. Each is `self`, the folder of another copy of the project, or a JSON file (target.ts).
 */
import { columns, type Figures, line, rate, type Report } from "./figures.ts";
import type { Load } from "./load.ts";
import { loadCommand, loadOf } from "./options.ts";
import { report, rowsNamed, runRow } from "./run.ts";
import { openTarget } from "./target.ts";

const program = loadCommand("compare", "Two servers under the same load, in turn")
  .argument("<a>", "`self`, a folder or a JSON file")
  .argument("<b>", "the same")
  .argument("[rows...]")
  .option("--rounds <n>", "of A and B", "2")
  .option("--json", "both servers' figures of every round as JSON");
program.parse(["deno", "compare", ...Deno.args]);
const options = program.opts();
const [a, b, ...names] = program.args;
const rows = rowsNamed(names);
const own = {
  accounts: Number(options.accounts),
  workers: options.workers === undefined ? undefined : Number(options.workers),
};
await using first = await openTarget(a!, own);
await using second = await openTarget(b!, own);
const loads: readonly Load[] = [first, second].map((target) => ({ ...loadOf(options), target }));
const rounds = Number(options.rounds);
/** By server, then by row, then by round. */
const all: Figures[][][] = loads.map(() => []);
for (const row of rows) {
  for (const byRow of all) byRow.push([]);
  for (let round = 0; round < rounds; round++) {
    for (const [i, load] of loads.entries()) {
      const figures = await runRow(load, row);
      all[i]!.at(-1)!.push(figures);
      console.error(`${"AB"[i]} ${line(figures)}`);
    }
  }
}
const [ours, theirs] = all as [Figures[][], Figures[][]];
if (options.json) {
  const reports: readonly Report[] = loads.map((load, i) => report(load, all[i]!.flat()));
  console.log(JSON.stringify(reports, null, 2));
} else {
  console.log(`A ${first.name}\nB ${second.name}\n`);
  console.log(ratios().join("\n"));
}
if (all.flat(2).some(({ errors }) => errors > 0)) Deno.exitCode = 1;

/** Of each row the better round of each, and their ratio; beyond 1 is A ahead. */
function ratios(): string[] {
  const head = [
    "row",
    "A ops/s",
    "of",
    "B ops/s",
    "A / B",
    "A CPU s/1000",
    "B CPU s/1000",
    "B / A",
    "errors",
  ];
  return columns([
    head,
    ...ours.map((figures, i) => {
      const [x, y] = [best(figures), best(theirs[i]!)];
      const errors = [...figures, ...theirs[i]!].reduce((sum, each) => sum + each.errors, 0);
      return [
        figures[0]!.row,
        x.rate.toFixed(0),
        figures[0]!.unit,
        y.rate.toFixed(0),
        times(x.rate, y.rate),
        x.cpu?.toFixed(4) ?? "-",
        y.cpu?.toFixed(4) ?? "-",
        times(y.cpu, x.cpu),
        String(errors),
      ];
    }),
  ]);
}

function best(figures: readonly Figures[]): { readonly rate: number; readonly cpu: number | undefined } {
  const cpus = figures.flatMap(({ cpu, cpuAfter }) => cpu === undefined ? [] : [cpu + (cpuAfter ?? 0)]);
  return { rate: Math.max(...figures.map(rate)), cpu: cpus.length === 0 ? undefined : Math.min(...cpus) };
}

function times(x: number | undefined, y: number | undefined): string {
  return x === undefined || y === undefined || y === 0 ? "-" : (x / y).toFixed(2);
}
