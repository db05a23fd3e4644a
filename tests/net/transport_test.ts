import { assert, assertEquals, assertRejects } from "@std/assert";
import { ConnError } from "../../src/core/conn.ts";
import { dial, dialer } from "../../src/net/mod.ts";
import type { Transport } from "../../src/net/transport.ts";
import { capture, octets, pair, readText, sleep, until } from "./support.ts";

/** Asserts that a promise rejects with a ConnError of that reason. */
async function rejectsWith(reason: ConnError["reason"], promise: Promise<unknown>): Promise<void> {
  const error = await promise.then(() => undefined, (thrown) => thrown);
  assert(error instanceof ConnError, `wanted a ConnError, got ${error}`);
  assertEquals(error.reason, reason, error.message);
}

Deno.test("octets go both ways, arrays in one write", async () => {
  await using ends = await pair();
  await ends.client.write([octets("EHLO "), octets(""), octets("a.test\r\n")]);
  assertEquals(await readText(ends.server, 13), "EHLO a.test\r\n");
  await ends.server.write(octets("250 OK\r\n"));
  assertEquals(await readText(ends.client, 8), "250 OK\r\n");
  assertEquals(ends.server.remote, { address: "127.0.0.1", port: ends.client.local.port });
  assertEquals(ends.server.local, ends.listener.address);
  assertEquals(ends.client.remote, ends.listener.address);
  assert(ends.client.id !== ends.server.id);
});

Deno.test("a read that timed out loses nothing and may be asked again", async () => {
  await using ends = await pair();
  await rejectsWith("timeout", ends.server.read(20));
  await rejectsWith("timeout", ends.server.read(20));
  await ends.client.write(octets("late"));
  assertEquals(await readText(ends.server, 4), "late");
});

Deno.test("a deadline is late, never early, and a renewed one counts from its renewal", async () => {
  await using ends = await pair();
  const start = performance.now();
  await rejectsWith("timeout", ends.server.read(150));
  const took = performance.now() - start;
  assert(took >= 150 && took < 3_000, `took ${took} ms`);
  // Answered reads leave a deadline behind that must not end a later read.
  const reading = ends.server.read(100);
  await ends.client.write(octets("x"));
  await reading;
  const later = ends.server.read(2_000);
  await sleep(300);
  await ends.client.write(octets("y"));
  assertEquals((await later)?.length, 1);
});

Deno.test("two reads at once are a mistake of the caller", async () => {
  await using ends = await pair();
  const first = ends.server.read(1_000);
  await assertRejects(() => ends.server.read(1_000), TypeError);
  await ends.client.write(octets("x"));
  assertEquals((await first)?.length, 1);
});

Deno.test("half-close: the end of the stream is null and we may still answer", async () => {
  await using ends = await pair();
  await ends.client.write(octets("QUIT\r\n"));
  const closing = ends.client.close();
  assertEquals(await readText(ends.server), "QUIT\r\n");
  assertEquals(await ends.server.read(1_000), null);
  await ends.server.write(octets("221 bye\r\n"));
  await ends.server.close();
  await closing;
});

Deno.test("close sends what waits, also a lot of it", async () => {
  await using ends = await pair();
  const big = new Uint8Array(5_000_000).fill(97);
  void ends.server.write(big).catch(() => {});
  void ends.server.write(octets("end")).catch(() => {});
  const closing = ends.server.close();
  const text = await readText(ends.client);
  assertEquals(text.length, 5_000_003);
  assert(text.endsWith("aend"));
  await ends.client.close();
  await closing;
  await ends.server.close();
});

Deno.test("close reaches a peer that is still sending: its octets are read, so no RST eats our reply", async () => {
  await using ends = await pair();
  await ends.client.write(new Uint8Array(200_000));
  await ends.server.write(octets("421 busy\r\n"));
  const closing = ends.server.close();
  await sleep(20);
  assertEquals(await readText(ends.client), "421 busy\r\n");
  await ends.client.close();
  await closing;
});

Deno.test("a peer that never closes is cut off after the linger time", async () => {
  await using ends = await pair({ limits: { lingerMs: 50 } });
  const start = performance.now();
  await ends.server.close();
  assert(performance.now() - start < 5_000);
});

Deno.test("after close or destroy: reads and writes are refused, twice is safe", async () => {
  await using ends = await pair({ limits: { lingerMs: 50 } });
  const waiting = ends.server.read(5_000);
  const closing = ends.server.close();
  await rejectsWith("closed", waiting);
  await rejectsWith("closed", ends.server.read(10));
  await rejectsWith("closed", ends.server.write(octets("x")));
  await rejectsWith("closed", ends.server.startTls());
  await Promise.all([closing, ends.server.close()]);
  ends.server.destroy();
  ends.client.destroy();
  ends.client.destroy();
  await rejectsWith("closed", ends.client.read(10));
  await rejectsWith("closed", ends.client.write(octets("x")));
  await ends.client.close();
});

Deno.test("a peer that vanishes: a waiting read ends, at the end of the stream or with reset", async () => {
  await using ends = await pair();
  const waiting = ends.server.read(5_000).catch((error) => error.reason);
  ends.client.destroy();
  assert([null, "reset"].includes(await waiting));
});

Deno.test("writes: small ones resolve at once, their buffers may be used again", async () => {
  await using ends = await pair();
  const buffer = octets("one ");
  await ends.server.write(buffer);
  buffer.set(octets("two "));
  await ends.server.write(buffer);
  buffer.set(octets("3333"));
  assertEquals(await readText(ends.client, 8), "one two ");
});

Deno.test("writes keep their order whatever their sizes", async () => {
  await using ends = await pair();
  const sizes = [1, 5_000, 70_000, 3, 64, 65_536, 65_537, 200_000, 10, 4_096, 4_097];
  let want = "";
  const writes = sizes.map((size, i) => {
    const letter = String.fromCharCode(97 + i);
    want += letter.repeat(size);
    return ends.server.write(
      i % 2 === 0 ? octets(letter.repeat(size)) : [octets(letter), octets(letter.repeat(size - 1))],
    );
  });
  assertEquals(await readText(ends.client, want.length), want);
  await Promise.all(writes);
  assertEquals(ends.server.unsent, 0);
});

Deno.test("a client that never reads: write waits, then stalls; what waits is bounded", async () => {
  const { listener, accepted } = await capture({ limits: { writeStallMs: 200 } });
  const client = await dial({ host: "127.0.0.1", port: listener.address.port });
  const server = await accepted();
  const chunk = new Uint8Array(100_000);
  let error: unknown;
  for (let i = 0; i < 1_000 && error === undefined; i++) {
    await server.write(chunk).catch((thrown) => error = thrown);
    assert(server.unsent <= 262_144);
  }
  assert(error instanceof ConnError && error.reason === "stalled", `got ${error}`);
  await rejectsWith("stalled", server.write(chunk));
  client.destroy();
  await listener[Symbol.asyncDispose]();
});

Deno.test("a client that never reads: small writes are held back once outputBuffer octets wait", async () => {
  const { listener, accepted } = await capture({ limits: { writeStallMs: 300 } });
  const client = await dial({ host: "127.0.0.1", port: listener.address.port });
  const server = await accepted();
  const line = new Uint8Array(4_096);
  let error: unknown, most = 0;
  for (let i = 0; i < 20_000 && error === undefined; i++) {
    await server.write(line).catch((thrown) => error = thrown);
    most = Math.max(most, server.unsent);
  }
  assert(error instanceof ConnError && error.reason === "stalled", `got ${error}`);
  assert(most <= 262_144 + 4_096, `${most} octets waited`);
  client.destroy();
  await listener[Symbol.asyncDispose]();
});

Deno.test("a slow reader is no stalled reader", async () => {
  await using ends = await pair({ limits: { writeStallMs: 400 } });
  const all = ends.server.write(new Uint8Array(6_000_000));
  let got = 0;
  while (got < 6_000_000) {
    const chunk = await ends.client.read(1_000);
    if (chunk === null) break;
    got += chunk.length;
    if (got % 10 === 0) await sleep(2);
  }
  await all;
  assertEquals(got, 6_000_000);
});

Deno.test("nothing is read while nobody asks: one chunk waits here", async () => {
  await using ends = await pair();
  const sending = ends.client.write(new Uint8Array(20_000_000));
  sending.catch(() => {}); // when an assertion below fails, it is that which is to be seen
  await sleep(50);
  assertEquals(ends.server.buffered, 0, "not even asked once");
  let got = (await ends.server.read(1_000))!.length;
  await until(() => ends.server.buffered > 0, "the next chunk was read ahead");
  await sleep(100);
  assert(ends.server.buffered <= 65_536, `${ends.server.buffered} octets are held`);
  while (got < 20_000_000) got += (await ends.server.read(1_000))!.length;
  await sending;
  assertEquals(ends.server.buffered, 0);
});

Deno.test("dial: refused, and no answer in time", async () => {
  const { listener } = await capture();
  const { port } = listener.address;
  await listener[Symbol.asyncDispose]();
  await rejectsWith("reset", dial({ host: "127.0.0.1", port }));
  await rejectsWith("reset", dial({ path: "/nonexistent/socket" }));
  // 192.0.2.0/24 is TEST-NET-1: nothing answers, or the network is unreachable at once.
  const error = await dialer({ dialMs: 100 })({ host: "192.0.2.1", port: 25 }).catch((thrown) => thrown);
  assert(error instanceof ConnError && (error.reason === "timeout" || error.reason === "reset"));
});

Deno.test("many connections, each with its own octets", async () => {
  const { listener, accepted } = await capture({ exempt: ["127.0.0.0/8"] });
  const clients = await Promise.all(
    Array.from({ length: 100 }, () => dial({ host: "127.0.0.1", port: listener.address.port })),
  );
  const servers = await Promise.all(clients.map(() => accepted()));
  await Promise.all(servers.map((server) => server.write(octets(`port ${server.remote.port}\r\n`))));
  for (const client of clients) {
    const want = `port ${client.local.port}\r\n`;
    assertEquals(await readText(client, want.length), want);
  }
  assertEquals(listener.connections, 100);
  for (const client of clients) client.destroy();
  await Promise.all(clients.map((client) => (client as Transport).closed));
  await listener.close();
  await Promise.all(servers.map((server) => server.close()));
  await listener.drained();
  assertEquals(listener.connections, 0);
});
