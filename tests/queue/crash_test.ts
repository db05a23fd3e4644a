/**
 * kill -9 of the whole server, several times, while it drains its queue to a sink that counts. CI runs it with some
 * hundred messages; by hand `MALLEPOSTE_CRASH_MESSAGES=10000 deno test -A tests/queue/crash_test.ts`.
 */
import { assert, assertEquals } from "@std/assert";
import { silent } from "../../src/core/events.ts";
import { realWorld } from "../../src/core/world.ts";
import { dial } from "../../src/net/mod.ts";
import { createStore } from "../../src/store/mod.ts";
import { openDatabase } from "../../src/store/pg/database.ts";
import { embeddedAddresses } from "../../src/store/pg/embedded/cluster.ts";
import { openDoor } from "../../src/store/pg/wire/mod.ts";
import { crash } from "../node/support.ts";
import { assertInvariants } from "../store/invariants.ts";
import { startServer, type TestServer } from "../support/server.ts";
import { listenSink } from "./sink.ts";
import { enqueueMany, states, until } from "./support.ts";

const MESSAGES = Number(Deno.env.get("MALLEPOSTE_CRASH_MESSAGES") ?? 600);
const SEED = Number(Deno.env.get("MALLEPOSTE_CRASH_SEED") ?? 7);
const CRASHES = 3, PATIENCE_MS = 60_000 + MESSAGES * 60, DOMAINS = 4, CONCURRENCY = 4;

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
    await enqueueInto(folder);
    assertEquals(await server.stop(), 0);
    for (let i = 0; i < CRASHES; i++) {
      server = await startServer({ folder, settings });
      const before = sink.messages;
      const some = Math.floor(MESSAGES / (CRASHES + 1) * random());
      await until(
        () => sink.messages >= Math.min(before + some, MESSAGES),
        "some have gone out",
        PATIENCE_MS,
      );
      await crash(server);
    }
    server = await startServer({ folder, settings });
    await using database = await openedDatabase(folder);
    await until(
      async () => (await states(database.db))["delivered"] === MESSAGES,
      "all have gone out",
      PATIENCE_MS,
    );
    await assertInvariants(database.db);
    assertEquals(sink.counts.size, MESSAGES, "none is lost");
    const twice = [...sink.counts.values()].reduce((sum, count) => sum + count - 1, 0);
    const underWay = CRASHES * CONCURRENCY * DOMAINS;
    assert(twice <= underWay, `${twice} came twice, ${underWay} can have been under way`);
    assert(sink.most <= CONCURRENCY * DOMAINS, `${sink.most} connections at once`);
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

async function enqueueInto(folder: string): Promise<void> {
  await using database = await openedDatabase(folder);
  await using door = openDoor(dial, database.address, { shared: 2, exclusive: 2 });
  await using store = createStore({
    door,
    database: database.db,
    world: realWorld,
    emit: silent,
    indexer: false,
  });
  await enqueueMany(store, MESSAGES, (i) => `r${i}@d${i % DOMAINS}.test`);
}
