/** Four workers, next hops of changing mind and an administrator, all at once: of each recipient one thing becomes. */
import { assertEquals } from "@std/assert";
import type { AccountId } from "../../src/core/brands.ts";
import type { Directory, Resolution } from "../../src/core/directory.ts";
import type { Emit } from "../../src/core/events.ts";
import { realWorld } from "../../src/core/world.ts";
import { dial } from "../../src/net/mod.ts";
import { Keeper } from "../../src/queue/keeper.ts";
import { Reporter } from "../../src/queue/reports.ts";
import { steer, type Steering } from "../../src/queue/steer.ts";
import { createStore } from "../../src/store/mod.ts";
import { openDoor } from "../../src/store/pg/wire/mod.ts";
import { assertInvariants } from "../store/invariants.ts";
import { all, type Bench, bench, idOf } from "../store/support.ts";
import { DEFERRED, DELIVERED, enqueue, FAILED, Hops, outbound, QUICK, scheduler, until } from "./support.ts";

const WORKERS = 4, MESSAGES = 150, STEERED_MS = 3_000;
const LIMITS = {
  ...QUICK,
  retryFirstMs: 150,
  retryMostMs: 400,
  // Long enough for a machine that is busy with something else: who loses a lease is sent to again.
  leaseMs: 10_000,
  suppressMs: 0,
  laneFailures: 1_000,
};

/** ann, who sends, and bob are ours; nobody else is at example.test. */
function directoryOf([ann, bob]: readonly AccountId[]): Directory {
  const ours = (account: AccountId, address: string): Resolution => ({
    kind: "local",
    targets: [{ account, address, detail: undefined }],
    remote: [],
  });
  return {
    resolve({ local, domain }) {
      const address = `${local}@${domain}`;
      return Promise.resolve(
        address === "ann@example.test"
          ? ours(ann!, address)
          : address === "bob@example.test"
          ? ours(bob!, address)
          : { kind: "unknown" },
      );
    },
  };
}

/** A worker's part of the queue, with connections of its own. */
function worker(t: Bench, hops: Hops, emit: Emit): AsyncDisposable {
  const door = openDoor(dial, t.db.serving, { shared: 2, exclusive: 2 });
  const store = createStore({ world: realWorld, emit, indexer: false, door, database: t.db.served });
  const directory = directoryOf(t.accounts), hostname = "mx.example.test";
  const sends = scheduler(t, hops, LIMITS, { door, emit, here: { store, directory, hostname } });
  const reporter = new Reporter({ door, store, directory, world: realWorld, emit, limits: LIMITS, hostname });
  const keeps = new Keeper({ door, emit, limits: LIMITS, reporter, wake: () => {} });
  return {
    async [Symbol.asyncDispose]() {
      await Promise.all([sends.drain(10_000), keeps.drain()]);
      await store[Symbol.asyncDispose]();
      await door[Symbol.asyncDispose]();
    },
  };
}

/** An administrator who does everything to anything. */
async function meddle(t: Bench): Promise<void> {
  const end = performance.now() + STEERED_MS;
  const domains = (["retry", "hold", "release"] as const).map((what) =>
    [what, () => ({
      domain: `d${Math.floor(Math.random() * 10)}.test`,
    })] as const
  );
  const messages = (["remove", "bounce"] as const).map((what) =>
    [what, () => ({
      ids: [1 + Math.floor(Math.random() * 2 * MESSAGES)],
    })] as const
  );
  await Promise.all(
    [...domains, ...messages].map(async ([what, filter]: readonly [Steering, () => object]) => {
      while (performance.now() < end) {
        await new Promise((wake) => setTimeout(wake, Math.random() * 100));
        await steer(t.db.database, what, filter());
      }
    }),
  );
  await steer(t.db.database, "release", {});
}

/** Recipients that the reports in an account's INBOX tell of, in order. */
async function told(t: Bench, account: AccountId): Promise<readonly string[]> {
  const found: string[] = [];
  for await (const rows of t.store.fetch(account, await idOf(t.store, account, "INBOX"), [[1, 1e6]], {})) {
    for (const row of rows) {
      const pieces = await all(t.store.octets(account, [{ message: row.message, start: 0, end: 1e6 }]));
      const text = pieces.map(({ octets }) => new TextDecoder().decode(octets)).join("");
      for (const [, address] of text.matchAll(/^Final-Recipient: rfc822; ?(\S+)/gm)) found.push(address!);
    }
  }
  return found.sort();
}

Deno.test("each recipient is sent to once at most, its failure told once, each copy placed once, each message over", async () => {
  await using t = await bench(2);
  const [ann, bob] = t.accounts as [AccountId, AccountId];
  const hops = new Hops();
  hops.pause = () => new Promise((wake) => setTimeout(wake, Math.random() * 5));
  const moody = () => [DELIVERED, DELIVERED, DEFERRED, FAILED][Math.floor(Math.random() * 4)]!;
  const domains = Array.from({ length: 10 }, (_, i) => `d${i}.test`);
  for (const domain of domains) hops.answers.set(domain, moody);
  for (let i = 0; i < MESSAGES; i++) {
    await enqueue(t.store, outbound(domains.map((domain) => `r${i}@${domain}`)));
    await enqueue(t.store, outbound(["bob@example.test", `nobody${i}@example.test`], {}, { here: true }));
  }
  const bugs: unknown[] = [];
  const emit: Emit = (event, fields) => {
    if (event === "bug") bugs.push(fields);
  };
  {
    await using workers = new AsyncDisposableStack();
    for (let i = 0; i < WORKERS; i++) workers.use(worker(t, hops, emit));
    await meddle(t);
    await until(async () => {
      const left = await t.db.database.selectFrom("queue_recipient").select("state").where((eb) =>
        eb.or([eb("state", "in", ["ready", "waiting", "held"]), eb("notice", "is not", null)])
      ).execute();
      return left.length === 0;
    }, "all has ended and been told");
  }
  assertEquals(bugs, []);
  await assertInvariants(t.db.database);
  const open = await t.db.database.selectFrom("queue_message").select("queue_id").where(
    "ended_at",
    "is",
    null,
  ).execute();
  assertEquals(open, []);
  const rows = await t.db.database.selectFrom("queue_recipient").select(["address", "state"]).execute();
  const those = (state: string) =>
    rows.filter((row) => row.state === state).map(({ address }) => address).sort();
  const delivered = those("delivered"), here = delivered.filter((address) => address === "bob@example.test");
  assertEquals([...hops.recipients, ...here].sort(), delivered);
  assertEquals(await told(t, ann), those("failed"));
  assertEquals((await t.store.mailbox(bob, "INBOX"))!.messages, here.length);
});
