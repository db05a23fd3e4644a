/** The queue of a whole server: what administrators see and do, and mail that waits for its hour. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { PASSWORD, startServer, type TestServer } from "../support/server.ts";
import { listenSink } from "../queue/sink.ts";
import { messages, smtp, until } from "./support.ts";

const [ALICE, BOB] = ["alice@example.test", "bob@example.test"];

/** A server whose way to elsewhere.test is the sink, and to dead.test a port where nobody listens. */
async function serverWith(sink: { readonly port: number }): Promise<TestServer> {
  return await startServer({
    settings: [
      "auth.allow_plaintext=true",
      "limits.queue.poll_ms=200",
      "limits.queue.report_delay_ms=0",
      `routes=[{"domain":"elsewhere.test","to":"smtp://127.0.0.1:${sink.port}","tls":"none"},` +
      `{"domain":"dead.test","to":"smtp://127.0.0.1:1","tls":"none"}]`,
    ],
    accounts: [ALICE, BOB],
  });
}

/** Submits a message as alice; gives the last reply. */
async function submit(server: TestServer, to: readonly string[], parameters = ""): Promise<string> {
  await using client = await smtp(server.ports.submission);
  await client.exchange(`AUTH PLAIN ${btoa(`\0${ALICE}\0${PASSWORD}`)}`, /^235 /);
  await client.exchange(`MAIL FROM:<${ALICE}>${parameters}`, /^250 /);
  for (const one of to) await client.exchange(`RCPT TO:<${one}>`, /^250 /);
  await client.exchange("DATA", /^354 /);
  return await client.exchange(`From: ${ALICE}\r\nSubject: s\r\n\r\nHello.\r\n.`, /^\d{3} /);
}

Deno.test("FUTURERELEASE: all of a message waits, here and elsewhere, and one that is taken out never comes", async () => {
  await using sink = await listenSink();
  await using server = await serverWith(sink);
  await using client = await smtp(server.ports.submission);
  await client.exchange(`AUTH PLAIN ${btoa(`\0${ALICE}\0${PASSWORD}`)}`, /^235 /);
  await client.exchange("EHLO c.test", /^250-FUTURERELEASE 2592000 \d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ/);
  const begun = performance.now();
  assertMatch(
    await submit(server, [BOB, "x@elsewhere.test"], " HOLDFOR=3"),
    /^250 2\.0\.0 Queued as /,
  );
  const hour = new Date(Date.now() + 3_600_000).toISOString();
  await submit(server, [BOB, "late@elsewhere.test"], ` HOLDUNTIL=${hour}`);
  const { stdout } = await server.mail("queue", "list", "--json", "--recipient", "late@elsewhere.test");
  const [late] = JSON.parse(stdout);
  assertEquals([late.state, late.heldUntil, late.nextAttempt], ["waiting", hour, hour]);
  const shown = await server.mail("queue", "show", String(late.id));
  assertMatch(shown.stdout, /^held until +\d{4}-\d\d-\d\d \d\d:\d\d:\d\d, as its sender wants$/m);
  assertMatch((await server.mail("queue", "list")).stdout, /waiting, sender's wish/);
  assertEquals((await server.mail("queue", "retry", "--all")).stdout, "0 recipients\n");
  assertEquals((await server.mail("queue", "remove", String(late.id))).stdout, "2 recipients\n");
  await until(async () => sink.counts.size === 1 && await messages(server, BOB) === 1, "both have it");
  assert(performance.now() - begun >= 3_000);
  assertEquals([...sink.counts], [["x@elsewhere.test", 1]]);
  const states = JSON.parse((await server.mail("queue", "show", String(late.id), "--json")).stdout);
  assertEquals(states.recipients.map((one: { state: string }) => one.state), ["removed", "removed"]);
  assertEquals((await server.mail("queue", "list")).stdout, "Nothing waits\n");
});

Deno.test("mail queue: list, show, hold, release, retry, remove, bounce; suppression; trace", async () => {
  await using sink = await listenSink();
  await using server = await serverWith(sink);
  await submit(server, ["a@dead.test", "b@dead.test", "c@dead.test", "x@elsewhere.test"]);
  const said = async (...words: string[]) => {
    const { code, stdout, stderr } = await server.mail(...words);
    assertEquals([code, stderr], [0, ""], words.join(" "));
    return stdout;
  };
  const json = async (...words: string[]) => JSON.parse(await said(...words, "--json"));
  await until(() => sink.counts.size === 1, "the one that is reached has it");
  await until(
    async () => {
      const rows = await json("queue", "list");
      return rows.length === 3 && rows.every((row: { reply: string | null }) => row.reply !== null);
    },
    "the others were tried",
  );
  const list = await json("queue", "list", "--domain", "dead.test", "--sender", ALICE);
  const [{ id }] = list;
  assertEquals(list.map((row: { recipient: string }) => row.recipient), [
    "a@dead.test",
    "b@dead.test",
    "c@dead.test",
  ]);
  assertEquals(list[0].destination, "smtp:127.0.0.1:1");
  const text = await said("queue", "list");
  assertMatch(text, /^ *id {2}state +arrived +next try +tries +sender +recipient +last reply$/m);
  assertMatch(text, /alice@example\.test +a@dead\.test +.*refused/i);
  assertEquals(await json("queue", "list", "--older-than", "1d"), []);
  assertMatch(await said("queue", "show", `${id}`), /^x@elsewhere\.test +(delivered|relayed) +1 /m);

  assertEquals(await said("queue", "hold", `${id}`, "--recipient", "a@dead.test"), "1 recipients\n");
  assertEquals((await json("queue", "list", "--state", "held")).map((row: { state: string }) => row.state), [
    "held",
  ]);
  assertEquals(await json("queue", "release", "--state", "held"), { recipients: 1 });
  assertEquals(await json("queue", "list", "--state", "held"), []);
  // One that is being sent at this very moment is left alone: asked again until none is.
  await until(
    async () => (await json("queue", "retry", "--domain", "dead.test")).recipients === 3,
    "retried",
  );
  await until(
    async () => (await json("queue", "remove", "--recipient", "b@dead.test")).recipients === 1,
    "out",
  );
  await until(
    async () => (await json("queue", "bounce", "--recipient", "c@dead.test")).recipients === 1,
    "back",
  );
  await until(async () => await messages(server, ALICE) === 1, "alice hears of the one that was bounced");
  const ends = (await json("queue", "show", `${id}`)).recipients;
  assertEquals(ends.map((one: Record<string, unknown>) => [one["address"], one["reply_step"]]).slice(1, 3), [
    ["b@dead.test", "administrator"],
    ["c@dead.test", "administrator"],
  ]);
  const messageId = (await json("queue", "list"))[0].messageId;
  await until(async () => (await said("trace", messageId)).includes("queue.report"), "the trace tells all");
  assertMatch(await said("trace", "x@elsewhere.test"), /queue\.attempt .*to x@elsewhere\.test/);
  assertEquals(await said("suppression", "list"), "Nobody is suppressed\n");

  const wrong: readonly (readonly [words: readonly string[], code: number, text: RegExp])[] = [
    [["queue"], 2, /Usage: /],
    [["queue", "lst"], 2, /unknown command 'lst'.*Did you mean list\?/s],
    [["queue", "show"], 2, /missing required argument 'id'/],
    [["queue", "show", "first"], 2, /^Write the number that `mail queue list` shows\n$/],
    [["queue", "show", "99999"], 1, /^There is no message 99999 in the queue\n$/],
    [["queue", "remove"], 2, /^Say which: ids, filters, or --all\n$/],
    [["queue", "hold", "1", "two"], 2, /^Write the numbers that `mail queue list` shows\n$/],
    [["queue", "list", "--state", "lost"], 2, /^Write --state ready, waiting or held\n$/],
    [["queue", "list", "--older-than", "yesterday"], 2, /^Write --older-than as 30m, 4h or 2d\n$/],
    [["suppression", "remove", "a@dead.test"], 1, /^a@dead\.test is not suppressed\n$/],
    [["trace", "nobody@nowhere.test"], 1, /^Nothing is known of nobody@nowhere\.test\n$/],
  ];
  for (const [words, code, text] of wrong) {
    const ended = await server.mail(...words);
    assertEquals([ended.code, ended.stdout], [code, ""], words.join(" "));
    assertMatch(ended.stderr, text);
  }
});

Deno.test("of messages that are sent at once, no more are taken than the hour allows", async () => {
  await using sink = await listenSink();
  await using server = await startServer({
    settings: [
      "auth.allow_plaintext=true",
      "limits.smtp.messages_per_hour=3",
      `routes=[{"domain":"*","to":"smtp://127.0.0.1:${sink.port}","tls":"none"}]`,
    ],
    accounts: [ALICE],
  });
  const clients = await Promise.all(Array.from({ length: 8 }, async () => {
    const client = await smtp(server.ports.submission);
    await client.exchange(`AUTH PLAIN ${btoa(`\0${ALICE}\0${PASSWORD}`)}`, /^235 /);
    for (const line of [`MAIL FROM:<${ALICE}>`, "RCPT TO:<x@elsewhere.test>"]) {
      await client.exchange(line, /^250 /);
    }
    await client.exchange("DATA", /^354 /);
    return client;
  }));
  const replies = await Promise.all(
    clients.map((client) => client.exchange(`From: ${ALICE}\r\n\r\nHello.\r\n.`, /^\d{3} /)),
  );
  assertEquals(replies.filter((reply) => reply.startsWith("250 ")).length, 3);
  const refused = replies.filter((reply) => !reply.startsWith("250 "));
  assertEquals(
    new Set(refused),
    new Set(["450 4.7.1 You have sent too many messages within the hour, try again later"]),
  );
  for (const client of clients) await client[Symbol.asyncDispose]();
  await until(() => sink.messages === 3, "what was taken is sent");
});
