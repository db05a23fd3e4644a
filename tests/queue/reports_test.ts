import { assert, assertEquals, assertMatch } from "@std/assert";
import { sql } from "kysely";
import { simpleParser } from "mailparser";
import type { Directory } from "../../src/core/directory.ts";
import { silent } from "../../src/core/events.ts";
import { Notify } from "../../src/core/outbound.ts";
import { realWorld } from "../../src/core/world.ts";
import { MessageParser, parseReport, reportPart } from "../../src/mime/mod.ts";
import { Keeper } from "../../src/queue/keeper.ts";
import { QUEUE_LIMITS, type QueueLimits } from "../../src/queue/limits.ts";
import { Reporter } from "../../src/queue/reports.ts";
import { assertInvariants } from "../store/invariants.ts";
import { all, type Bench, bench, idOf, mail, octetsOf, stage } from "../store/support.ts";
import {
  DEFERRED,
  DELIVERED,
  enqueue,
  ENVELOPE,
  FAILED,
  Hops,
  outbound,
  QUICK,
  scheduler,
  states,
  until,
} from "./support.ts";

/** example.test is ours, with one account; all else is elsewhere. */
function directoryOf(t: Bench): Directory {
  return {
    resolve: ({ local, domain }) =>
      Promise.resolve(
        domain !== "example.test" ? { kind: "foreign", domain } : local === "ann"
          ? {
            kind: "local",
            targets: [{ account: t.accounts[0]!, address: "ann@example.test", detail: undefined }],
            remote: [],
          }
          : { kind: "unknown" },
      ),
  };
}

function reporterOf(t: Bench, limits: QueueLimits = QUICK): Reporter {
  return new Reporter({
    door: t.db.door,
    store: t.store,
    directory: directoryOf(t),
    world: realWorld,
    emit: silent,
    limits,
    hostname: "mx.example.test",
  });
}

function keeper(t: Bench, limits: Partial<QueueLimits> = {}): Keeper & AsyncDisposable {
  const all = { ...QUICK, ...limits };
  const reporter = reporterOf(t, all);
  const made = new Keeper({ door: t.db.door, emit: silent, limits: all, reporter, wake: () => {} });
  return Object.assign(made, { [Symbol.asyncDispose]: () => made.drain() });
}

/** Messages in the INBOX of ann, as text. */
async function inbox(t: Bench): Promise<readonly string[]> {
  const account = t.accounts[0]!, id = await idOf(t.store, account, "INBOX");
  const texts: string[] = [];
  for await (const rows of t.store.fetch(account, id, [[1, 1000]], {})) {
    for (const row of rows) {
      const pieces = await all(t.store.octets(account, [{ message: row.message, start: 0, end: 1e9 }]));
      texts.push(pieces.map((piece) => new TextDecoder().decode(piece.octets)).join(""));
    }
  }
  return texts;
}

/** The report in a message, by our own parser. */
function reportOf(text: string) {
  const octets = octetsOf(text);
  const parser = new MessageParser();
  parser.push(octets);
  const { root } = parser.finish();
  const part = reportPart(root)!;
  return parseReport(part, octets.subarray(part.bodyStart, part.bodyEnd))!;
}

Deno.test("a failure is reported to a sender of ours, once, with what the next hop said", async () => {
  await using t = await bench();
  const hops = new Hops();
  hops.answers.set("one.test", (_, address) => address.startsWith("ok") ? DELIVERED : FAILED);
  const original = mail("Hello there", "Secret body\n", "Message-ID: <orig@example.test>\n");
  const out = outbound(["no@one.test", "ok@one.test", "nor@one.test"], { envid: "QQ314159" }, {
    originalRecipient: "rfc822;No@One.test",
  });
  await enqueue(t.store, out, original);
  await using _ = scheduler(t, hops);
  await until(async () => (await states(t.db.database))["failed"] === 2, "two have failed");
  await using one = keeper(t), two = keeper(t);
  await Promise.all([one.round(), two.round()]);
  await until(async () => (await inbox(t)).length > 0, "the report is there");
  await one.round();
  const texts = await inbox(t);
  assertEquals(texts.length, 1);
  const text = texts[0]!;
  assert(text.startsWith("Return-Path: <>\r\n"));
  const report = reportOf(text);
  assertEquals(report.kind, "delivery-status");
  assertEquals(report.fields.map(({ name }) => name), [
    "original-envelope-id",
    "reporting-mta",
    "arrival-date",
  ]);
  assertEquals(report.fields[0]!.value, "QQ314159");
  assertEquals(
    report.recipients.map((r) => [r.finalRecipient?.value, r.originalRecipient?.value, r.action, r.status]),
    [
      ["no@one.test", "No@One.test", "failed", "5.1.1"],
      ["nor@one.test", "No@One.test", "failed", "5.1.1"],
    ],
  );
  assertEquals(report.recipients[0]!.diagnostic, { type: "smtp", value: "550 5.1.1 no such user here" });
  assertEquals(report.recipients[0]!.remoteMta, { type: "dns", value: "mx.one.test" });
  // The same by a parser that is not ours.
  const parsed = await simpleParser(text);
  assertEquals(parsed.headers.get("auto-submitted"), "auto-replied");
  assertEquals(parsed.subject, "Undelivered Mail Returned to Sender");
  assertEquals(parsed.inReplyTo, "<orig@example.test>");
  assertMatch(parsed.text ?? "", /no@one\.test\s+mx\.one\.test said: 550 5\.1\.1 no such user here/);
  assert(!text.includes("Secret body"), "only the header comes back");
  assert(text.includes("Subject: Hello there"));
  assertEquals(
    await t.db.database.selectFrom("queue_recipient").select("notice").where("notice", "is not", null)
      .execute(),
    [],
  );
  await assertInvariants(t.db.database);
});

Deno.test("however many workers report, a message's recipients stand in one report", async () => {
  await using t = await bench();
  const hops = new Hops();
  hops.answers.set("one.test", FAILED);
  const addresses = Array.from({ length: 30 }, (_, i) => `no${i}@one.test`);
  for (let i = 0; i < 5; i++) await enqueue(t.store, outbound(addresses));
  await using _ = scheduler(t, hops, { suppressMs: 0 });
  await until(async () => (await states(t.db.database))["failed"] === 150, "all have failed");
  const { signal } = new AbortController();
  await Promise.all(Array.from({ length: 8 }, () => reporterOf(t).run(signal)));
  // What was another's in that moment.
  await reporterOf(t).run(signal);
  const told = (await inbox(t)).map((text) => reportOf(text).recipients.length);
  assertEquals(told, [30, 30, 30, 30, 30]);
  await assertInvariants(t.db.database);
});

Deno.test("RET=FULL returns a small message whole, a large one's header only", async () => {
  await using t = await bench();
  const hops = new Hops();
  hops.answers.set("one.test", FAILED);
  await enqueue(t.store, outbound(["no@one.test"], { ret: "full" }), mail("Small", "All of the body\n"));
  await enqueue(
    t.store,
    outbound(["no@one.test"], { ret: "full" }),
    mail("Large", "All of the body\n".repeat(5000)),
  );
  await using _ = scheduler(t, hops, { suppressMs: 0 });
  await until(async () => (await states(t.db.database))["failed"] === 2, "both have failed");
  await using one = keeper(t);
  await one.round();
  await until(async () => (await inbox(t)).length === 2, "both are reported");
  const texts = await inbox(t);
  const small = texts.find((text) => text.includes("Subject: Small"))!;
  const large = texts.find((text) => text.includes("Subject: Large"))!;
  assert(small.includes("All of the body") && small.includes("message/rfc822"));
  assert(!large.includes("All of the body") && large.includes("text/rfc822-headers"));
  assert(large.length < QUEUE_LIMITS.reportOctets);
});

Deno.test("a sender elsewhere gets the report by the queue, from nobody; nobody hears of its failure", async () => {
  await using t = await bench();
  const hops = new Hops();
  hops.answers.set("one.test", FAILED);
  hops.answers.set("elsewhere.test", FAILED);
  await enqueue(t.store, outbound(["no@one.test"], { reversePath: "bob@elsewhere.test" }));
  await using _ = scheduler(t, hops);
  await using one = keeper(t);
  await until(async () => (await states(t.db.database))["failed"] === 2, "the report has failed too");
  await one.round();
  const rows = await t.db.database.selectFrom("queue_recipient").innerJoin(
    "queue_message",
    "queue_message.queue_id",
    "queue_recipient.queue_id",
  ).select(["reverse_path", "address", "state", "notice", "open"]).orderBy("queue_message.queue_id")
    .execute();
  assertEquals(rows.map((row) => [row.reverse_path, row.address, row.state, row.notice, row.open]), [
    ["bob@elsewhere.test", "no@one.test", "failed", null, 0],
    ["", "bob@elsewhere.test", "failed", null, 0],
  ]);
  assertEquals(await inbox(t), []);
  await assertInvariants(t.db.database);
});

Deno.test("NOTIFY decides: never, success of what is handed on, nothing at the null reverse-path", async () => {
  await using t = await bench();
  const hops = new Hops();
  hops.answers.set("never.test", FAILED);
  hops.answers.set("relayed.test", { ...DELIVERED, outcome: "relayed" });
  await enqueue(t.store, outbound(["a@never.test"], {}, { notify: 0 }));
  await enqueue(t.store, outbound(["a@never.test"], { reversePath: "" }));
  await enqueue(t.store, outbound(["a@relayed.test"], {}, { notify: Notify.Success }));
  // The next hop tells of this one itself.
  await enqueue(t.store, outbound(["a@honoured.test"], {}, { notify: Notify.Success }));
  await enqueue(t.store, outbound(["a@lmtp.test"], {}, { notify: Notify.Success }));
  // Delivered and expanded here, when the message was accepted.
  await using message = await stage(t.store, mail("Here"));
  const done = { notify: Notify.Success, originalRecipient: undefined };
  await t.store.deliver([{
    message,
    to: [{ account: t.accounts[0]!, mailbox: "Archive" }],
    outbound: {
      envelope: ENVELOPE,
      recipients: [],
      delivered: [
        { ...done, address: "here@example.test", action: "delivered" },
        { ...done, address: "list@example.test", action: "expanded" },
      ],
    },
  }], { atomic: true });
  await using _ = scheduler(t, hops, { suppressMs: 0 });
  await until(async () => {
    const { failed, delivered, relayed } = await states(t.db.database);
    return failed === 2 && delivered === 3 && relayed === 1;
  }, "all have ended");
  await using one = keeper(t);
  await one.round();
  await until(async () => (await inbox(t)).length === 3, "three are reported");
  const told = (await inbox(t)).flatMap((text) =>
    reportOf(text).recipients.map((r) => `${r.finalRecipient?.value} ${r.action} ${r.status}`)
  );
  assertEquals(told.sort(), [
    "a@lmtp.test delivered 2.0.0",
    "a@relayed.test relayed 2.0.0",
    "here@example.test delivered 2.0.0",
    "list@example.test expanded 2.0.0",
  ]);
  await assertInvariants(t.db.database);
});

Deno.test("after some hours the sender is warned once, after some days the recipient has failed", async () => {
  await using t = await bench();
  const hops = new Hops();
  hops.answers.set("slow.test", DEFERRED);
  await enqueue(t.store, outbound(["a@slow.test", "b@slow.test"]));
  await enqueue(t.store, outbound(["c@slow.test"], {}, { notify: Notify.Failure }));
  await using _ = scheduler(t, hops);
  await until(async () => (await states(t.db.database))["waiting"] === 3, "all were tried");
  await using one = keeper(t);
  await sql`update queue_message set warn_at = now(), check_at = now()`.execute(t.db.database);
  await one.round();
  await until(async () => (await inbox(t)).length === 1, "the warning is there");
  await one.round();
  const [warning] = await inbox(t);
  const delayed = reportOf(warning!);
  assertEquals(delayed.recipients.map((r) => [r.finalRecipient?.value, r.action, r.status]), [
    ["a@slow.test", "delayed", "4.2.1"],
    ["b@slow.test", "delayed", "4.2.1"],
  ]);
  assert(delayed.recipients[0]!.fields.some(({ name }) => name === "will-retry-until"));
  await sql`update queue_message set expires_at = now(), check_at = now()`.execute(t.db.database);
  await one.round();
  await until(async () => (await inbox(t)).length === 3, "the failures are there");
  assertEquals(await states(t.db.database), { failed: 3 });
  const last = (await inbox(t)).map(reportOf).flatMap((r) => r.recipients).filter((r) =>
    r.action === "failed"
  );
  assertEquals(last.map((r) => [r.status, r.diagnostic?.value]), [
    ["4.4.7", "450 4.2.1 try later"],
    ["4.4.7", "450 4.2.1 try later"],
    ["4.4.7", "450 4.2.1 try later"],
  ]);
  await assertInvariants(t.db.database);
});

Deno.test("who is sent to just when the sender is to be warned is looked at again in a minute", async () => {
  await using t = await bench();
  await enqueue(t.store, outbound(["a@slow.test", "b@slow.test"]));
  const { database } = t.db;
  await sql`update queue_message set warn_at = now(), check_at = now()`.execute(database);
  await sql`update queue_recipient set lease = gen_random_uuid(), lease_until = now() + interval '1 hour'
             where address = 'b@slow.test'`.execute(database);
  const delayed = async () =>
    (await inbox(t)).map((text) => reportOf(text).recipients.map((r) => r.finalRecipient?.value));
  await using one = keeper(t);
  await until(async () => (await delayed()).length === 1, "a's delay is told");
  assertEquals(await delayed(), [["a@slow.test"]]);
  const { check_at } = await database.selectFrom("queue_message").select("check_at")
    .executeTakeFirstOrThrow();
  const seconds = (check_at.getTime() - Date.now()) / 1000;
  assert(seconds > 0 && seconds <= 60, `looked at again in ${seconds} s`);
  await sql`update queue_recipient set lease = null, lease_until = null`.execute(database);
  await sql`update queue_message set check_at = now()`.execute(database);
  await one.round();
  await until(async () => (await delayed()).length === 2, "b's delay is told");
  assertEquals((await delayed())[1], ["b@slow.test"]);
  await sql`update queue_message set check_at = now()`.execute(database);
  await until(async () => {
    const { late } = await database.selectFrom("queue_message")
      .select(sql<boolean>`check_at = expires_at`.as("late")).executeTakeFirstOrThrow();
    return late;
  }, "it was looked at, and nobody is left to be warned");
  await one.round();
  assertEquals((await delayed()).length, 2);
  await assertInvariants(database);
});

Deno.test("DELIVERBY: returned when the time is over, or told of", async () => {
  await using t = await bench();
  const at = Date.now() - 1;
  await enqueue(t.store, outbound(["a@one.test"], { deliverBy: { at, mode: "return", trace: false } }));
  await enqueue(t.store, outbound(["b@one.test"], { deliverBy: { at, mode: "notify", trace: false } }));
  await using _ = keeper(t);
  await until(async () => (await inbox(t)).length === 2, "both are told of");
  const told = (await inbox(t)).flatMap((text) =>
    reportOf(text).recipients.map((r) => `${r.finalRecipient?.value} ${r.action} ${r.status}`)
  );
  assertEquals(told.sort(), ["a@one.test failed 5.4.7", "b@one.test delayed 4.4.1"]);
  assertEquals(await states(t.db.database), { failed: 1, ready: 1 });
  await assertInvariants(t.db.database);
});

Deno.test("a report whose reader's mailbox is full waits; what ended is forgotten in time", async () => {
  await using t = await bench();
  const hops = new Hops();
  hops.answers.set("one.test", FAILED);
  await enqueue(t.store, outbound(["no@one.test"]));
  await enqueue(t.store, outbound(["yes@two.test"]));
  await sql`update account_state set quota_octets = 10`.execute(t.db.database);
  await using _ = scheduler(t, hops);
  await until(async () => (await states(t.db.database))["failed"] === 1, "it has failed");
  await using one = keeper(t);
  const noticeAt = async () =>
    (await t.db.database.selectFrom("queue_recipient").select("notice_at").where("notice", "is not", null)
      .executeTakeFirst())?.notice_at;
  await until(async () => ((await noticeAt())?.getTime() ?? 0) > Date.now() + 1_000_000, "it waits");
  await sql`update account_state set quota_octets = null`.execute(t.db.database);
  await sql`update queue_recipient set notice_at = now() where notice is not null`.execute(t.db.database);
  await one.round();
  await until(async () => (await inbox(t)).length === 1, "it is told");
  await until(async () => (await states(t.db.database))["delivered"] === 1, "the other has ended");
  await using two = keeper(t, { historyMs: 0 });
  await until(async () => Object.keys(await states(t.db.database)).length === 0, "all is forgotten");
  await two.round();
  await assertInvariants(t.db.database);
});
