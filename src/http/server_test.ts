import { assert, assertEquals } from "@std/assert";
import { serveHttp } from "./server.ts";

Deno.test("the pages, and everything else", async () => {
  const state: { trouble?: string } = {};
  let broken = false;
  const server = serveHttp("127.0.0.1", 0, {
    trouble: () => Promise.resolve(state.trouble),
    metrics: () => broken ? Promise.reject(new Error("secret detail")) : Promise.resolve("a 1\n"),
  });
  const ask = async (path: string, method = "GET") => {
    const response = await fetch(`http://${server.address}${path}`, { method });
    return [response.status, await response.text()];
  };
  assertEquals(await ask("/healthz"), [200, "ok\n"]);
  state.trouble = "draining";
  assertEquals(await ask("/healthz"), [503, "draining\n"]);
  assertEquals(await ask("/metrics"), [200, "a 1\n"]);
  assertEquals(await ask("/metrics", "HEAD"), [200, ""]);
  assertEquals(await ask("/metrics", "POST"), [405, "only GET is answered here\n"]);
  assertEquals((await ask("/"))[0], 404);
  broken = true;
  assertEquals(await ask("/metrics"), [500, "internal error\n"]);
  await server.close();
});

Deno.test({
  name: "closing waits for no client that does not read its answer",
  // The runtime keeps the unsent answer's resources until its client goes away.
  sanitizeOps: false,
  sanitizeResources: false,
  fn: async () => {
    const server = serveHttp("127.0.0.1", 0, {
      trouble: () => Promise.resolve(undefined),
      metrics: () => Promise.resolve("x".repeat(50_000_000)),
    });
    const [hostname, port] = server.address.split(":");
    using client = await Deno.connect({ hostname: hostname!, port: Number(port) });
    await client.write(new TextEncoder().encode("GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n"));
    await new Promise((wake) => setTimeout(wake, 200));
    const began = performance.now();
    await server.close();
    assert(performance.now() - began < 5_000);
  },
});
