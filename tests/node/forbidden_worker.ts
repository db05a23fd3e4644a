/** A worker like any other, that first tries what no worker may do, and says what came of it as its failure. */
import { Buffer } from "node:buffer";
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { connect } from "node:net";
import { parentPort, Worker as Thread, workerData } from "node:worker_threads";
import "../../src/node/worker.ts";
import type { WorkerStart } from "../../src/node/messages.ts";

const { config, database } = workerData as WorkerStart;
if (database.kind !== "socket") throw new Error("the test has a socket");
const socket = `${database.directory}/.s.PGSQL.${database.port}`;

/** What each act came to: `done`, or the name of the error. */
const acts: Readonly<Record<string, () => unknown>> = {
  "run a program": () => new Deno.Command("/bin/true").outputSync(),
  "run a program by node's way": () => {
    const { error, status } = spawnSync("/bin/true");
    if (error !== undefined || status !== 0) throw error ?? new Deno.errors.NotCapable();
  },
  "kill a process": () => Deno.kill(Deno.ppid, "SIGCONT"),
  "read /etc/shadow": () => Deno.readTextFileSync("/etc/shadow"),
  "read /etc/passwd by node's way": () => readFileSync("/etc/passwd"),
  "read the server's key": () => Deno.readTextFileSync(`${config.data}/self-signed.key`),
  "read the database owner's password": () => Deno.readTextFileSync(`${config.data}/postgres/owner.password`),
  "read the database's files": () => Deno.readTextFileSync(`${config.data}/postgres/data/PG_VERSION`),
  "read another process": () => Deno.readTextFileSync("/proc/1/status"),
  "list the data folder": () => Array.from(Deno.readDirSync(config.data)),
  "write into the data folder": () => Deno.writeTextFileSync(`${config.data}/planted`, ""),
  "write outside of it": () => Deno.writeTextFileSync("/tmp/malleposte-planted", ""),
  "write into the program": () => Deno.writeTextFileSync(new URL("planted.ts", import.meta.url), ""),
  "remove the lock": () => Deno.removeSync(`${config.data}/lock`),
  "import from elsewhere": () => import(new URL("../support/server.ts", import.meta.url).href),
  "import from the network": () => import(String("https://127.0.0.1:9/planted.ts")),
  "open a library": () => Deno.dlopen("libc.so.6", {}),
  "make a thread that runs a program": () =>
    new Promise((done, refused) => {
      const code =
        `new Deno.Command("/bin/true").outputSync(); require("node:worker_threads").parentPort.postMessage(1)`;
      const thread = new Thread(code, { eval: true });
      thread.on("message", done);
      thread.on("error", refused);
    }),
  // What a worker must be able to do, so that the list above does not prove too much.
  "use the database's socket": () =>
    new Promise((done, refused) => {
      const conn = connect(socket).once("error", refused).once("connect", () => done(conn.destroy()));
    }),
  "load what a rare charset needs": async () => {
    const { default: iconv } = await import("iconv-lite");
    return iconv.decode(Buffer.from([0x82, 0xa0]), "shift_jis");
  },
  "read its program": () => Deno.readTextFileSync(new URL("../../src/node/worker.ts", import.meta.url)),
};

const results: Record<string, string> = {};
for (const [name, act] of Object.entries(acts)) {
  results[name] = await Promise.resolve().then(act).then(
    () => "done",
    (error: Error) => `${error.name}: ${error.message}`,
  );
}
parentPort!.postMessage({ kind: "failed", error: JSON.stringify(results) });
