/**
 * `deno task load`: load on a running server, or on one that it starts itself.
 *
 * `--target HOST` with `--smtp PORT --lmtp PORT --imap PORT --pop3 PORT --users user%d@domain --password P`
 * takes a running one, whoever made it; `--target FILE.json` one that is described there (see target.ts).
 */
import { type Figures, line, table } from "./figures.ts";
import type { Load } from "./load.ts";
import { loadCommand, loadOf } from "./options.ts";
import { report, rowsNamed, runRow } from "./run.ts";
import { openTarget, type Target } from "./target.ts";

const program = loadCommand(
  "load",
  "Load test: SMTP, LMTP, IMAP and POP3 against a running server, or one that this starts itself",
)
  .argument("[rows...]")
  .option("--target <host>", "a running server, a JSON file or a folder; without it this starts one")
  .option("--smtp <port>", "of the target; 0: it has none", "2525")
  .option("--lmtp <port>", "of the target; 0: it has none", "2424")
  .option("--imap <port>", "of the target", "2143")
  .option("--imaps <port>", "of the target; 0: it has none", "2993")
  .option("--pop3 <port>", "of the target; 0: it has none", "2110")
  .option("--users <pattern>", "of the target's accounts; %d is 1, 2, …", "user%d@load.test")
  .option("--password <password>", "of all of them", "correct-horse-battery")
  .option("--pid <pids>", "of the target's processes, with commas, for their CPU and memory")
  .option("--set <settings...>", "settings of the server that this starts")
  .option("--json", "figures as JSON");
program.parse(["deno", "load", ...Deno.args]);
const options = program.opts();

const rows = rowsNamed(program.args);
await using target = await findTarget();
const load: Load = { ...loadOf(options), target };
const all: Figures[] = [];
for (const row of rows) {
  all.push(await runRow(load, row));
  // A run that is cut short has said what it knows.
  console.error(line(all.at(-1)!));
}
console.log(options.json ? JSON.stringify(report(load, all), null, 2) : table(all));
if (all.some(({ errors }) => errors > 0)) Deno.exitCode = 1;

async function findTarget(): Promise<Target> {
  const spec: string = options.target ?? "self";
  if (spec === "self" || spec.includes("/") || spec.endsWith(".json")) {
    return await openTarget(spec, {
      accounts: Number(options.accounts),
      workers: options.workers === undefined ? undefined : Number(options.workers),
      settings: options.set ?? [],
    });
  }
  const port = (name: string) => Number(options[name]) || undefined;
  return {
    name: spec,
    host: spec,
    ports: {
      smtp: port("smtp"),
      lmtp: port("lmtp"),
      imap: Number(options.imap),
      imaps: port("imaps"),
      pop3: port("pop3"),
    },
    users: options.users,
    password: options.password,
    pids: options.pid === undefined ? [] : String(options.pid).split(",").map(Number),
    async [Symbol.asyncDispose]() {},
  };
}
