/** What goes wrong around the server: its clock, its name servers, a database that is too slow. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { sql } from "kysely";
import { openDatabase } from "../../src/store/pg/database.ts";
import { embeddedAddresses } from "../../src/store/pg/embedded/cluster.ts";
import { events, imap, messages, send, smtp, transaction, until } from "../node/support.ts";
import { listenSink } from "../queue/sink.ts";
import { FakeDns } from "../support/dns.ts";
import { startServer, type TestServer } from "../support/server.ts";

const you = "you@example.test";
const SETTINGS = ["auth.allow_plaintext=true", "limits.exempt=[127.0.0.0/8]"];

function bugs(server: TestServer): readonly unknown[] {
  return events(server).filter(({ event }) => event === "bug" || event === "node.worker.died");
}

Deno.test("the clock jumps: sessions go on, mail is taken and read, queued mail goes out", async (t) => {
  await using sink = await listenSink();
  const script = new URL("./jumping_server.ts", import.meta.url).pathname;
  await using server = await startServer({
    settings: [
      ...SETTINGS,
      `routes=[{"domain":"*","to":"smtp://127.0.0.1:${sink.port}","tls":"none"}]`,
      "smtp.relay_from=[127.0.0.0/8]",
      "limits.queue.poll_ms=200",
    ],
    accounts: [you],
    script,
  });
  // Several of each, so that both workers have some.
  const readers = await Promise.all(Array.from({ length: 6 }, () => imap(server.ports.imap, you)));
  for (const reader of readers) await reader.exchange("b SELECT INBOX", /^b OK/);
  const senders = await Promise.all(Array.from({ length: 6 }, () => smtp(server.ports.smtp)));
  let there = 0, out = 0;
  for (const jump of ["a day on", "three days back", "two days on"]) {
    await t.step(jump, async () => {
      server.signal("SIGUSR2");
      const idling = readers.slice(0, 3), asking = readers.slice(3);
      for (const reader of idling) await reader.exchange("c IDLE", /^\+/);
      for (const sender of senders) {
        assertMatch(await transaction(sender, you), /^250 /);
        assertMatch(await transaction(sender, `far${out}@elsewhere.test`), /^250 /);
        there++;
        out++;
      }
      for (const reader of idling) {
        await reader.line(new RegExp(`^\\* ${there} EXISTS`));
        await reader.exchange("DONE", /^c OK/);
      }
      for (const reader of asking) {
        await reader.exchange("d NOOP", /^d OK/);
        await reader.exchange(`d FETCH ${there} (UID INTERNALDATE)`, /^d OK/);
      }
      for (const reader of readers) await reader.exchange("e STORE 1 FLAGS (\\Seen)", /^e OK/);
      // New ones too.
      const fresh = await imap(server.ports.imap, you);
      await fresh.exchange("f LOGOUT", /^f OK/);
      await fresh[Symbol.asyncDispose]();
      assertEquals(await messages(server, you), there);
      await until(() => sink.messages === out, `${out} have gone out`, 60_000);
    });
  }
  for (const client of [...readers, ...senders]) await client[Symbol.asyncDispose]();
  assertEquals(bugs(server), []);
});

Deno.test("no name server answers: mail is kept, what is local goes on; once one does, the queue goes on", async () => {
  const far = "elsewhere.test";
  await using dns = await FakeDns.start({ zone: { [`MX ${far}`]: "(silence)" } });
  await using server = await startServer({
    settings: [
      ...SETTINGS,
      `dns.servers=["127.0.0.1:${dns.port}"]`,
      "smtp.relay_from=[127.0.0.0/8]",
      ...["timeout=300", "rounds=1", "fault=1"].map((limit) => `limits.dns.${limit}`),
      ...["poll_ms=200", "retry_first_ms=1000", "retry_most_ms=1000"].map((limit) => `limits.queue.${limit}`),
      ...["lane_retry_first_ms=1000", "lane_retry_most_ms=1000"].map((limit) => `limits.queue.${limit}`),
    ],
    accounts: [you],
  });
  await using sender = await smtp(server.ports.smtp);
  await sender.exchange(`MAIL FROM:<${you}>`, /^250 /);
  await sender.exchange(`RCPT TO:<far@${far}>`, /^250 /);
  await sender.exchange("DATA", /^354 /);
  await sender.exchange("Subject: far\r\n\r\nHello.\r\n.", /^250 /);
  const asked = () => dns.asked.filter((question) => question.endsWith(` MX ${far}`)).length;
  await until(() => asked() >= 2, "it was tried again", 60_000);
  // Nobody who has mail here waits for the resolver, and nobody is told that the mail has failed.
  assertMatch(await transaction(sender, you), /^250 /);
  assertEquals(await messages(server, you), 1);
  const waiting = async () => JSON.parse((await server.mail("queue", "list", "--json")).stdout).length;
  assertEquals(await waiting(), 1);

  // There is a resolver again, and no such domain: that is for good, and its sender is told.
  dns.rules = { zone: {} };
  await until(async () => await messages(server, you) === 2, "the report is there", 60_000);
  assertEquals(await waiting(), 0);
  await using reader = await imap(server.ports.imap, you);
  await reader.exchange("b SELECT INBOX", /^b OK/);
  await reader.exchange("c FETCH 2 (BODY.PEEK[])", /^Action: failed/i);
  await reader.line(/^c OK/);
  assertEquals(bugs(server), []);
});

Deno.test("a statement that takes too long: 'later' to who waits for it, and nothing is half done", async (t) => {
  await using server = await startServer({ settings: SETTINGS, accounts: [you] });
  const { address } = await embeddedAddresses(`${server.folder}/postgres`);
  const owner = openDatabase(address, { connections: 2 });
  try {
    assertMatch(await send(server, you), /^250 /);
    await using sender = await smtp(server.ports.smtp);
    await using reader = await imap(server.ports.imap, you);
    await reader.exchange("b SELECT INBOX", /^b OK/);

    await t.step("statement_timeout", async () => {
      await sql`create function slow() returns trigger language plpgsql as
        'begin perform pg_sleep(60); return new; end'`.execute(owner);
      await sql`create trigger slow before insert or update on entry for each row execute function slow()`
        .execute(owner);
      const [reply, stored] = await Promise.all([
        transaction(sender, you),
        reader.exchange("c STORE 1 +FLAGS (\\Flagged)", /^c /),
      ]);
      assertMatch(reply, /^451 /);
      assertMatch(stored, /^c NO \[(UNAVAILABLE|INUSE|SERVERBUG|LIMIT)\]/);
      await sql`drop function slow() cascade`.execute(owner);
    });

    await t.step("lock_timeout", async () => {
      await owner.transaction().execute(async (trx) => {
        await sql`lock table entry in access exclusive mode`.execute(trx);
        await sender.exchange("RSET", /^250 /);
        assertMatch(await transaction(sender, you), /^451 /);
      });
    });

    await sender.exchange("RSET", /^250 /);
    assertMatch(await transaction(sender, you), /^250 /);
    await reader.exchange("d NOOP", /^d OK/);
    assertEquals(await messages(server, you), 2);
    assert(
      await reader.exchange("e FETCH 1 (FLAGS)", /^\* 1 FETCH/).then((line) => !line.includes("Flagged")),
    );
    assertEquals(bugs(server), []);
  } finally {
    await owner.destroy();
  }
});
