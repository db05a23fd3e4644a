import { Buffer } from "node:buffer";
import { createConnection, createServer } from "node:net";
import { assert, assertEquals, assertRejects } from "@std/assert";
import type { Conn } from "../../src/core/conn.ts";
import type { Emit } from "../../src/core/events.ts";
import {
  ConnectionBudget,
  dial,
  listen,
  LocalAddressBook,
  selfSigned,
  TlsContextHolder,
} from "../../src/net/mod.ts";
import { capture, drain, octets, pair, readText, sleep, until } from "./support.ts";

/** An emitter that keeps what it is told. */
function recorder(): { emit: Emit; names: () => string[]; events: [string, Record<string, unknown>][] } {
  const events: [string, Record<string, unknown>][] = [];
  return {
    events,
    emit: (name, fields) => void events.push([name, { ...fields }]),
    names: () => events.map(([name]) => name),
  };
}

const refusal = (reason: string) => octets(`421 ${reason}\r\n`);

Deno.test("IPv6, and IPv4 peers of an IPv6 listener by their IPv4 address", async () => {
  const { listener, accepted } = await capture({ address: "*:0" });
  for (const [host, want] of [["127.0.0.1", "127.0.0.1"], ["::1", "::1"]] as const) {
    const client = await dial({ host, port: listener.address.port });
    const server = await accepted();
    assertEquals([server.remote.address, server.local.address], [want, want]);
    assertEquals(client.remote, { address: want, port: listener.address.port });
    client.destroy();
  }
  await listener[Symbol.asyncDispose]();
});

Deno.test("a unix socket: rights of its file, both directions, no stale file afterwards", async () => {
  const folder = await Deno.makeTempDir();
  const path = `${folder}/lmtp`;
  {
    await using ends = await pair({ address: `unix:${path}`, mode: 0o660 });
    assertEquals(ends.listener.address, { address: path, port: 0 });
    assertEquals(ends.client.remote, { address: path, port: 0 });
    assertEquals(ends.server.remote, { address: path, port: 0 });
    assertEquals((await Deno.stat(path)).mode! & 0o777, 0o660);
    await ends.client.write(octets("LHLO a.test\r\n"));
    assertEquals(await readText(ends.server, 13), "LHLO a.test\r\n");
    await ends.server.write(octets("250 ok\r\n"));
    assertEquals(await readText(ends.client, 8), "250 ok\r\n");
  }
  await assertRejects(() => Deno.stat(path), Deno.errors.NotFound);
  await Deno.remove(folder, { recursive: true });
});

Deno.test("a unix socket that nobody answers on is taken over, one that is served is not", async () => {
  const folder = await Deno.makeTempDir();
  const path = `${folder}/lmtp`;
  // What a killed server leaves: the file of a socket that nobody listens on any more.
  const script = `Deno.listen({ transport: "unix", path: ${JSON.stringify(path)} }); Deno.exit()`;
  await new Deno.Command(Deno.execPath(), { args: ["eval", script], stderr: "null" }).output();
  assert((await Deno.stat(path)).isSocket);
  const listener = await drain({ address: `unix:${path}` });
  await assertRejects(() => drain({ address: `unix:${path}` }), Error, "EADDRINUSE");
  const client = await dial({ path });
  await client.close();
  await listener[Symbol.asyncDispose]();
  // A plain file in the way is somebody's, and stays.
  await Deno.writeTextFile(path, "mine");
  await assertRejects(() => drain({ address: `unix:${path}` }), Error);
  assertEquals(await Deno.readTextFile(path), "mine");
  await Deno.remove(folder, { recursive: true });
});

Deno.test("close stops accepting and keeps connections; a port that is taken is an error", async () => {
  const { listener, accepted } = await capture();
  const { port } = listener.address;
  const client = await dial({ host: "127.0.0.1", port });
  const server = await accepted();
  await assertRejects(() => drain({ address: `127.0.0.1:${port}` }), Error, "EADDRINUSE");
  await listener.close();
  await listener.close();
  await assertRejects(() => dial({ host: "127.0.0.1", port }));
  await client.write(octets("still here"));
  assertEquals(await readText(server, 10), "still here");
  assertEquals(listener.connections, 1);
  const drained = listener.drained();
  const closing = client.close();
  await server.close();
  await Promise.all([closing, drained]);
  assertEquals(listener.connections, 0);
});

Deno.test("more than maxConnections: the refusal, then the end; a place that is free again is used", async () => {
  const { emit, events } = recorder();
  const { listener, accepted } = await capture({ limits: { maxConnections: 2 }, refusal, emit });
  const to = { host: "127.0.0.1", port: listener.address.port };
  const clients = [await dial(to), await dial(to)];
  const servers = [await accepted(), await accepted()];
  const third = await dial(to);
  assertEquals(await readText(third), "421 max-connections\r\n");
  await third.close();
  assertEquals(events.at(-1), ["net.refused", {
    listener: "127.0.0.1:0",
    remote: "127.0.0.1",
    reason: "max-connections",
  }]);
  clients[0]!.destroy();
  servers[0]!.destroy();
  await until(() => listener.connections === 1, "a place is free");
  const fourth = await dial(to);
  await (await accepted()).write(octets("220 hello\r\n"));
  assertEquals(await readText(fourth, 11), "220 hello\r\n");
  fourth.destroy();
  clients[1]!.destroy();
  await listener[Symbol.asyncDispose]();
});

Deno.test("a budget bounds several listeners together", async () => {
  const budget = new ConnectionBudget(2);
  const listeners = [await drain({ budget, refusal }), await drain({ budget, refusal })];
  const at = (i: number) => dial({ host: "127.0.0.1", port: listeners[i]!.address.port });
  const clients = [await at(0), await at(1)];
  await until(() => budget.open === 2, "both are accepted");
  const third = await at(1);
  assertEquals(await readText(third), "421 max-connections\r\n");
  for (const client of [...clients, third]) client.destroy();
  for (const listener of listeners) await listener[Symbol.asyncDispose]();
  assertEquals(budget.open, 0);
});

Deno.test("per-address limits: refused with a line, exempt networks and implicit TLS aside", async () => {
  const limits = { connectionsPerAddress: 1 };
  for (const exempt of [[], ["127.0.0.0/8"]]) {
    const { listener, accepted } = await capture({ limits, refusal, exempt });
    const to = { host: "127.0.0.1", port: listener.address.port };
    const first = await dial(to);
    await accepted();
    const second = await dial(to);
    if (exempt.length === 0) assertEquals(await readText(second), "421 connections-per-address\r\n");
    else await (await accepted()).write(octets("220 hello\r\n"));
    if (exempt.length > 0) assertEquals(await readText(second, 11), "220 hello\r\n");
    first.destroy();
    second.destroy();
    await listener[Symbol.asyncDispose]();
  }
  const certificates = new TlsContextHolder([await selfSigned("localhost")]);
  const listener = await drain({ tls: "implicit", certificates, limits, refusal });
  const to = { host: "127.0.0.1", port: listener.address.port };
  const first = await dial(to, { tls: { verify: false } });
  await first.startTls();
  const second = await dial(to);
  assertEquals(await second.read(2_000).catch(() => null), null, "no plaintext on a TLS port");
  first.destroy();
  second.destroy();
  await listener[Symbol.asyncDispose]();
});

Deno.test("new connections in a minute, and counts that listeners share", async () => {
  const book = new LocalAddressBook();
  const options = { limits: { newPerMinute: 3 }, refusal, book };
  const listeners = [await drain(options), await drain(options)];
  const texts: string[] = [];
  for (let i = 0; i < 4; i++) {
    const client = await dial({ host: "127.0.0.1", port: listeners[i % 2]!.address.port });
    const closing = i < 3 ? client.close() : undefined;
    if (closing === undefined) texts.push(await readText(client));
    await (closing ?? client.close());
  }
  assertEquals(texts, ["421 new-per-minute\r\n"]);
  for (const listener of listeners) await listener[Symbol.asyncDispose]();
  assertEquals(book.size, 0);
});

Deno.test("a handler that throws is a bug that is told, and only its connection ends", async () => {
  const { emit, events } = recorder();
  const listener = await listen({
    address: "127.0.0.1:0",
    tls: "none",
    emit,
    handler: async (conn: Conn) => {
      if (await readText(conn, 3) === "bad") throw new Error("deliberate");
      await conn.write(octets("fine"));
    },
  });
  const to = { host: "127.0.0.1", port: listener.address.port };
  for (const [word, want] of [["bad", ""], ["god", "fine"]] as const) {
    const client = await dial(to);
    await client.write(octets(word));
    assertEquals(await readText(client).catch(() => ""), want);
    client.destroy();
  }
  await until(() => listener.connections === 0, "both are gone");
  const bugs = events.filter(([name]) => name === "bug");
  assertEquals(bugs.map(([, fields]) => fields.error), ["deliberate"]);
  await listener[Symbol.asyncDispose]();
});

const V1 = "PROXY TCP4 198.51.100.7 203.0.113.9 40000 25\r\n";
const V2 = new Uint8Array([
  ...[13, 10, 13, 10, 0, 13, 10, 0x51, 0x55, 0x49, 0x54, 10, 0x21, 0x11, 0, 12],
  ...[198, 51, 100, 7, 203, 0, 113, 9, 0x9c, 0x40, 0, 25],
]);

Deno.test("PROXY: the ends are renamed, what follows the header is read, octet by octet too", async () => {
  for (const header of [octets(V1), V2]) {
    for (const bytewise of [false, true]) {
      const { listener, accepted } = await capture({ proxy: ["127.0.0.0/8"] });
      const client = await dial({ host: "127.0.0.1", port: listener.address.port });
      const all = new Uint8Array([...header, ...octets("EHLO a.test\r\n")]);
      if (bytewise) {
        for (let i = 0; i < all.length; i++) {
          await client.write(all.subarray(i, i + 1));
          await sleep(0);
        }
      } else await client.write(all);
      const server = await accepted();
      assertEquals(server.remote, { address: "198.51.100.7", port: 40_000 });
      assertEquals(server.local, { address: "203.0.113.9", port: 25 });
      assertEquals(await readText(server, 13), "EHLO a.test\r\n");
      client.destroy();
      await listener[Symbol.asyncDispose]();
    }
  }
});

Deno.test("PROXY before implicit TLS, ClientHello in the header's own segment", async () => {
  const certificates = new TlsContextHolder([await selfSigned("localhost")]);
  const { listener, accepted } = await capture({ proxy: ["127.0.0.1"], tls: "implicit", certificates });
  // A proxy that sends its header and the client's first octets in one write.
  const front = createServer((inner) => {
    const outer = createConnection(listener.address.port, "127.0.0.1");
    inner.once("data", (hello) => {
      outer.write(Buffer.concat([V2, hello as Uint8Array]));
      inner.pipe(outer);
      outer.pipe(inner);
    });
    inner.on("error", () => {}).on("close", () => outer.destroy());
    outer.on("error", () => {}).on("close", () => inner.destroy());
  });
  await new Promise<void>((resolve) => front.listen(0, "127.0.0.1", resolve));
  const { port } = front.address() as { port: number };
  const client = await dial({ host: "127.0.0.1", port }, { tls: { verify: false } });
  await client.startTls();
  const server = await accepted();
  assertEquals(server.remote.address, "198.51.100.7");
  await client.write(octets("A1 NOOP\r\n"));
  assertEquals(await readText(server, 9), "A1 NOOP\r\n");
  client.destroy();
  front.close();
  await listener[Symbol.asyncDispose]();
});

Deno.test("PROXY from a peer that is not listed, without a header, or too late: dropped", async () => {
  const cases = [
    { proxy: ["192.0.2.0/24"], send: octets(V1), reason: "not a listed proxy" },
    { proxy: ["127.0.0.1"], send: octets("EHLO a.test\r\n"), reason: "no header" },
    { proxy: ["127.0.0.1"], send: octets("PROXY TCP4"), reason: "no header in time" },
    { proxy: ["127.0.0.1"], send: octets(""), reason: "no header in time" },
  ];
  for (const { proxy, send, reason } of cases) {
    const { emit, events } = recorder();
    const listener = await drain({ proxy, emit, limits: { proxyHeaderMs: 100 } });
    const client = await dial({ host: "127.0.0.1", port: listener.address.port });
    await client.write(send).catch(() => {});
    assertEquals(await readText(client).catch(() => ""), "");
    assertEquals(events.at(-1), ["net.proxy.refused", {
      listener: "127.0.0.1:0",
      remote: "127.0.0.1",
      reason,
    }]);
    client.destroy();
    await until(() => listener.connections === 0, "it is dropped");
    await listener[Symbol.asyncDispose]();
  }
});

Deno.test("PROXY over a unix socket needs no list; limits count the address behind the proxy", async () => {
  const folder = await Deno.makeTempDir();
  const { listener, accepted } = await capture({
    address: `unix:${folder}/smtp`,
    proxy: [],
    limits: { connectionsPerAddress: 1 },
    refusal,
  });
  const clients = [];
  for (const header of [V1, V1, V1.replace("100.7", "100.8")]) {
    const client = await dial({ path: `${folder}/smtp` });
    await client.write(octets(header));
    clients.push(client);
  }
  assertEquals((await accepted()).remote.address, "198.51.100.7");
  assertEquals((await accepted()).remote.address, "198.51.100.8");
  assertEquals(await readText(clients[1]!), "421 connections-per-address\r\n");
  for (const client of clients) client.destroy();
  await listener[Symbol.asyncDispose]();
  await Deno.remove(folder, { recursive: true });
});

Deno.test("two listeners share a port with reusePort, and both are given connections", async () => {
  const first = await drain({ reusePort: true, exempt: ["127.0.0.1"] });
  const { port } = first.address;
  const second = await drain({ address: `127.0.0.1:${port}`, reusePort: true, exempt: ["127.0.0.1"] });
  const clients = await Promise.all(
    Array.from({ length: 60 }, () => dial({ host: "127.0.0.1", port })),
  );
  await until(() => first.connections + second.connections === 60, "all are accepted");
  assert(first.connections > 5 && second.connections > 5, `${first.connections} and ${second.connections}`);
  for (const client of clients) client.destroy();
  await first[Symbol.asyncDispose]();
  await second[Symbol.asyncDispose]();
});

Deno.test("options that cannot be are refused before anything is bound", async () => {
  await assertRejects(() => drain({ address: "nowhere" }), TypeError);
  await assertRejects(() => drain({ tls: "starttls" }), TypeError);
  await assertRejects(() => drain({ proxy: ["10.0.0.0/99"] }), TypeError);
  await assertRejects(() => listen({ tls: "none", handler: () => Promise.resolve() }), TypeError);
});
