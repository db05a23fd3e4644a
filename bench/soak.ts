/**
 * A soak: `deno run -A bench/soak.ts [--minutes 5] [--rate 50] [--imap 200] [--pop3 50]`. Mixed load at a steady rate, and
 * what the server holds meanwhile: memory, descriptors, database connections, room that tables take. Two hours of it
 * tell most; slopes are told without more and more of the beginning, in which caches fill and code is compiled, and the
 * answers of the last third are compared with those of the second. RSS and the heaps of all threads are the lowest of
 * each while: what lies above waits for the collector, which comes to a thread with little to do only after hours. That
 * is the supervisor's when nobody but Prometheus asks it anything: so the soak asks as often as Prometheus does, and
 * reads RSS from the kernel. "Spin" is the time of a computation that never changes: where it moves, the machine did.
 */
import { parseArgs } from "node:util";
import { sql } from "kysely";
import { openDatabase } from "../src/store/pg/database.ts";
import { embeddedAddresses } from "../src/store/pg/embedded/cluster.ts";
import { PASSWORD, startServer } from "../tests/support/server.ts";
import { percentile } from "./fairness/good.ts";
import { tree } from "./load/processes.ts";
import { Mixed } from "./soak/mixed.ts";

/** What is looked at, and in what unit. */
interface Sample {
  readonly seconds: number;
  readonly rssMib: number;
  /** Of the workers together. */
  readonly workersMib: number;
  readonly supervisorMib: number;
  readonly descriptors: number;
  readonly connections: number;
  readonly tablesMib: number;
  readonly deadRows: number;
  readonly messages: number;
  readonly p50: number;
  readonly p99: number;
  readonly spinMs: number;
}

/** What is printed of each: its title, and with how many digits. */
const COLUMNS: readonly (readonly [string, keyof Sample, number])[] = [
  ["seconds", "seconds", 0],
  ["RSS MiB", "rssMib", 0],
  ["workers' heaps", "workersMib", 1],
  ["supervisor's", "supervisorMib", 1],
  ["descriptors", "descriptors", 0],
  ["connections", "connections", 0],
  ["tables MiB", "tablesMib", 0],
  ["dead rows", "deadRows", 0],
  ["messages", "messages", 0],
  ["p50 ms", "p50", 1],
  ["p99 ms", "p99", 1],
  ["spin ms", "spinMs", 1],
];
/** A multiple of six. */
const SAMPLES = 24;
/** Slopes leave out a sixth (the first 20 minutes of two hours), a third, half: a leak stays, what fills up does not. */
const LEFT_OUT = [6, 3, 2] as const;
/** Milliseconds after which octets without owner are swept: soon, so that it belongs to all that is measured. */
const GARBAGE_MS = 300_000;
/** Milliseconds between two looks at RSS. */
const LOOK_MS = 5000;
/** One look in so many is at `/metrics` too: each minute, Prometheus's default. */
const LOOKS_A_SCRAPE = 12;

const { values } = parseArgs({
  args: Deno.args,
  options: {
    minutes: { type: "string", default: "5" },
    rate: { type: "string", default: "50" },
    imap: { type: "string", default: "200" },
    pop3: { type: "string", default: "50" },
  },
});
const users = Array.from({ length: 50 }, (_, i) => `soak${i + 1}@soak.test`);
await using server = await startServer({
  settings: [
    "auth.allow_plaintext=true",
    "log.level=error",
    "limits.exempt=[127.0.0.0/8]",
    "limits.smtp.messages=1000000000",
    "limits.imap.session.per_account_and_address=1000",
    // An hour by default: sweeping would begin halfway, with code and connections of its own.
    `limits.store.garbage_ms=${GARBAGE_MS}`,
  ],
  accounts: users,
});
const { address } = await embeddedAddresses(`${server.folder}/postgres`);
const owner = openDatabase(address, { connections: 1 });
const mixed = new Mixed({ ports: server.ports, users, password: PASSWORD }, {
  rate: Number(values.rate),
  imap: Number(values.imap),
  pop3: Number(values.pop3),
});
const samples: Sample[] = [];
/** Milliseconds of all requests, by third of the run. */
const thirds: number[][] = [[], [], []];
const totalMs = Number(values.minutes) * 60_000, began = performance.now();
console.log(COLUMNS.map(([title]) => title).join("  "));
while (performance.now() - began < totalMs) {
  const sample = await look(await lowest(totalMs / SAMPLES));
  samples.push(sample);
  console.log(
    COLUMNS.map(([title, of, digits]) => sample[of].toFixed(digits).padStart(title.length)).join("  "),
  );
}
await mixed.stop();
await owner.destroy();
for (const [title, of] of COLUMNS.slice(1, 4)) {
  const slopes = LEFT_OUT.map((part) => {
    const points = settled(of, part);
    return `${(slope(points) * 3600).toFixed(1)} ± ${
      (deviation(points) * 3600).toFixed(1)
    } without the first 1/${part}`;
  });
  console.log(`${title.replace(" MiB", "")}, MiB an hour: ${slopes.join(", ")}`);
}
console.log(`descriptors: ${(slope(settled("descriptors", 3)) * 3600).toFixed(1)} an hour`);
console.log(`tables: ${(slope(settled("tablesMib", 3)) * 60).toFixed(2)} MiB a minute`);
const [, second, last] = thirds.map((ms) => [0.5, 0.99].map((share) => percentile(ms, share)));
console.log(
  `p50, p99: ${second!.map((ms) => ms.toFixed(1))} ms in the second third, ${
    last!.map((ms) => ms.toFixed(1))
  } in the last: ` +
    `x ${second!.map((ms, i) => (last![i]! / ms).toFixed(2))}`,
);
console.log(
  `requests: ${mixed.done}, refused or cut off: ${mixed.failed}${mixed.why === "" ? "" : ` (${mixed.why})`}`,
);

/** The least MiB of each kind of memory that the server had within so many milliseconds. */
async function lowest(ms: number): Promise<Pick<Sample, "rssMib" | "workersMib" | "supervisorMib">> {
  const least = { rssMib: Infinity, workersMib: Infinity, supervisorMib: Infinity };
  const until = performance.now() + ms;
  for (let looks = 0; performance.now() < until; looks++) {
    await new Promise((wake) => setTimeout(wake, Math.min(LOOK_MS, ms)));
    least.rssMib = Math.min(least.rssMib, residentMib());
    if (looks % LOOKS_A_SCRAPE !== 0) continue;
    const metrics = await (await fetch(`http://127.0.0.1:${server.ports.http}/metrics`)).text();
    const mib = (name: string) =>
      metrics.split("\n").filter((line) => line.startsWith(name))
        .reduce((sum, line) => sum + Number(line.split(" ").at(-1)), 0) / 2 ** 20;
    least.workersMib = Math.min(least.workersMib, mib("malleposte_worker_heap_bytes{"));
    least.supervisorMib = Math.min(least.supervisorMib, mib("malleposte_supervisor_heap_bytes "));
  }
  return least;
}

/** By second, what was looked at after the first of so many parts of the run. */
function settled(of: keyof Sample, part: number): readonly (readonly [number, number])[] {
  return samples.slice(Math.floor(samples.length / part)).map((s) => [s.seconds, s[of]] as const);
}

async function look(memory: Pick<Sample, "rssMib" | "workersMib" | "supervisorMib">): Promise<Sample> {
  const { rows: [database] } = await sql<
    { connections: number; octets: number; dead: number; messages: number }
  >`
    select (select count(*) from pg_stat_activity where datname = current_database())::int8 as connections,
           sum(pg_total_relation_size(relid))::int8 as octets, sum(n_dead_tup)::int8 as dead,
           (select coalesce(sum(messages), 0) from mailbox)::int8 as messages
      from pg_stat_user_tables`.execute(owner);
  const times = mixed.take(), third = thirds[Math.floor(samples.length * 3 / SAMPLES)];
  for (const ms of times) third?.push(ms);
  return {
    seconds: (performance.now() - began) / 1000,
    ...memory,
    descriptors: descriptors(),
    connections: database!.connections - 1,
    tablesMib: database!.octets / 2 ** 20,
    deadRows: database!.dead,
    messages: database!.messages,
    p50: percentile(times, 0.5),
    p99: percentile(times, 0.99),
    spinMs: spin(),
  };
}

/** Milliseconds of a fixed computation, the best of five. */
function spin(): number {
  let best = Infinity;
  for (let run = 0; run < 5; run++) {
    const at = performance.now();
    let x = 1;
    for (let i = 0; i < 3_000_000; i++) x = Math.imul(x ^ i, 0x01000193) >>> 1;
    best = Math.min(best, x === -1 ? Infinity : performance.now() - at);
  }
  return best;
}

/** What is under /proc of each of the server's processes, PostgreSQL's left out: `of(folder)`; 0 of one that ended. */
function ofEach(of: (folder: string) => number): number[] {
  return tree([server.pid]).map((pid) => {
    try {
      return Deno.readTextFileSync(`/proc/${pid}/comm`).startsWith("postgres") ? 0 : of(`/proc/${pid}`);
    } catch {
      return 0;
    }
  });
}

/** Open descriptors. */
function descriptors(): number {
  return ofEach((folder) => Array.from(Deno.readDirSync(`${folder}/fd`)).length).reduce((a, b) => a + b, 0);
}

/** MiB that the server itself has resident, the `deno task` that started it left out. */
function residentMib(): number {
  const kib = (folder: string) =>
    Number(/^VmRSS:\s+(\d+)/m.exec(Deno.readTextFileSync(`${folder}/status`))?.[1] ?? 0);
  return Math.max(...ofEach(kib)) / 1024;
}

/** By least squares. */
function slope(points: readonly (readonly [number, number])[]): number {
  const mean = (of: 0 | 1) => points.reduce((sum, point) => sum + point[of], 0) / points.length;
  const [x, y] = [mean(0), mean(1)];
  const over = points.reduce((sum, point) => sum + (point[0] - x) * (point[1] - y), 0);
  return over / points.reduce((sum, point) => sum + (point[0] - x) ** 2, 0);
}

/** The standard error of the slope. */
function deviation(points: readonly (readonly [number, number])[]): number {
  const rise = slope(points),
    mean = (of: 0 | 1) => points.reduce((sum, point) => sum + point[of], 0) / points.length;
  const [x, y] = [mean(0), mean(1)];
  const left = points.reduce((sum, point) => sum + (point[1] - y - rise * (point[0] - x)) ** 2, 0);
  const over = points.reduce((sum, point) => sum + (point[0] - x) ** 2, 0);
  return Math.sqrt(left / (points.length - 2) / over);
}
