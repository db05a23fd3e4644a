/**
 * A listener of the runtime that once met EMFILE never accepts again. The fences against it, in a process of
 * its own with 128 descriptors (Deno takes many of them to start): the watchdog that listens anew, and a limit that keeps it from happening.
 */
import { assert, assertEquals } from "@std/assert";
import type { Conn } from "../../src/core/conn.ts";
import { dial, maxConnectionsFor } from "../../src/net/mod.ts";
import { octets, readText, sleep } from "./support.ts";

const CHILD = [
  "run",
  "--no-prompt",
  "--allow-net",
  "--allow-read",
  "--config",
  "deno.json",
  "tests/net/descriptors_child.ts",
];

/** A child, its port, and a reader of what it says. */
async function start(
  command: string,
  args: string[],
): Promise<{ child: Deno.ChildProcess; port: number; heard: () => string } & AsyncDisposable> {
  const child = new Deno.Command(command, { args, stdin: "null", stdout: "piped", stderr: "inherit" })
    .spawn();
  let heard = "";
  const reading = (async () => {
    for await (const text of child.stdout.pipeThrough(new TextDecoderStream())) heard += text;
  })();
  let port = 0;
  for (let i = 0; i < 1_000 && port === 0; i++) {
    await sleep(10);
    port = Number(/port ([0-9]+)/.exec(heard)?.[1] ?? 0);
  }
  assert(port > 0, "the child does not listen");
  return {
    child,
    port,
    heard: () => heard,
    [Symbol.asyncDispose]: async () => {
      child.kill("SIGKILL");
      await child.status;
      await reading;
    },
  };
}

/** What a new connection gets back for its word within a second. */
async function echo(port: number): Promise<string> {
  const conn = await dial({ host: "127.0.0.1", port }, { timeoutMs: 1_000 }).catch(() => undefined);
  if (conn === undefined) return "no connection";
  try {
    await conn.write(octets("word"));
    return await readText(conn, 4, 1_000);
  } catch (thrown) {
    return String(thrown);
  } finally {
    conn.destroy();
  }
}

function limited(...args: string[]): [string, string[]] {
  return ["sh", ["-c", 'ulimit -n 128; exec "$@"', "sh", Deno.execPath(), ...CHILD, ...args]];
}

Deno.test("after descriptor exhaustion the listener accepts again", async () => {
  await using server = await start(...limited("1000", "100", "127.0.0.1:0"));
  const { port, heard } = server;
  const conns: Conn[] = [];
  for (let i = 0; i < 160; i++) conns.push(await dial({ host: "127.0.0.1", port }));
  await sleep(400);
  assert(await echo(port) !== "word", "the child was not out of descriptors: the test tests nothing");
  for (const conn of conns) conn.destroy();
  let answer = "";
  for (let i = 0; i < 20 && answer !== "word"; i++) {
    await sleep(100);
    answer = await echo(port);
  }
  assertEquals(answer, "word");
  assertEquals(heard().match(/event net\.listen\n/g)?.length, 2);
  for (let i = 0; i < 5; i++) assertEquals(await echo(port), "word");
});

Deno.test("a limit made from the descriptors keeps exhaustion away: the rest is refused with a line", async () => {
  await using server = await start(...limited(String(maxConnectionsFor(128, 1)), "100", "127.0.0.1:0"));
  const { port, heard } = server;
  const conns: Conn[] = [];
  for (let i = 0; i < 160; i++) {
    conns.push(await dial({ host: "127.0.0.1", port }));
    if (i % 10 === 9) await sleep(20);
  }
  const last = conns.at(-1)!;
  const word = await readText(last, 4, 2_000).catch((error) => error.reason);
  assert(["421 max-connections\r\n", "", "reset"].includes(word), `got ${JSON.stringify(word)}`);
  const first = conns[0]!;
  await first.write(octets("word"));
  assertEquals(await readText(first, 4), "word");
  for (const conn of conns) conn.destroy();
  await sleep(300);
  assertEquals(await echo(port), "word");
  assertEquals(heard().match(/event/g)?.length, 1, "it was bound once");
});

Deno.test("maxConnectionsFor leaves a quarter, and at least 64, to others", () => {
  assertEquals(maxConnectionsFor(20_000, 1), 15_000);
  assertEquals(maxConnectionsFor(20_000, 20), 750);
  assertEquals(maxConnectionsFor(128, 1), 64);
  assertEquals(maxConnectionsFor(16, 4), 1);
});

const hasPython = await new Deno.Command("python3", { args: ["-c", "0"], stdout: "null", stderr: "null" })
  .output().then((out) => out.success, () => false);

/** Binds, and starts the child with the listening socket as descriptor 3, as systemd does. */
const ACTIVATE = `
import os, socket, sys
s = socket.socket()
s.bind(("127.0.0.1", 0))
s.listen(100)
os.dup2(s.fileno(), 3)
os.set_inheritable(3, True)
os.execvp(sys.argv[1], sys.argv[1:])
`;

Deno.test({
  name: "an inherited listening socket is served (the test needs python3)",
  ignore: !hasPython,
  fn: async () => {
    await using server = await start("python3", [
      "-c",
      ACTIVATE,
      Deno.execPath(),
      ...CHILD,
      "100",
      "1000",
      "fd",
    ]);
    for (let i = 0; i < 3; i++) assertEquals(await echo(server.port), "word");
  },
});
