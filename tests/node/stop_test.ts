import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { LineClient } from "../support/line_client.ts";
import { PASSWORD, startServer, type TestServer } from "../support/server.ts";
import { events, get, imap, messages, read, send, sleep, smtp, until } from "./support.ts";

const you = "you@example.test";
const settings = ["auth.allow_plaintext=true", "limits.exempt=[127.0.0.0/8]"];

/** The DATA of a message that has begun. */
async function beginMessage(server: TestServer): Promise<LineClient> {
  const client = await smtp(server.ports.smtp);
  for (const line of ["MAIL FROM:<a@sender.test>", `RCPT TO:<${you}>`, "DATA"]) {
    await client.exchange(line, /^(2|354)/);
  }
  await client.send(new TextEncoder().encode("Subject: in flight\r\n\r\nfirst half, "));
  return client;
}

function endedWell(server: TestServer): void {
  assertStringIncludes(read(`${server.folder}/postgres/postgres.log`), "database system is shut down");
  const names = events(server).map(({ event }) => event);
  assertEquals(names.filter((name) => name === "node.stop").length, 1);
  assertEquals(names.at(-1), "node.stopped");
  assertEquals(names.filter((name) => name === "bug"), []);
}

Deno.test("SIGTERM: everybody is told good-bye, a message under way is still taken, /healthz says 503", async () => {
  await using server = await startServer({ settings, accounts: [you] });
  await using idleSmtp = await smtp(server.ports.smtp);
  await using idleLmtp = await LineClient.connect(server.ports.lmtp);
  await idleLmtp.line(/^220 /);
  await using idleImap = await imap(server.ports.imap, you);
  await idleImap.exchange("b SELECT INBOX", /^b OK/);
  await idleImap.exchange("c IDLE", /^\+/);
  await using newImap = await LineClient.connect(server.ports.imap);
  await newImap.line(/^\* OK/);
  await using pop3 = await LineClient.connect(server.ports.pop3);
  await pop3.line(/^\+OK/);
  await pop3.exchange(`USER ${you}`, /^\+OK/);
  await pop3.exchange(`PASS ${PASSWORD}`, /^\+OK/);
  await using sending = await beginMessage(server);
  assertEquals(await get(server, "/healthz"), [200, "ok\n"]);

  const began = performance.now();
  server.signal("SIGTERM");
  assertMatch(await idleSmtp.rest(), /^421 4\.3\.2 .*\r\n$/);
  assertMatch(await idleLmtp.rest(), /^421 4\.3\.2 .*\r\n$/);
  assertMatch(await idleImap.rest(), /^\* BYE .*\r\n$/);
  assertMatch(await newImap.rest(), /^\* BYE .*\r\n$/);
  assertMatch(await pop3.rest(), /^-ERR \[SYS\/TEMP\] .*\r\n$/);
  assertEquals(await get(server, "/healthz"), [503, "draining\n"]);
  const refused = await LineClient.connect(server.ports.smtp).then(() => "", (error) => String(error));
  assertMatch(refused, /refused/);
  // A second signal changes nothing.
  server.signal("SIGTERM");
  await sending.exchange("second half\r\n.", /^250 /);
  assertMatch(await sending.rest(), /^421 4\.3\.2 .*\r\n$/);
  assertEquals(await server.stop(), 0);
  assert(performance.now() - began < 10_000);
  endedWell(server);

  await using again = await startServer({ settings, folder: server.folder });
  assertEquals(await messages(again, you), 1);
});

Deno.test("SIGINT with 200 idle IMAP clients and one that reads nothing: over within 10 s", async () => {
  await using server = await startServer({ settings, accounts: [you] });
  const line = `${"x".repeat(998)}\r\n`;
  assertMatch(await send(server, you, `Subject: large\r\n\r\n${line.repeat(20_000)}`), /^250 /);
  const idle = await Promise.all(Array.from({ length: 200 }, async () => {
    const client = await LineClient.connect(server.ports.imap);
    await client.line(/^\* OK/);
    return client;
  }));
  await using deaf = await imap(server.ports.imap, you);
  await deaf.exchange("b SELECT INBOX", /^b OK/);
  await deaf.send(new TextEncoder().encode("c FETCH 1 BODY.PEEK[]\r\n"));
  await sleep(500);
  await using silentHttp = await LineClient.connect(server.ports.http);
  await silentHttp.send(new TextEncoder().encode("GET /metrics HTTP/1.1\r\nHost: x\r\n"));

  const began = performance.now();
  server.signal("SIGINT");
  const farewells = await Promise.all(idle.map((client) => client.rest()));
  for (const text of farewells) assertMatch(text, /^\* BYE .*\r\n$/);
  server.signal("SIGINT");
  assertEquals(await server.stop(), 0);
  assert(performance.now() - began < 10_000, `took ${performance.now() - began} ms`);
  endedWell(server);
  for (const client of idle) await client[Symbol.asyncDispose]();
});

Deno.test("a signal during the start ends it in order", async () => {
  const folder = await Deno.makeTempDir({ prefix: "malleposte-early-" });
  const starting = startServer({ settings, folder }).then(
    (server) => server.stop(),
    (error) => Number(/ended with code (\d+)/.exec(error.message)?.[1] ?? NaN),
  );
  // As soon as there is somebody to tell: the lock names the process.
  let pid = 0;
  await until(
    () => (pid = Number(/process (\d+)/.exec(read(`${folder}/lock`))?.[1] ?? 0)) > 0,
    "it holds the lock",
  );
  Deno.kill(pid, "SIGTERM");
  assertEquals(await starting, 0);
  assertEquals(read(`${folder}/postgres/data/postmaster.pid`), "");
  await Deno.remove(folder, { recursive: true });
});
