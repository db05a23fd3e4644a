/**
 * A mailbox of a million messages: `deno run -A bench/large.ts [--messages N] [--json] [--data FOLDER]`.
 *
 * Makes it with SQL in a PostgreSQL of its own, and runs IMAP commands on it in this process, from the command's
 * octets to its tagged OK. `--data` keeps the database for the next run. Needs some gigabytes on the disk and
 * takes minutes; what it prints says little on a machine that does other things.
 */
import process, { kill } from "node:process";
import { parseArgs } from "node:util";
import { silent } from "../src/core/events.ts";
import { realWorld } from "../src/core/world.ts";
import { dial } from "../src/net/mod.ts";
import { createStore } from "../src/store/mod.ts";
import { openDatabase } from "../src/store/pg/database.ts";
import { startEmbedded } from "../src/store/pg/embedded/cluster.ts";
import { SERVER_SETTINGS } from "../src/store/pg/embedded/settings.ts";
import { SERVING } from "../src/store/pg/embedded/owner.ts";
import { migrateToLatest } from "../src/store/pg/migrate.ts";
import { grantServing } from "../src/store/pg/roles.ts";
import { openDoor } from "../src/store/pg/wire/mod.ts";
import { fill } from "./large/fill.ts";
import { LargeClient } from "./large/client.ts";

const { values: flags } = parseArgs({
  options: {
    messages: { type: "string", default: "1000000" },
    json: { type: "boolean", default: false },
    data: { type: "string" },
  },
});
const messages = Number(flags.messages);
const say = (text: string) => flags.json || console.log(text);

const home = flags.data ?? await Deno.makeTempDir({ prefix: "malleposte-large-" });
const cluster = await startEmbedded(home, { ...SERVER_SETTINGS, max_wal_size: "16GB" });
const database = openDatabase(cluster.address, { connections: 2 });
await migrateToLatest(database);
await grantServing(database, SERVING);
const served = openDatabase(cluster.serving, { connections: 2 });
const door = openDoor(dial, cluster.serving, { shared: 2, exclusive: 2 });
const store = createStore({ door, database: served, world: realWorld, emit: silent, indexer: false });

const began = performance.now();
if (await fill(database, messages)) {
  say(`${messages} messages made in ${Math.round((performance.now() - began) / 1000)} s`);
}

/** What is measured: a name, the commands before, the command, and what it should take at most. */
interface Task {
  readonly name: string;
  readonly before?: readonly string[];
  readonly command: string;
  /** Milliseconds. */
  readonly goal?: number;
  readonly rounds?: number;
}

const SELECTED = ["SELECT INBOX"];
const TASKS: readonly Task[] = [
  { name: "STATUS", command: "STATUS INBOX (MESSAGES UNSEEN UIDNEXT HIGHESTMODSEQ SIZE)", goal: 20 },
  { name: "SELECT, nobody has it selected", before: ["UNSELECT"], command: "SELECT INBOX", goal: 20 },
  { name: "SELECT, then the first FETCH", before: ["UNSELECT", ...SELECTED], command: "UID FETCH 1 FLAGS" },
  { name: "SELECT, somebody else has it selected", command: "SELECT INBOX", goal: 20 },
  { name: "UID FETCH 1:* (FLAGS)", before: SELECTED, command: "UID FETCH 1:* (FLAGS)", rounds: 3 },
  { name: "UID FETCH of 10,000 FLAGS", before: SELECTED, command: "UID FETCH 1:10000 (FLAGS)" },
  { name: "UID SEARCH UNSEEN", before: SELECTED, command: "UID SEARCH RETURN (COUNT) UNSEEN", goal: 200 },
  {
    name: "UID SEARCH SUBJECT, 10,000 match",
    before: SELECTED,
    command: "UID SEARCH RETURN (ALL) SUBJECT needle",
    goal: 200,
  },
  {
    name: "UID SEARCH TEXT, 10,000 match",
    before: SELECTED,
    command: "UID SEARCH RETURN (ALL) TEXT needle",
    goal: 200,
  },
  {
    name: "UID SEARCH BODY UNSEEN, 5,000 match",
    before: SELECTED,
    command: "UID SEARCH RETURN (ALL) BODY haystack UNSEEN",
    goal: 200,
  },
  {
    name: "UID SEARCH by date, 10,000 match",
    before: SELECTED,
    command: "UID SEARCH RETURN (ALL) SINCE 1-Jan-2026 BEFORE 8-Jan-2026",
    goal: 200,
  },
  {
    name: "UID SEARCH FUZZY TEXT, 10,000 match",
    before: SELECTED,
    command: "UID SEARCH RETURN (RELEVANCY ALL) FUZZY TEXT needle",
    rounds: 3,
  },
  {
    name: "UID SORT (REVERSE DATE), page of 50",
    before: SELECTED,
    command: "UID SORT RETURN (PARTIAL 1:50) (REVERSE DATE) UTF-8 ALL",
    rounds: 3,
  },
  {
    name: "UID SORT (REVERSE ARRIVAL) of 10,000",
    before: SELECTED,
    command: "UID SORT RETURN (PARTIAL 1:50) (REVERSE ARRIVAL) UTF-8 SUBJECT needle",
    goal: 200,
  },
];

/** Milliseconds of CPU so far: ours and, on Linux, PostgreSQL's. */
function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  let ms = (user + system) / 1000;
  if (Deno.build.os !== "linux") return ms;
  for (const { name: pid } of Deno.readDirSync("/proc")) {
    if (!/^\d+$/.test(pid)) continue;
    try {
      const stat = Deno.readTextFileSync(`/proc/${pid}/stat`);
      const [, parent] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
      if (Number(parent) !== cluster.pid) continue;
      ms += Number(Deno.readTextFileSync(`/proc/${pid}/schedstat`).split(" ")[0]) / 1e6;
    } catch { /* it ended meanwhile: parallel workers are not counted */ }
  }
  return ms;
}

const client = await LargeClient.open(store);
const results: Record<string, unknown>[] = [];
say("median ms    CPU ms  goal    octets  grown MB  what");
for (const task of TASKS) {
  const times: number[] = [];
  let octets = 0, answer = "", grown = 0, cpu = Infinity;
  for (let round = 0; round < (task.rounds ?? 9); round++) {
    for (const command of task.before ?? []) {
      if (command !== "SELECT INBOX" || !client.selected || task.before!.length > 1) {
        await client.run(command);
      }
    }
    const before = process.memoryUsage().rss;
    const cpuBefore = cpuMs();
    const done = await client.run(task.command);
    cpu = Math.min(cpu, cpuMs() - cpuBefore);
    grown = Math.max(grown, (process.memoryUsage().rss - before) / 2 ** 20);
    times.push(done.ms);
    ({ octets, answer } = done);
  }
  times.sort((a, b) => a - b);
  const ms = times[times.length >> 1]!;
  results.push({ name: task.name, ms, cpu, goal: task.goal, octets, grown, answer });
  const column = (value: unknown, width: number) => String(value ?? "").padStart(width);
  const cells = [column(ms.toFixed(1), 9), column(cpu.toFixed(1), 9), column(task.goal, 5)];
  say([...cells, column(octets, 9), column(grown.toFixed(0), 9), ` ${task.name}`].join(" "));
  if (!/^\S+ OK/.test(answer)) say(`          ${answer}`);
}
if (flags.json) console.log(JSON.stringify({ messages, results }, null, 2));

await client[Symbol.asyncDispose]();
await store[Symbol.asyncDispose]();
await door[Symbol.asyncDispose]();
await served.destroy();
await database.destroy();
if (flags.data === undefined) {
  kill(cluster.pid, "SIGQUIT");
  await cluster.ended;
  await Deno.remove(home, { recursive: true });
} else await cluster.stop();
