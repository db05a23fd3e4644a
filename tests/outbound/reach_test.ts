import { assert, assertEquals, assertMatch } from "@std/assert";
import type { Destination } from "../../src/core/outbound.ts";
import { realWorld } from "../../src/core/world.ts";
import { dial, selfSigned, TlsContextHolder } from "../../src/net/mod.ts";
import { createReacher, type ReachOptions } from "../../src/queue/reach.ts";
import { CLIENT_LIMITS } from "../../src/smtp/client.ts";
import { NextHop } from "../support/next_hop.ts";
import { message } from "../support/outbound.ts";

const never = new AbortController().signal;
const need = { requireTls: false, signal: never };

function reacher(own: Partial<ReachOptions> = {}) {
  return createReacher({
    dial,
    hostname: "mail.example.test",
    world: realWorld,
    client: CLIENT_LIMITS,
    mx: undefined,
    ...own,
  });
}

function host(port: number, own: Partial<Destination> = {}): Destination {
  return {
    key: `smtp:127.0.0.1:${port}`,
    protocol: "smtp",
    by: { kind: "host", host: "127.0.0.1", port },
    tls: "may",
    implicitTls: false,
    login: undefined,
    ...own,
  };
}

Deno.test("a host that was named is reached, and mail goes there", async () => {
  await using hop = await NextHop.start();
  const reached = await reacher().reach(host(hop.port), need);
  assert(reached.ok);
  assertEquals([reached.connection.host, reached.connection.address], ["127.0.0.1", "127.0.0.1"]);
  assertEquals((await reached.connection.send(message("a\r\n")))[0]!.outcome, "relayed");
  await reached.connection[Symbol.asyncDispose]();
});

Deno.test("nobody there, or somebody who refuses, is a result", async () => {
  const hop = await NextHop.start({
    act: (verb) => verb === "GREETING" ? "554 5.7.1 go away\r\n" : undefined,
  });
  const refused = await reacher().reach(host(hop.port), need);
  assert(!refused.ok);
  assertEquals([refused.result.outcome, refused.result.step, refused.result.reply.code], [
    "failed",
    "greeting",
    554,
  ]);
  const { port } = hop;
  await hop[Symbol.asyncDispose]();
  const gone = await reacher().reach(host(port), need);
  assert(!gone.ok);
  assertEquals([gone.result.outcome, gone.result.step, gone.result.reply.code], ["deferred", "connect", 0]);
});

Deno.test("a unix socket is reached by LMTP", async () => {
  const path = await Deno.makeTempFile();
  await Deno.remove(path);
  const listener = Deno.listen({ transport: "unix", path });
  const served = (async () => {
    const conn = await listener.accept();
    await conn.write(new TextEncoder().encode("220 here\r\n"));
    const buffer = new Uint8Array(1000);
    const count = await conn.read(buffer);
    await conn.write(new TextEncoder().encode("250 here\r\n"));
    await conn.read(buffer.subarray(500));
    conn.close();
    return new TextDecoder().decode(buffer.subarray(0, count ?? 0));
  })();
  const reached = await reacher().reach(
    host(0, { protocol: "lmtp", by: { kind: "unix", path }, tls: "none" }),
    need,
  );
  assert(reached.ok, JSON.stringify(reached));
  await reached.connection[Symbol.asyncDispose]();
  assertEquals(await served, "LHLO mail.example.test\r\n");
  listener.close();
});

const pair = await selfSigned("hop.test");
const certificates = new TlsContextHolder([pair]);

Deno.test("broken TLS: without it where that is allowed, else later", async () => {
  await using hop = await NextHop.start({
    offers: ["STARTTLS"],
    certificates,
    act: (verb) => verb === "STARTTLS" ? "220 go\r\nnoise\r\n" : undefined,
  });
  const reached = await reacher().reach(host(hop.port), need);
  assert(reached.ok, JSON.stringify(reached));
  assertEquals(reached.connection.security, undefined);
  await reached.connection[Symbol.asyncDispose]();
  assertEquals(hop.connections, 2);
  const strict = await reacher().reach(host(hop.port, { tls: "encrypt" }), need);
  assert(!strict.ok);
  assertEquals([strict.result.outcome, strict.result.step], ["deferred", "starttls"]);
});

Deno.test("a certificate is looked at from `verify` on", async () => {
  await using hop = await NextHop.start({ offers: ["STARTTLS"], certificates });
  for (
    const [tls, ca, want] of [
      ["may", undefined, /^TLSv1.3 \w+, not verified$/],
      ["encrypt", undefined, /^TLSv1.3 \w+, not verified$/],
      ["verify", undefined, undefined],
      ["verify", pair.cert, /^TLSv1.3 \w+, verified$/],
    ] as const
  ) {
    const reached = await reacher({ ca }).reach(host(hop.port, { tls }), need);
    assertEquals(reached.ok, want !== undefined, `${tls} ${ca !== undefined} ${JSON.stringify(reached)}`);
    if (reached.ok) {
      assertMatch(reached.connection.security!, want!);
      await reached.connection[Symbol.asyncDispose]();
    } else assertEquals([reached.result.outcome, reached.result.step], ["deferred", "starttls"]);
  }
});

Deno.test("an abort ends a try that hangs", async () => {
  await using hop = await NextHop.start({ act: (verb) => verb === "GREETING" ? "(silence)" : undefined });
  const abort = new AbortController();
  const reaching = reacher().reach(host(hop.port), { requireTls: false, signal: abort.signal });
  while (hop.connections === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  abort.abort();
  const reached = await reaching;
  assert(!reached.ok);
  assertEquals(reached.result.outcome, "deferred");
});
