/**
 * Fails when an operation of the store costs more than it used to: `deno task guard`, `--write` for a new baseline.
 *
 * Round trips are counted, and must not be more than the baseline's. CPU is compared as a ratio to a calibration that
 * runs right before and right after it, PostgreSQL's to one in PostgreSQL, ours to one of ours, so that another
 * machine does not matter much. An operation that lost more than a quarter is measured again, with more rounds; it
 * fails when it has lost as much again, unless others wanted the processors meanwhile: then that is said instead.
 * The baseline is the dearest of several such measurements, so that the same code does not fail beside itself.
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
/** Measurements whose dearest is the baseline. */
const BASELINES = 4;
/** A loss that fails. */
const LOSS = 1.25;
/** Where half of the rounds met a greater crowd, no loss of CPU can be told from the machine's. */
const CROWD = 1.2;
const FILE = new URL("baseline.json", import.meta.url);

const program = new Command("guard").option("--write", "a new baseline").option("--json");
program.parse(["deno", "guard", ...Deno.args]);
const { write, json } = program.opts();

await using lab = await openLab(ACCOUNTS);
const known: Readonly<Record<string, Line>> = write ? {} : JSON.parse(await Deno.readTextFile(FILE));
const found: Record<string, Line> = {};
const lost: string[] = [], unsure: string[] = [];
await calibration.warmUp(lab);
for (const operation of await operations(lab)) {
  const { name } = operation;
  const { line } = write ? await dearest(operation) : await measure(operation, ROUNDS);
  found[name] = line;
  const baseline = known[name];
  if (write || baseline === undefined) continue;
  if (line.trips > baseline.trips) {
    lost.push(`${name}: ${line.trips} round trips instead of ${baseline.trips}`);
  }
  if (losses(line, baseline).length === 0) continue;
  const again = await measure(operation, MORE_ROUNDS);
  found[name] = again.line;
  for (const loss of losses(again.line, baseline)) {
    if (again.crowd > CROWD) unsure.push(`${name}: ${loss}, but others used the processors meanwhile`);
    else lost.push(`${name}: ${loss}`);
  }
}
if (write) await Deno.writeTextFile(FILE, `${JSON.stringify(found, null, 2)}\n`);
if (json) console.log(JSON.stringify({ found, lost, unsure }, null, 2));
else {
  for (const [name, line] of Object.entries(found)) console.log(inWords(name, line, known[name]));
  for (const text of unsure) console.log(`BUSY  ${text}`);
  for (const text of lost) console.log(`LOST  ${text}`);
}
await lab[Symbol.asyncDispose]();
Deno.exit(lost.length > 0 ? 1 : 0);

/** The least ratio of several rounds: whatever disturbs only adds. */
async function measure(
  operation: Operation,
  rounds: number,
): Promise<{ readonly line: Line; readonly crowd: number }> {
  let best: Ratio = { postgres: Infinity, own: Infinity };
  let trips = 0;
  const crowds: number[] = [];
  for (let round = 0; round < rounds; round++) {
    await operation.prepare?.();
    const before = lab.trips();
    const ratio = await ratioOf(lab, operation);
    trips = lab.trips() - before;
    best = { postgres: Math.min(best.postgres, ratio.postgres), own: Math.min(best.own, ratio.own) };
    crowds.push(ratio.crowd);
  }
  crowds.sort((a, b) => a - b);
  return { line: { ...best, trips }, crowd: crowds[crowds.length >> 1]! };
}

async function dearest(operation: Operation): Promise<{ readonly line: Line }> {
  const lines: Line[] = [];
  for (let i = 0; i < BASELINES; i++) lines.push((await measure(operation, ROUNDS)).line);
  const most = (of: (line: Line) => number) => Math.max(...lines.map(of));
  return {
    line: {
      postgres: most(({ postgres }) => postgres),
      own: most(({ own }) => own),
      trips: most(({ trips }) => trips),
    },
  };
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
