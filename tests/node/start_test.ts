import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { kill } from "node:process";
import { run, settingsFor, startServer } from "../support/server.ts";
import { crash, messages, postmaster, read, runs, send, until } from "./support.ts";

const you = "you@example.test";
const settings = ["auth.allow_plaintext=true"];

Deno.test("start, start again, start after crashes", async (t) => {
  const folder = await Deno.makeTempDir({ prefix: "malleposte-start-" });
  const options = { folder, settings };
  let certificate = "";
  let acknowledged = 0;
  /** Where PostgreSQL's socket is. */
  let sockets = "";

  await t.step("a first start makes everything and says how to go on", async () => {
    await using server = await startServer({ ...options, accounts: [you] });
    assertStringIncludes(server.output(), "There is no account yet");
    assertStringIncludes(server.output(), "deno task mail account add you@example.test");
    certificate = read(`${folder}/self-signed.pem`);
    assertStringIncludes(certificate, "BEGIN CERTIFICATE");
    assertEquals(Deno.statSync(`${folder}/self-signed.key`).mode! & 0o777, 0o600);
    assertMatch(await send(server, you), /^250 /);
    acknowledged++;
    assertEquals(await server.stop(), 0);
    assertEquals(postmaster(folder), undefined);
    assertStringIncludes(read(`${folder}/postgres/postgres.log`), "database system is shut down");
  });

  await t.step("a second start uses it again; a third beside it changes nothing", async (t) => {
    await using server = await startServer(options);
    assertEquals(server.output().includes("There is no account yet"), false);
    assertEquals(read(`${folder}/self-signed.pem`), certificate);
    assertEquals(await messages(server, you), acknowledged);

    await t.step("malloc has an arena for each processor but one, and gives back what is large", () => {
      const serving = /process (\d+)/.exec(read(`${folder}/lock`))![1];
      const environment = read(`/proc/${serving}/environ`).split("\0");
      const arenas = Math.max(1, navigator.hardwareConcurrency - 1);
      assert(environment.includes(`MALLOC_ARENA_MAX=${arenas}`), environment.join("\n"));
      assert(environment.includes("MALLOC_MMAP_THRESHOLD_=131072"), environment.join("\n"));
    });

    await t.step("V8 compiles sooner what is called rarely, and garbage can be collected at times", () => {
      const serving = /process (\d+)/.exec(read(`${folder}/lock`))![1];
      const words = read(`/proc/${serving}/cmdline`).split("\0");
      assert(words.includes("--v8-flags=--invocation-count-for-turbofan=1000,--expose-gc"), words.join("\n"));
    });

    const lock = read(`${folder}/lock`);
    const third = await run(["task", "-q", "serve", ...settingsFor(folder)]);
    assertEquals(third.code, 1);
    assertMatch(third.stderr, /^deno task serve \(process \d+\) already works on \S+; stop it first, .*\n$/);
    assertEquals(read(`${folder}/lock`), lock);
    assertMatch(await send(server, you), /^250 /);
    acknowledged++;

    await t.step("a port that another server has: one sentence, and nothing stays behind", async () => {
      for (const name of ["smtp", "imaps", "http"] as const) {
        const other = await Deno.makeTempDir({ prefix: "malleposte-beside-" });
        const address = `127.0.0.1:${server.ports[name]}`;
        const beside = await run([
          ...["task", "-q", "serve", ...settingsFor(other, [`listeners.${name}.address=${address}`])],
        ]);
        assertEquals(
          [beside.code, beside.stderr],
          [1, `Cannot listen for ${name} on ${address}: another program listens there\n`],
        );
        assertEquals(postmaster(other), undefined);
        await Deno.remove(other, { recursive: true });
      }
    });

    await crash(server);
  });

  await t.step("killed with PostgreSQL left running: the next start takes that over", async () => {
    const left = postmaster(folder)!;
    assert(runs(left));
    sockets = read(`${folder}/postgres/data/postmaster.pid`).split("\n")[4]!;
    await using server = await startServer(options);
    assertEquals(postmaster(folder), left);
    assertEquals(await messages(server, you), acknowledged);
    assertMatch(await send(server, you), /^250 /);
    acknowledged++;
    await crash(server);
    kill(left, "SIGKILL");
    await until(() => !runs(left), "PostgreSQL is gone");
  });

  await t.step(
    "killed with PostgreSQL: the next start recovers, and stops the one that it started",
    async () => {
      await using server = await startServer(options);
      assertStringIncludes(read(`${folder}/postgres/postgres.log`), "automatic recovery in progress");
      assertEquals(await messages(server, you), acknowledged);
      assertEquals(await server.stop(), 0);
      assertEquals(postmaster(folder), undefined);
    },
  );

  await t.step("after a power cut a stranger has PostgreSQL's process number: he is left alone", async () => {
    await using stranger = new Stranger("exec sleep 300");
    await writeLocks(stranger.pid);
    await using server = await startServer(options);
    assertEquals(await messages(server, you), acknowledged);
    assertEquals(await server.stop(), 0);
    assert(runs(stranger.pid));
  });

  await t.step("a dead PostgreSQL that nobody waited for does not hold up the next start", async () => {
    // Its parent becomes a program that never waits, as the first process of many containers.
    await using parent = new Stranger("sleep 0 & echo $!; exec sleep 300");
    const zombie = Number(await parent.line());
    await until(() => !runs(zombie) && read(`/proc/${zombie}/stat`) !== "", "there is a zombie");
    await writeLocks(zombie);
    await using server = await startServer(options);
    assertEquals(await messages(server, you), acknowledged);
    assertEquals(await server.stop(), 0);
  });

  /** Both lock files as a PostgreSQL of that process number leaves them behind. */
  async function writeLocks(pid: number): Promise<void> {
    const lines = [pid, `${folder}/postgres/data`, 1, 5432, sockets, "", "1 1", "ready"];
    await Deno.writeTextFile(`${folder}/postgres/data/postmaster.pid`, `${lines.join("\n")}\n`);
    await Deno.writeTextFile(`${sockets}/.s.PGSQL.5432.lock`, `${lines.slice(0, 5).join("\n")}\n`);
  }

  await Deno.remove(folder, { recursive: true });
});

/** A process that has nothing to do with us. */
class Stranger implements AsyncDisposable {
  readonly #child;

  constructor(script: string) {
    this.#child = new Deno.Command("sh", { args: ["-c", script], stdin: "null", stdout: "piped" }).spawn();
  }

  get pid(): number {
    return this.#child.pid;
  }

  /** What it says first. */
  async line(): Promise<string> {
    for await (const text of this.#child.stdout.pipeThrough(new TextDecoderStream())) return text.trim();
    return "";
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.#child.stdout.cancel().catch(() => {});
    await this.#child.status;
  }
}
