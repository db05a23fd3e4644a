/**
 * Which kind of bad clients slows the good ones down, and in what: `deno run -A bench/fairness/kind.ts [--seconds 4]
 * [--crowd 500] [--seed 5] [--only WORDS]`. Brings a crowd of one kind after the other, then of all of them, and prints the
 * good clients' p50 and p99, those of each of their steps, and the processor time of server and crowd.
 */
import { parseArgs } from "node:util";
import { cpuSeconds } from "../load/processes.ts";
import { bring } from "./crowd.ts";
import { percentile, serveGood } from "./good.ts";
import { KINDS } from "./kinds.ts";
import { pour } from "./overload.ts";
import { startFairServer } from "./server.ts";

const { values } = parseArgs({
  args: Deno.args,
  options: {
    seconds: { type: "string", default: "4" },
    crowd: { type: "string", default: "500" },
    seed: { type: "string", default: "5" },
    only: { type: "string", default: "" },
  },
});
const seconds = Number(values.seconds), count = Number(values.crowd);

await using server = await startFairServer();
const { subject } = server;
await pour(subject, 16, 1);
await pour({ ...subject, users: [subject.account] }, 4, 1);
await serveGood(subject, 2);
await measured("nobody");
for (
  const [name, kinds] of [
    ...Object.keys(KINDS).map((kind) => [kind, [kind]] as const),
    ["all", Object.keys(KINDS)] as const,
  ]
) {
  if (!name.includes(values.only)) continue;
  await using crowd = await bring({
    ...{ ports: subject.ports, account: subject.account, password: subject.password },
    ...{ count, seed: Number(values.seed), addresses: Math.ceil(count / 5), kinds },
  });
  await new Promise((wake) => setTimeout(wake, 2_000));
  await measured(name, crowd.pid);
}

async function measured(name: string, crowd?: number): Promise<void> {
  const cpu = () =>
    [server.server.pid, ...(crowd === undefined ? [] : [crowd])].map((pid) => cpuSeconds([pid]));
  const before = cpu();
  const { ms, steps, failed } = await serveGood(subject, seconds);
  const [ours, theirs = 0] = cpu().map((now, i) => (now - before[i]!) / seconds);
  const figure = (all: readonly number[]) =>
    `${percentile(all, 0.5).toFixed(0)}/${percentile(all, 0.99).toFixed(0)}`;
  console.log(
    `${name.padEnd(36)} p50/p99 ${figure(ms).padStart(9)} ms  failed ${failed}  cores: server ${
      ours!.toFixed(2)
    }, crowd ${theirs.toFixed(2)}`,
  );
  console.log(`    ${Array.from(steps, ([step, all]) => `${step} ${figure(all)}`).join("  ")}`);
}
