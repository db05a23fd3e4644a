/**
 * Fails when an operation of the store costs more than it used to: `deno task guard`, `--write` for a new baseline.
 *
 * Round trips are counted, and must not be more than the baseline's. CPU is compared as a ratio to a calibration that
 * runs right before and right after it, PostgreSQL's to one in PostgreSQL, ours to one of ours, so that another
 * machine, or one that is busy, does not matter much. An operation that lost more than a quarter is measured
 * again, with more rounds; it fails when it has lost as much again.
 */
import { Command } from "commander";
import { openLab } from "./lab.ts";
import { calibration, type Ratio, ratioOf } from "./calibrate.ts";
import { type Operation, operations } from "./operations.ts";

/** What the baseline says of an operation. */
interface Line extends Ratio {
  /** Round trips to PostgreSQL of one run. */
  readonly trips: number;
}

const ACCOUNTS = 20, ROUNDS = 5, MORE_ROUNDS = 15;
/** A loss that fails. */
const LOSS = 1.25;
const FILE = new URL("baseline.json", import.meta.url);

const program = new Command("guard").option("--write", "a new baseline").option("--json");
program.parse(["deno", "guard", ...Deno.args]);
const { write, json } = program.opts();

await using lab = await openLab(ACCOUNTS);
const known: Readonly<Record<string, Line>> = write ? {} : JSON.parse(await Deno.readTextFile(FILE));
const found: Record<string, Line> = {};
const lost: string[] = [];
await calibration.warmUp(lab);
for (const operation of await operations(lab)) {
  const { name } = operation;
  const line = await measure(operation, write ? MORE_ROUNDS : ROUNDS);
  found[name] = line;
  const baseline = known[name];
  if (write || baseline === undefined) continue;
  if (line.trips > baseline.trips) {
    lost.push(`${name}: ${line.trips} round trips instead of ${baseline.trips}`);
  }
  if (losses(line, baseline).length === 0) continue;
  const again = found[name] = await measure(operation, MORE_ROUNDS);
  for (const loss of losses(again, baseline)) lost.push(`${name}: ${loss}`);
}
if (write) await Deno.writeTextFile(FILE, `${JSON.stringify(found, null, 2)}\n`);
if (json) console.log(JSON.stringify({ found, lost }, null, 2));
else {
  for (const [name, line] of Object.entries(found)) console.log(inWords(name, line, known[name]));
  for (const text of lost) console.log(`LOST  ${text}`);
}
await lab[Symbol.asyncDispose]();
Deno.exit(lost.length > 0 ? 1 : 0);

/** The least ratio of several rounds: whatever disturbs only adds. */
async function measure(operation: Operation, rounds: number): Promise<Line> {
  let best: Ratio = { postgres: Infinity, own: Infinity };
  let trips = 0;
  for (let round = 0; round < rounds; round++) {
    await operation.prepare?.();
    const before = lab.trips();
    const ratio = await ratioOf(lab, operation);
    trips = lab.trips() - before;
    best = { postgres: Math.min(best.postgres, ratio.postgres), own: Math.min(best.own, ratio.own) };
  }
  return { ...best, trips };
}

function losses(line: Line, baseline: Line): string[] {
  return (["postgres", "own"] as const).filter((part) => line[part] > baseline[part] * LOSS)
    .map((part) =>
      `${part === "own" ? "our" : "PostgreSQL's"} CPU is ${
        (line[part] / baseline[part]).toFixed(2)
      } times the baseline's`
    );
}

function inWords(name: string, line: Line, baseline: Line | undefined): string {
  const part = (key: "postgres" | "own") =>
    `${line[key].toFixed(3)}${baseline === undefined ? "" : ` (${(line[key] / baseline[key]).toFixed(2)}×)`}`;
  return `${name.padEnd(44)} postgres ${part("postgres").padEnd(16)} own ${
    part("own").padEnd(16)
  } ${line.trips} trips`;
}
