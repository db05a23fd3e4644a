/**
 * The queue under load: `deno run -A bench/queue.ts [--messages 10000] [--dead 100000]`.
 *
 * How many messages of 1 KB a second are queued, and drained to a local SMTP sink that answers at once, in a process
 * of its own; then the same beside so many messages to one destination that is dead. With fsync, as in production,
 * on the embedded PostgreSQL. Wall time needs an idle machine; the CPU of all processes is shown beside it. Linux only.
 */
import process from "node:process";
import { silent } from "../src/core/events.ts";
import { realWorld } from "../src/core/world.ts";
import { dial } from "../src/net/mod.ts";
import { QUEUE_LIMITS } from "../src/queue/limits.ts";
import { lanesOf } from "../src/queue/mod.ts";
import { createReacher } from "../src/queue/reach.ts";
import { createRouter } from "../src/queue/route.ts";
import { Scheduler } from "../src/queue/scheduler.ts";
import { CLIENT_LIMITS } from "../src/smtp/client.ts";
import { createStore } from "../src/store/mod.ts";
import { openDatabase } from "../src/store/pg/database.ts";
import { startEmbedded } from "../src/store/pg/embedded/cluster.ts";
import { SERVING } from "../src/store/pg/embedded/owner.ts";
import { migrateToLatest } from "../src/store/pg/migrate.ts";
import { grantServing } from "../src/store/pg/roles.ts";
import { openDoor } from "../src/store/pg/wire/mod.ts";
import { enqueue, outbound } from "../tests/queue/support.ts";
import { mail } from "../tests/store/support.ts";

function option(name: string, value: number): number {
  const at = Deno.args.indexOf(`--${name}`);
  return at < 0 ? value : Number(Deno.args[at + 1]);
}
const MESSAGES = option("messages", 10_000), DEAD = option("dead", 100_000), LIVE = 5;
const BODY = "The mail coach left at eight and lost none of its letters on the way.\n".repeat(12);

const home = await Deno.makeTempDir({ prefix: "malleposte-bench-" });
const cluster = await startEmbedded(home);
const database = openDatabase(cluster.address, { connections: 2 });
await migrateToLatest(database);
await grantServing(database, SERVING);
const served = openDatabase(cluster.serving, { connections: 2 });
const door = openDoor(dial, cluster.serving, { shared: 4, exclusive: 2 });

const child = new Deno.Command(Deno.execPath(), {
  args: ["run", "-A", new URL("./queue_sink.ts", import.meta.url).pathname],
  stdout: "piped",
}).spawn();
let port = 0, got = 0, most = 0;
const known = Promise.withResolvers<void>();
void (async () => {
  let rest = "";
  for await (const text of child.stdout.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + text).split("\n");
    rest = lines.pop()!;
    for (const line of lines) {
      const said = JSON.parse(line);
      port = said.port ?? port;
      got = said.messages ?? got;
      most = said.most ?? most;
      known.resolve();
    }
  }
})();
await known.promise;

const router = createRouter({
  routes: [
    { domain: "dead.test", to: "smtp://127.0.0.1:9", tls: "none" },
    // One sink, as many destinations: names that resolve to it.
    ...Array.from({ length: LIVE }, (_, i) => ({
      domain: `live${i}.test`,
      to: `smtp://127.0.0.${i + 1}:${port}`,
      tls: "none" as const,
    })),
  ],
  relay: [],
  tlsPolicy: [],
});
// The sink listens on 127.0.0.1 alone.
const reacher = createReacher({
  dial: (to, options) => dial("port" in to && to.port === port ? { host: "127.0.0.1", port } : to, options),
  hostname: "mx.example.test",
  world: realWorld,
  client: CLIENT_LIMITS,
  mx: undefined,
});
const store = createStore({
  door,
  database: served,
  world: realWorld,
  emit: silent,
  indexer: false,
  queue: { laneOf: lanesOf(router) },
});

/** Milliseconds of CPU so far: PostgreSQL, the sink, ourselves. */
function cpu(): readonly [number, number, number] {
  let postgres = 0, sink = 0;
  for (const { name: pid } of Deno.readDirSync("/proc")) {
    if (!/^\d+$/.test(pid)) continue;
    try {
      const stat = Deno.readTextFileSync(`/proc/${pid}/stat`);
      const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
      const ms = (Number(fields[11]) + Number(fields[12])) * 10;
      if (Number(pid) === child.pid) sink += ms;
      else if (Deno.readTextFileSync(`/proc/${pid}/cmdline`).includes(home) || isOurs(Number(fields[1]))) {
        postgres += ms;
      }
    } catch { /* it ended meanwhile */ }
  }
  const own = process.cpuUsage();
  return [postgres, sink, (own.user + own.system) / 1000];
}

const postmaster = Number(Deno.readTextFileSync(`${home}/data/postmaster.pid`).split("\n")[0]);
function isOurs(parent: number): boolean {
  return parent === postmaster;
}

async function measured(what: string, count: number, work: () => Promise<void>): Promise<number> {
  const before = cpu(), begun = performance.now();
  await work();
  const seconds = (performance.now() - begun) / 1000;
  const after = cpu();
  const each = after.map((ms, i) => ((ms - before[i]!) * 1000 / count).toFixed(0));
  const rate = count / seconds;
  console.log(
    `${what.padEnd(44)} ${rate.toFixed(0).padStart(7)}/s   µs CPU each: postgres ${each[0]}, sink ${
      each[1]
    }, deno ${each[2]}`,
  );
  return rate;
}

/** Queues messages, so many at once as sessions would. */
async function fill(count: number, address: (i: number) => string): Promise<void> {
  let next = 0;
  await Promise.all(Array.from({ length: 64 }, async () => {
    for (let i = next++; i < count; i = next++) {
      await enqueue(store, outbound([address(i)]), mail(`Message ${i}`, BODY));
    }
  }));
}

async function drain(count: number): Promise<void> {
  const until = got + count;
  const scheduler = new Scheduler({
    door,
    router,
    reacher,
    world: realWorld,
    emit: silent,
    limits: QUEUE_LIMITS,
  });
  while (got < until) await new Promise((wake) => setTimeout(wake, 20));
  await scheduler.drain(10_000);
}

const live = (i: number) => `r${i}@live${i % LIVE}.test`;
await fill(500, live);
await drain(500);
await measured(`enqueue ${MESSAGES}, 64 sessions`, MESSAGES, () => fill(MESSAGES, live));
const alone = await measured(`drain ${MESSAGES} to ${LIVE} destinations`, MESSAGES, () => drain(MESSAGES));
console.log(`most connections at once: ${most}`);
await measured(`enqueue ${MESSAGES}, to one`, MESSAGES, () => fill(MESSAGES, (i) => `r${i}@live0.test`));
await measured(`drain ${MESSAGES} to one destination`, MESSAGES, () => drain(MESSAGES));
if (DEAD > 0) {
  await measured(`enqueue ${DEAD} to a dead destination`, DEAD, () => fill(DEAD, (i) => `r${i}@dead.test`));
  await fill(MESSAGES, live);
  const beside = await measured(`drain ${MESSAGES} beside them`, MESSAGES, () => drain(MESSAGES));
  console.log(`beside the dead one: ${(100 * beside / alone).toFixed(0)} % of alone`);
}
child.kill("SIGKILL");
await store[Symbol.asyncDispose]();
await door[Symbol.asyncDispose]();
await served.destroy();
await database.destroy();
await cluster[Symbol.asyncDispose]();
await Deno.remove(home, { recursive: true });
Deno.exit(0);
