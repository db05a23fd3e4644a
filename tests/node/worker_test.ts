/** Workers that die, in a supervisor of this process. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { type Config, parseConfig } from "../../src/config/mod.ts";
import type { Emit } from "../../src/core/events.ts";
import { Fence, workerRights } from "../../src/node/fence.ts";
import { Supervisor } from "../../src/node/supervisor.ts";
import { WorkerHandle } from "../../src/node/worker_handle.ts";
import { LineClient } from "../support/line_client.ts";
import { testDatabase, urlOf } from "../support/database.ts";
import { until } from "./support.ts";

const SCRIPT = new URL("./mortal_worker.ts", import.meta.url);

function configFor(url: string, folder: string): Config {
  return parseConfig("", "test", [
    ...["smtp", "submission", "submissions", "lmtp", "imap", "imaps", "pop3", "pop3s", "http"]
      .map((name) => `listeners.${name}.address=127.0.0.1:0`),
    ...[`data=${folder}`, `database.url=${url}`, "workers=2", "worker_memory_mb=96"],
    ...["log.level=error", "limits.exempt=[127.0.0.0/8]"],
  ]);
}

/** Opens connections; says later which of them the server has closed. */
async function crowd(port: number): Promise<{ readonly lost: () => number } & AsyncDisposable> {
  const clients = await Promise.all(Array.from({ length: 24 }, async () => {
    const client = await LineClient.connect(port);
    await client.line(/^\* OK/);
    return client;
  }));
  let lost = 0;
  for (const client of clients) void client.rest().then(() => lost++);
  return {
    lost: () => lost,
    async [Symbol.asyncDispose]() {
      for (const client of clients) await client[Symbol.asyncDispose]();
    },
  };
}

Deno.test("a worker that dies is replaced, and only its connections are lost", async (t) => {
  await using db = await testDatabase();
  const url = urlOf(db.address);
  const folder = await Deno.makeTempDir({ prefix: "malleposte-worker-" });
  const said: { readonly event: string; readonly [field: string]: unknown }[] = [];
  const emit: Emit = (event, fields) => void said.push({ event, ...fields });
  const supervisor = new Supervisor(configFor(url, folder), { file: undefined, set: [] }, emit, SCRIPT);
  const { listeners } = await supervisor.start();
  const port = (name: string) =>
    Number(listeners.find(({ protocol }) => protocol === name)!.address.split(":")[1]);
  const health = async () => (await fetch(`http://127.0.0.1:${port("http")}/healthz`)).text();
  const of = (name: string) => said.filter(({ event }) => event === name);
  const channel = new BroadcastChannel("mortal");

  for (
    const [how, error] of [["heap", /heap|memory/i], ["exit", /exit code 3/]] as const
  ) {
    await t.step(`by its ${how}`, async () => {
      const before = { died: of("node.worker.died").length, started: of("node.worker.started").length };
      await using clients = await crowd(port("imap"));
      channel.postMessage({ worker: 1, how });
      await until(() => of("node.worker.died").length > before.died, "it is dead", 30_000);
      const { worker, error: why } = of("node.worker.died").at(-1)!;
      assertEquals(worker, 1);
      assertMatch(String(why), error);
      await until(() => of("node.worker.started").length > before.started, "another one is there");
      await until(() => clients.lost() > 0, "its connections are gone");
      assert(clients.lost() < 24, "the other worker's connections are still there");
      assertEquals(await health(), "ok\n");
      // The newcomer takes connections too: it would be 2^-24 that none of these meets it.
      await using more = await crowd(port("imap"));
      assertEquals(more.lost(), 0);
    });
  }

  await t.step("an exception nobody caught kills no worker", async () => {
    const before = of("node.worker.died").length;
    await using clients = await crowd(port("imap"));
    for (const how of ["throw", "reject"]) channel.postMessage({ worker: 2, how });
    await new Promise((wake) => setTimeout(wake, 500));
    assertEquals([of("node.worker.died").length, clients.lost()], [before, 0]);
  });

  await t.step("a drain does not wait for a worker that dies meanwhile", async () => {
    await using _clients = await crowd(port("imap"));
    const stopping = supervisor.stop();
    channel.postMessage({ worker: 1, how: "exit" });
    const began = performance.now();
    await stopping;
    assert(performance.now() - began < 8_000);
  });
  channel.close();
  await Deno.remove(folder, { recursive: true });
});

Deno.test("a worker that cannot begin says why, in its own words", async () => {
  const config = parseConfig("", "test", [
    "listeners=[{ protocol: imap, address: '192.0.2.1:143' }]",
    "log.level=error",
  ]);
  const database = { kind: "url", url: "postgres://a@127.0.0.1:9/b" } as const;
  using fence = new Fence(workerRights(config, database));
  const worker = new WorkerHandle({
    number: 1,
    first: true,
    workers: 1,
    config,
    database,
    node: "test",
    certificates: [await (await import("../../src/net/mod.ts")).selfSigned("a.test")],
    maxConnections: 10,
  }, fence);
  const error = await worker.listening().then(() => "", (error: Error) => error.message);
  assertEquals(error, "Cannot listen for imap on 192.0.2.1:143: this machine has no such address");
  await worker.ended;
  assertEquals(await worker.metrics(), undefined);
});
