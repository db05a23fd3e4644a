/** What worker threads may do, tried from within one of a whole server. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { parseConfig } from "../../src/config/mod.ts";
import { realWorld } from "../../src/core/world.ts";
import { readCertificates } from "../../src/node/certificates.ts";
import { openNodeDatabase } from "../../src/node/database.ts";
import { Fence, workerRights } from "../../src/node/fence.ts";
import { WorkerHandle } from "../../src/node/worker_handle.ts";
import { settingsFor } from "../support/server.ts";

const ALLOWED = ["load what a rare charset needs", "read its program", "use the database's socket"];

Deno.test("a worker can start no program, read no secret, write no file, load no other code", async (t) => {
  const folder = await Deno.makeTempDir({ prefix: "malleposte-fence-" });
  const settings = settingsFor(folder).filter((word) => word !== "--set");
  const config = parseConfig("", "test", [...settings, "log.level=error"]);
  const certificates = await readCertificates(config, realWorld.now);
  const database = await openNodeDatabase(config, () => {});
  try {
    const script = new URL("./forbidden_worker.ts", import.meta.url);
    using fence = new Fence(workerRights(config, database.address, script));
    const worker = new WorkerHandle(
      {
        ...{ number: 1, first: true, workers: 1, node: "test", maxConnections: 10 },
        ...{ config, certificates, database: database.address },
      },
      fence,
      script,
    );
    const said = await worker.ended;
    const results: Readonly<Record<string, string>> = JSON.parse(said);
    for (const [act, result] of Object.entries(results)) {
      await t.step(act, () => {
        if (ALLOWED.includes(act)) assertEquals(result, "done");
        else assertMatch(result, /NotCapable|Requires \w+ access/);
      });
    }
    assertEquals(worker.wasListening, true, "it was a worker as any other before");
    assertEquals(
      (await Deno.permissions.query({ name: "run" })).state,
      "granted",
      "its maker keeps its rights",
    );
  } finally {
    await database.close();
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("a fence whose making thread is gone makes another", async () => {
  const script = new URL(
    "data:text/javascript,import { parentPort } from 'node:worker_threads'; parentPort.postMessage('here');",
  );
  using fence = new Fence({ read: [], write: [] });
  for (const _ of [1, 2]) {
    const heard = Promise.withResolvers<unknown>();
    const ended = Promise.withResolvers<number>();
    const thread = fence.start(script, undefined, 64, {
      message: heard.resolve,
      error: (error) => heard.resolve(error),
      exit: ended.resolve,
    });
    assertEquals(await heard.promise, "here");
    await thread.terminate();
    await ended.promise;
    fence[Symbol.dispose]();
  }
});

Deno.test("a thread collects what it made before that takes 24 MiB", async () => {
  const script = `import { parentPort } from "node:worker_threads"; import v8 from "node:v8";
    const kept = [];
    for (let i = 0; i < 4e6; i++) kept[i % 20_000] = { i, list: [i], text: "of " + i };
    const young = v8.getHeapSpaceStatistics().find((space) => space.space_name === "new_space");
    parentPort.postMessage(young.space_size / 2 ** 20);`;
  using fence = new Fence({ read: [], write: [] });
  const heard = Promise.withResolvers<unknown>();
  fence.start(new URL(`data:text/javascript,${encodeURIComponent(script)}`), undefined, 64, {
    message: heard.resolve,
    error: heard.reject,
    exit: () => {},
  });
  const mib = Number(await heard.promise);
  assert(mib > 1 && mib <= 24, `${mib} MiB`);
});
