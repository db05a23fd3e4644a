/**
 * kill -9 of the whole server, of its PostgreSQL, and of both, while it drains its queue to a sink that counts. CI runs it with some
 * hundred messages; by hand `MALLEPOSTE_CRASH_MESSAGES=10000 deno test -A tests/queue/crash_test.ts`.
 */
import { assert, assertEquals } from "@std/assert";
import { kill } from "node:process";
import { silent } from "../../src/core/events.ts";
import { realWorld } from "../../src/core/world.ts";
import { dial } from "../../src/net/mod.ts";
import { createStore } from "../../src/store/mod.ts";
import { openDatabase } from "../../src/store/pg/database.ts";
import { embeddedAddresses } from "../../src/store/pg/embedded/cluster.ts";
import { openDoor } from "../../src/store/pg/wire/mod.ts";
import { crash, postmaster } from "../node/support.ts";
import { assertInvariants } from "../store/invariants.ts";
import { startServer, type TestServer } from "../support/server.ts";
import { listenSink } from "./sink.ts";
import { enqueueMany, states, until } from "./support.ts";

const MESSAGES = Number(Deno.env.get("MALLEPOSTE_CRASH_MESSAGES") ?? 600);
const SEED = Number(Deno.env.get("MALLEPOSTE_CRASH_SEED") ?? 7);
const CRASHES = ["server", "database", "server and database", "database", "server"] as const;
const PATIENCE_MS = 60_000 + MESSAGES * 60, DOMAINS = 4, CONCURRENCY = 4;

/** mulberry32: the same moments with the same seed, as far as a machine is the same. */
function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = state + 0x6d2b79f5 | 0;
    let t = Math.imul(state ^ state >>> 15, 1 | state);
    t = t + Math.imul(t ^ t >>> 7, 61 | t) ^ t;
    return ((t ^ t >>> 14) >>> 0) / 4_294_967_296;
  };
}

Deno.test("kill -9 while the queue drains: nothing is lost, and only what was under way comes twice", async () => {
  const random = randomOf(SEED);
  await using sink = await listenSink();
  const folder = await Deno.makeTempDir({ prefix: "malleposte-crash-" });
  const settings = [
    "workers=2",
    `routes=[{"domain":"*","to":"smtp://127.0.0.1:${sink.port}","tls":"none"}]`,
    "limits.queue.lease_ms=3000",
    "limits.queue.poll_ms=200",
    `limits.queue.concurrency_most=${CONCURRENCY}`,
  ];
  let server: TestServer | undefined;
  try {
    server = await startServer({ folder, settings: [...settings, "queue.send=false"] });
    await enqueueInto(folder, MESSAGES, (i) => `r${i}@d${i % DOMAINS}.test`);
    assertEquals(await server.stop(), 0);
    server = await startServer({ folder, settings });
    for (const what of CRASHES) {
      const before = sink.messages;
      const some = Math.ceil(MESSAGES / (CRASHES.length + 1) * random());
      await until(
        () => sink.messages >= Math.min(before + some, MESSAGES),
        "some have gone out",
        PATIENCE_MS,
      );
      if (what !== "server") kill(postmaster(folder)!, "SIGKILL");
      if (what === "database") continue;
      await crash(server);
      server = await startServer({ folder, settings });
    }
    await using database = await openedDatabase(folder);
    await until(
      async () =>
        (await states(database.db).catch(() => ({}) as Record<string, number>))["delivered"] === MESSAGES,
      "all have gone out",
      PATIENCE_MS,
    );
    await assertInvariants(database.db);
    assertEquals(sink.counts.size, MESSAGES, "none is lost");
    console.log(`${MESSAGES} messages, ${sink.messages - MESSAGES} came twice`);
    const twice = [...sink.counts.values()].reduce((sum, count) => sum + count - 1, 0);
    const underWay = CRASHES.length * CONCURRENCY * DOMAINS;
    assert(twice <= underWay, `${twice} came twice, ${underWay} can have been under way`);
    assert(sink.most <= CONCURRENCY * DOMAINS, `${sink.most} connections at once`);
  } finally {
    await server?.[Symbol.asyncDispose]();
    await Deno.remove(folder, { recursive: true }).catch(() => {});
  }
});

Deno.test("kill -9 while held mail is delivered here: each message is there, and once", async () => {
  const random = randomOf(SEED + 1);
  const folder = await Deno.makeTempDir({ prefix: "malleposte-crash-" });
  const settings = ["workers=2", "limits.queue.lease_ms=3000", "limits.queue.poll_ms=200"];
  const addresses = Array.from({ length: 4 }, (_, i) => `user${i}@example.test`);
  const count = Math.min(MESSAGES, 600);
  let server: TestServer | undefined;
  try {
    server = await startServer({ folder, settings: [...settings, "queue.send=false"], accounts: addresses });
    await enqueueInto(folder, count, (i) => addresses[i % addresses.length]!, true);
    assertEquals(await server.stop(), 0);
    server = await startServer({ folder, settings });
    for (const [i, what] of CRASHES.entries()) {
      const some = Math.floor(count / (CRASHES.length + 1) * (i + random()));
      {
        await using database = await openedDatabase(folder);
        const delivered = async () => (await states(database.db).catch(() => undefined))?.["delivered"] ?? 0;
        await until(async () => await delivered() >= some, "some are delivered", PATIENCE_MS);
      }
      if (what !== "server") kill(postmaster(folder)!, "SIGKILL");
      if (what === "database") continue;
      await crash(server);
      server = await startServer({ folder, settings });
    }
    await using database = await openedDatabase(folder);
    const isOver = async () => (await states(database.db).catch(() => undefined))?.["delivered"] === count;
    await until(isOver, "all are delivered", PATIENCE_MS);
    const { entries, subjects } = await database.db.selectFrom("message")
      .select((eb) => [
        eb.fn.countAll<number>().as("entries"),
        eb.fn.count<number>("envelope").distinct().as("subjects"),
      ]).executeTakeFirstOrThrow();
    assertEquals([Number(entries), Number(subjects)], [count, count]);
    await assertInvariants(database.db);
  } finally {
    await server?.[Symbol.asyncDispose]();
    await Deno.remove(folder, { recursive: true }).catch(() => {});
  }
});

async function openedDatabase(folder: string) {
  const { address } = await embeddedAddresses(`${folder}/postgres`);
  const db = openDatabase(address, { connections: 2 });
  return { db, address, [Symbol.asyncDispose]: () => db.destroy() };
}

async function enqueueInto(
  folder: string,
  count: number,
  address: (i: number) => string,
  here = false,
): Promise<void> {
  await using database = await openedDatabase(folder);
  await using door = openDoor(dial, database.address, { shared: 2, exclusive: 2 });
  await using store = createStore({
    door,
    database: database.db,
    world: realWorld,
    emit: silent,
    indexer: false,
  });
  await enqueueMany(store, count, address, {}, here ? { here } : {});
}
