/**
 * The runtime's TLS takes whatever a peer sends, read or not; src/net/flow.ts holds it. These tests look at
 * this process's memory while a peer in another process sends 200 MB that nobody reads.
 */
import { assert, assertEquals } from "@std/assert";
import type { Conn } from "../../src/core/conn.ts";
import { dial, selfSigned, TlsContextHolder } from "../../src/net/mod.ts";
import { capture, sleep } from "./support.ts";

const OCTETS = 200_000_000;
const GROWTH = 8_000_000;

function child(...args: string[]): Deno.ChildProcess {
  return new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--no-prompt",
      "--allow-net",
      "--allow-read",
      "--config",
      "deno.json",
      "tests/net/flood_child.ts",
      ...args,
    ],
    stdin: "null",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
}

/** Lets the peer send for a while, looks at memory, then takes everything. */
async function swallowNothing(conn: Conn): Promise<void> {
  let got = 0;
  // The stream is flowing: only then does the runtime show the defect.
  while (got < 5_000_000) got += (await conn.read(10_000))!.length;
  await sleep(100);
  const before = Deno.memoryUsage().rss;
  await sleep(1_000);
  const grown = Deno.memoryUsage().rss - before;
  assert(grown < GROWTH, `grew by ${grown} octets while nobody read`);
  assert(conn.buffered <= 262_144, `${conn.buffered} octets are held`);
  let odd = 0;
  while (got < OCTETS) {
    const chunk = await conn.read(10_000);
    assert(chunk !== null, `the stream ended after ${got} octets`);
    got += chunk.length;
    if (chunk[0] !== 120 || chunk[chunk.length - 1] !== 120) odd++;
  }
  assertEquals([got, odd], [OCTETS, 0]);
}

for (const mode of ["plain", "starttls", "implicit"] as const) {
  Deno.test(`${mode}: 200 MB that nobody reads stay with the peer, and all of it comes later`, async () => {
    const certificates = new TlsContextHolder([await selfSigned("localhost")]);
    const tls = mode === "plain" ? "none" : mode;
    const { listener, accepted } = await capture({ tls, certificates });
    const peer = child(
      "dial",
      String(listener.address.port),
      mode === "plain" ? "plain" : "starttls",
      String(OCTETS),
    );
    const conn = await accepted();
    if (mode === "starttls") await conn.startTls();
    await swallowNothing(conn);
    await conn.close();
    await peer.stdout.cancel();
    assertEquals((await peer.status).code, 0);
    await listener[Symbol.asyncDispose]();
  });
}

Deno.test("as a client: a hostile server cannot fill memory either", async () => {
  const peer = child("serve", String(OCTETS));
  const reader = peer.stdout.getReader();
  const port = Number(new TextDecoder().decode((await reader.read()).value));
  const conn = await dial({ host: "127.0.0.1", port }, { tls: { verify: false } });
  await conn.startTls();
  await swallowNothing(conn);
  await conn.close();
  await reader.cancel();
  assertEquals((await peer.status).code, 0);
});
