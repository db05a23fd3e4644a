import { assertEquals, assertStringIncludes } from "@std/assert";
import "../net/events.ts";
import "../node/events.ts";
import { Metrics, metricsText } from "./metrics.ts";

Deno.test("figures of several threads are added up, with labels of few values only", async () => {
  const [one, two] = [new Metrics(), new Metrics()];
  one.record("net.refused", { listener: "smtp", remote: "192.0.2.1", reason: "rate" });
  two.record("net.refused", { listener: "imap", remote: "192.0.2.2", reason: "rate" });
  two.record("node.ready", { ms: 3 });
  one.heap(1, 1000);
  two.heap(2, 2000);
  one.connection("imap", 1);
  two.connection("imap", 1);
  two.connection("imap", 1);
  two.connection("imap", -1);
  const text = await metricsText([await one.snapshot(), await two.snapshot()], {
    malleposte_workers: { help: "Workers", value: 2 },
  });
  assertStringIncludes(text, 'malleposte_events_total{event="net.refused",reason="rate"} 2\n');
  assertStringIncludes(text, 'malleposte_connections{protocol="imap"} 2\n');
  assertStringIncludes(text, 'malleposte_duration_seconds_bucket{le="0.005",event="node.ready"} 1\n');
  assertStringIncludes(text, "malleposte_workers 2\n");
  for (const worker of [1, 2]) {
    assertStringIncludes(text, `malleposte_worker_heap_bytes{worker="${worker}"} ${worker}000\n`);
  }
  assertEquals(text.includes("192.0.2"), false);
});

Deno.test("no thread answers: the process's own figures are still there", async () => {
  const text = await metricsText([], { malleposte_workers: { help: "Workers", value: 0 } });
  assertStringIncludes(text, "malleposte_workers 0\n");
});

Deno.test("a label's value is cut: a client cannot write long ones", async () => {
  const metrics = new Metrics();
  metrics.record("net.refused", { listener: "smtp", remote: "192.0.2.1", reason: "x".repeat(1000) });
  assertStringIncludes(await metricsText([await metrics.snapshot()], {}), `reason="${"x".repeat(40)}"`);
});
