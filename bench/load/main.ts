/**
 * `deno task load`: load on a running server, or on one that it starts itself.
 *
 * `--target HOST` with `--smtp PORT --lmtp PORT --imap PORT --pop3 PORT --users user%d@domain --password P`
 * takes a running one, whoever made it.
 */
import { Command } from "commander";
import { type Figures, Recorder, table } from "./figures.ts";
import { cpuSeconds, memoryMib } from "./processes.ts";
import { type Load, type Scenario, SCENARIOS } from "./scenarios.ts";
import { startTarget, type Target } from "./target.ts";

const program = new Command("load")
  .description(
    "Load test: SMTP, LMTP, IMAP and POP3 against a running server, or one that this starts itself",
  )
  .argument("[scenarios...]", `some of: ${SCENARIOS.map(({ name }) => name).join(", ")}; all when left out`)
  .option("--connections <n>", "kept connections", "10")
  .option("--messages <n>", "messages, or operations, of each scenario", "20000")
  .option("--size <octets>", "of one message", "1024")
  .option("--accounts <n>", "that the load is spread over", "10")
  .option("--workers <n>", "of the server that this starts")
  .option("--target <host>", "a running server; without it this starts one")
  .option("--smtp <port>", "of the target", "2525")
  .option("--lmtp <port>", "of the target", "2424")
  .option("--imap <port>", "of the target", "2143")
  .option("--pop3 <port>", "of the target", "2110")
  .option("--users <pattern>", "of the target's accounts; %d is 1, 2, …", "user%d@load.test")
  .option("--password <password>", "of all of them", "correct-horse-battery")
  .option("--pid <pid>", "of the target, for its CPU and memory")
  .option("--json", "figures as JSON");
program.parse(["deno", "load", ...Deno.args]);
const options = program.opts();

await using target = await findTarget();
const load: Load = {
  target,
  connections: Number(options.connections),
  messages: Number(options.messages),
  size: Number(options.size),
  accounts: Number(options.accounts),
};
const wanted = program.args.length === 0
  ? SCENARIOS
  : SCENARIOS.filter(({ name }) => program.args.includes(name));
if (wanted.length < program.args.length) program.error(`unknown scenario among: ${program.args.join(", ")}`);
const all: Figures[] = [];
for (const scenario of wanted) all.push(await measure(scenario));
console.log(options.json ? JSON.stringify(all, null, 2) : table(all));
if (all.some(({ errors }) => errors > 0)) Deno.exitCode = 1;

async function measure(scenario: Scenario): Promise<Figures> {
  const record = new Recorder();
  const cpuBefore = target.pid === undefined ? 0 : cpuSeconds(target.pid);
  const began = performance.now();
  await scenario.run(load, record);
  const seconds = (performance.now() - began) / 1000;
  return {
    scenario: scenario.name,
    unit: scenario.unit,
    operations: record.count,
    seconds,
    errors: record.errors,
    octets: record.octets,
    p50: record.quantile(0.5),
    p95: record.quantile(0.95),
    p99: record.quantile(0.99),
    cpu: target.pid === undefined ? undefined : (cpuSeconds(target.pid) - cpuBefore) / record.count * 1000,
    memory: target.pid === undefined ? undefined : memoryMib(target.pid),
    firstError: record.firstError,
  };
}

async function findTarget(): Promise<Target> {
  if (options.target === undefined) {
    return await startTarget(
      Number(options.accounts),
      options.workers === undefined ? undefined : Number(options.workers),
    );
  }
  return {
    host: options.target,
    ports: {
      smtp: Number(options.smtp),
      lmtp: Number(options.lmtp),
      imap: Number(options.imap),
      pop3: Number(options.pop3),
    },
    users: options.users,
    password: options.password,
    pid: options.pid === undefined ? undefined : Number(options.pid),
    async [Symbol.asyncDispose]() {},
  };
}
