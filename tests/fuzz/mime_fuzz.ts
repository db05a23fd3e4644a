/**
 * Feeds mutated and made-up messages to the whole of `src/mime`:
 *
 *     deno run -A tests/fuzz/mime_fuzz.ts [--seconds 60] [--count N] [--seed N] [--only INDEX]
 *
 * The same seed gives the same messages. A message that fails is printed with what makes it again (`--only`)
 * and written to a file.
 */
import { octetsOf } from "../../src/bytes/ascii.ts";
import { findCorpus, readAnswers, readMessage } from "../corpus/corpus.ts";
import { SAMPLES } from "../corpus/samples.ts";
import { checkMessage } from "./check.ts";
import { grammarMessage } from "./grammar.ts";
import { mutate } from "./mutate.ts";
import { Random } from "./random.ts";

/** What a run found. */
export interface FuzzReport {
  readonly messages: number;
  readonly mutated: number;
  readonly made: number;
  readonly octets: number;
  /** Milliseconds of the slowest message, with its index. */
  readonly worst: { readonly ms: number; readonly index: number };
  readonly failures: readonly { readonly index: number; readonly error: string }[];
  /** Resident memory, sampled as the run went on. */
  readonly rss: readonly { readonly messages: number; readonly octets: number }[];
}

/** How long, and with what. Ends with whichever comes first. */
export interface FuzzOptions {
  readonly seconds: number;
  readonly count?: number;
  readonly seed: number;
  /** This message alone. */
  readonly only?: number;
}

/** Failures that are enough. */
const FAILURES = 20;
/** Larger messages of the corpus are left to its own test. */
const SEED_OCTETS = 64 * 1024;

/** Runs. */
export function fuzz(options: FuzzOptions): FuzzReport {
  const seeds = readSeeds();
  const { seed } = options;
  const until = performance.now() + options.seconds * 1000;
  const failures: { index: number; error: string }[] = [];
  const rss: { messages: number; octets: number }[] = [];
  const worst = { ms: 0, index: -1 };
  let octets = 0, mutated = 0, index = options.only ?? 0;
  const first = index;
  const last = options.only === undefined ? options.count ?? Infinity : options.only + 1;
  let sampled = performance.now();
  for (; index < last && failures.length < FAILURES; index++) {
    const start = performance.now();
    if (start > until) break;
    const random = new Random(seed, index);
    const made = random.oneIn(3);
    const message = made
      ? octetsOf(grammarMessage(random))
      : mutate(random, random.pick(seeds), random.pick(seeds));
    if (!made) mutated++;
    octets += message.length;
    const begun = performance.now();
    try {
      checkMessage(message, random);
    } catch (thrown) {
      failures.push({
        index,
        error: thrown instanceof Error ? thrown.stack ?? thrown.message : String(thrown),
      });
      Deno.writeFileSync(`${Deno.env.get("TMPDIR") ?? "/tmp"}/mime-fuzz-${seed}-${index}.eml`, message);
    }
    const ms = performance.now() - begun;
    if (ms > worst.ms) Object.assign(worst, { ms, index });
    if (performance.now() - sampled > 1000) {
      sampled = performance.now();
      rss.push({ messages: index, octets: Deno.memoryUsage().rss });
    }
  }
  const messages = index - first;
  return { messages, mutated, made: messages - mutated, octets, worst, failures, rss };
}

function readSeeds(): readonly Uint8Array[] {
  const corpus = findCorpus();
  const names = corpus === undefined ? [] : Object.keys(readAnswers(corpus, "dovecot24"));
  return [...SAMPLES, ...names.map((name) => readMessage(corpus!, name))].filter(({ length }) =>
    length <= SEED_OCTETS
  );
}

/** Octets of resident memory that a million messages add, by least squares over the second half of a run. */
export function rssSlope(rss: FuzzReport["rss"]): number {
  const half = rss.slice(Math.floor(rss.length / 2));
  if (half.length < 2) return 0;
  const x = half.reduce((sum, one) => sum + one.messages, 0) / half.length;
  const y = half.reduce((sum, one) => sum + one.octets, 0) / half.length;
  let products = 0, squares = 0;
  for (const one of half) {
    products += (one.messages - x) * (one.octets - y);
    squares += (one.messages - x) ** 2;
  }
  return products / squares * 1_000_000;
}

/** The number behind `--name` among arguments. */
export function numberOption(args: readonly string[], name: string): number | undefined {
  const at = args.indexOf(`--${name}`);
  return at < 0 ? undefined : Number(args[at + 1]);
}

if (import.meta.main) {
  const [seconds, count, seed, only] = ["seconds", "count", "seed", "only"].map((name) =>
    numberOption(Deno.args, name)
  );
  const start = performance.now();
  const report = fuzz({
    seconds: seconds ?? (count === undefined ? 60 : Infinity),
    seed: seed ?? 1,
    ...(count === undefined ? {} : { count }),
    ...(only === undefined ? {} : { only }),
  });
  const took = (performance.now() - start) / 1000;
  const mib = (octets: number) => (octets / 1048576).toFixed(1);
  for (const { index, error } of report.failures) console.log(`--only ${index}: ${error}`);
  const half = report.rss.slice(Math.floor(report.rss.length / 2));
  console.log(
    `${report.messages} messages (${report.mutated} mutated, ${report.made} made), ${
      mib(report.octets)
    } MiB, ` +
      `${took.toFixed(0)} s, ${report.failures.length} failures`,
  );
  console.log(`slowest ${report.worst.ms.toFixed(1)} ms (--only ${report.worst.index})`);
  if (half.length > 1) {
    console.log(
      `resident ${mib(half[0]!.octets)} MiB at half time, ${mib(half.at(-1)!.octets)} MiB at the end, ` +
        `${mib(rssSlope(report.rss))} MiB per million messages`,
    );
  }
  Deno.exit(report.failures.length === 0 ? 0 : 1);
}
