/**
 * The table and the plot of `bench/README.md` from results: `deno run -A bench/load/table.ts [RESULT.json…]`.
 *
 * Each file is what `deno task load --json` or `compare.ts --json` wrote; without any, all of `bench/results`
 * in the order of their names. Of several figures for a row, the last file's best counts. Writes between the markers of
 * README.md, and `bench/results/plot.svg`.
 */
import { ROWS } from "./rows/mod.ts";
import { type Figures, rate, type Report } from "./figures.ts";
import { plot } from "./plot.ts";
import { REQUIRED, type Required } from "./required.ts";

const BEGIN = "<!-- table: written by bench/load/table.ts -->", END = "<!-- end of table -->";
const here = (path: string) => new URL(`../${path}`, import.meta.url);

const files = Deno.args.length > 0 ? Deno.args : await resultFiles();
const ours = new Map<string, Figures>();
let taken = "";
for (const file of files) {
  const read: Report | readonly Report[] = JSON.parse(await Deno.readTextFile(file));
  for (const report of "rows" in read ? [read] : read) {
    if (report.server !== "malleposte") continue;
    taken = `${report.date.slice(0, 10)}, ${report.cores} cores`;
    const best = new Map<string, Figures>();
    for (const figures of report.rows) {
      const before = best.get(figures.row);
      if (figures.skipped === undefined && (before === undefined || rate(figures) > rate(before))) {
        best.set(figures.row, figures);
      }
    }
    for (const [row, figures] of best) ours.set(row, figures);
  }
}

const readme = here("README.md");
const text = await Deno.readTextFile(readme);
const [before, rest] = text.split(BEGIN), after = rest?.split(END)[1];
if (before === undefined || after === undefined) {
  throw new Error("Cannot find the markers in bench/README.md");
}
await Deno.writeTextFile(readme, `${before}${BEGIN}\n${table()}\n${END}${after}`);
await Deno.writeTextFile(here("results/plot.svg"), plot(ROWS, ours));

async function resultFiles(): Promise<string[]> {
  const names: string[] = [];
  for await (const { name } of Deno.readDir(here("results"))) if (name.endsWith(".json")) names.push(name);
  return names.sort().map((name) => here(`results/${name}`).pathname);
}

function table(): string {
  const head = [
    `| operation | Postfix + Dovecot (Maildir / sdbox) | Cyrus | Courier | must reach | Malleposte${
      taken && ` (${taken})`
    } |`,
    "|---|---|---|---|---|---|",
  ];
  return [
    ...head,
    ...ROWS.map(({ name, title, unit }) => {
      const { peers, ...wanted } = REQUIRED[name]!;
      const got = ours.get(name);
      return `| ${title}, ${unit} | ${peers.join(" | ")} | ${inWords(wanted)} | ${
        got === undefined ? "" : reached(got, wanted)
      } |`;
    }),
  ].join("\n");
}

function inWords({ rate, megabytes, cpu, memoryEach, p99 }: Omit<Required, "peers">): string {
  return [
    rate && `≥ ${thousands(rate)}/s`,
    megabytes && `≥ ${megabytes} MB/s`,
    cpu && `≤ ${cpu} CPU`,
    memoryEach && `≤ ${memoryEach} KiB each`,
    p99 && `p99 ≤ ${p99} ms`,
  ].filter((part) => part !== undefined).join(" · ");
}

/** The same things as the aim, in bold where it is reached. */
function reached(figures: Figures, wanted: Omit<Required, "peers">): string {
  const parts: string[] = [];
  const say = (text: string, good: boolean | undefined) => parts.push(good ? `**${text}**` : text);
  const megabytes = figures.octets / Math.max(figures.seconds, 1e-9) / 1e6;
  if (wanted.rate !== undefined) {
    say(`${thousands(Math.round(rate(figures)))}/s`, rate(figures) >= wanted.rate);
  }
  if (wanted.megabytes !== undefined) say(`${megabytes.toFixed(0)} MB/s`, megabytes >= wanted.megabytes);
  if (figures.memoryEach !== undefined) {
    say(`${figures.memoryEach.toFixed(0)} KiB each`, figures.memoryEach <= (wanted.memoryEach ?? 0));
  }
  if (wanted.p99 !== undefined) say(`p99 ${figures.p99.toFixed(1)} ms`, figures.p99 <= wanted.p99);
  if (figures.cpu !== undefined && figures.memoryEach === undefined) {
    say(`${figures.cpu.toPrecision(2)} CPU`, wanted.cpu !== undefined && figures.cpu <= wanted.cpu);
  }
  if (figures.errors > 0) parts.push(`${figures.errors} errors`);
  return parts.join(" · ");
}

function thousands(n: number): string {
  return n.toLocaleString("en-US");
}
