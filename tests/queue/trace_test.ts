import { assert, assertEquals } from "@std/assert";
import { silent } from "../../src/core/events.ts";
import { QUEUE_LIMITS } from "../../src/queue/limits.ts";
import { Tracer } from "../../src/queue/trace.ts";
import { findTrace } from "../../src/queue/trace_find.ts";
import type { TracedDelivery } from "../../src/store/mod.ts";
import { bench, mail, stage } from "../store/support.ts";
import { drained, Hops, outbound, scheduler } from "./support.ts";

Deno.test("a message is found by its Message-ID and by addresses, from connection to last recipient", async () => {
  let tracer: Tracer | undefined;
  await using t = await bench(1, { traced: (some: readonly TracedDelivery[]) => tracer!.delivered(some) });
  const own = tracer = new Tracer(t.db.door, silent, QUEUE_LIMITS);
  const emit = own.event;
  emit("smtp.connected", { session: "c1", role: "mx", remote: "192.0.2.9" });
  emit("smtp.connected", { session: "scanner", role: "mx", remote: "192.0.2.66" });
  emit("smtp.closed", { session: "scanner", role: "mx", reason: "eof", messages: 0 });
  emit("smtp.rcpt.refused", {
    session: "c1",
    recipient: "nobody@example.test",
    reason: "unknown",
    reply: 550,
  });
  await using message = await stage(
    t.store,
    mail("Traced", "Hello\n", "Message-ID: <Traced@example.test>\n"),
  );
  await t.store.deliver([{
    message,
    to: [{ account: t.accounts[0]!, mailbox: "INBOX" }],
    outbound: outbound(["away@one.test"], { session: "c1" }),
  }], { atomic: true });
  emit("smtp.message.accepted", {
    session: "c1",
    id: "c1-1",
    from: "<ann@example.test>",
    blob: message.blob,
    recipients: 2,
    size: message.size,
    took: 1,
  });
  await using _ = scheduler(t, new Hops(), {}, { emit });
  await drained(t.db.database);
  emit("smtp.closed", { session: "c1", role: "mx", reason: "quit", messages: 1 });
  // Somebody else's, in the same page.
  emit("smtp.message.refused", {
    session: "c2",
    id: "c2-1",
    from: "<x@y.test>",
    reply: 552,
    status: "5.3.4",
  });
  await new Promise((wake) => setTimeout(wake, 0));
  await own.close();
  const steps = [
    "smtp.connected",
    "smtp.rcpt.refused",
    "smtp.message.accepted",
    "delivered",
    "queue.attempt",
  ];
  for (
    const term of ["<traced@example.test>", "away@one.test", "user0@example.test", "nobody@example.test"]
  ) {
    const found = await findTrace(t.db.database, term);
    assertEquals(found.map((one) => one.step).sort(), [...steps].sort(), term);
  }
  const found = await findTrace(t.db.database, "away@one.test");
  const attempt = found.find((one) => one.step === "queue.attempt")!;
  assertEquals([attempt.session, attempt.message_id, attempt.recipient], [
    "c1",
    "<Traced@example.test>",
    "away@one.test",
  ]);
  assert(
    attempt.detail!.includes("result=delivered") && attempt.detail!.includes("reply=250"),
    attempt.detail,
  );
  assertEquals(found.find((one) => one.step === "delivered")!.recipient, "user0@example.test");
  assertEquals(await findTrace(t.db.database, "192.0.2.66"), []);
});

Deno.test("what does not fit is lost, and said to be", async () => {
  await using t = await bench();
  const lost: number[] = [];
  const tracer = new Tracer(t.db.door, (name, fields) => {
    if (name === "queue.trace.failed") lost.push((fields as { steps: number }).steps);
  }, { traceSteps: 3, traceMs: 60_000 });
  for (let i = 0; i < 5; i++) {
    tracer.event("smtp.rcpt.refused", {
      session: "s",
      recipient: `r${i}@a.test`,
      reason: "unknown",
      reply: 550,
    });
  }
  await tracer.close();
  assertEquals(lost, [2]);
  assertEquals((await findTrace(t.db.database, "r0@a.test")).length, 3);
});
