import { assert, assertMatch, assertStringIncludes } from "@std/assert";
import { LineClient } from "../support/line_client.ts";
import { PASSWORD, startServer, type TestServer } from "../support/server.ts";

const PLAIN = ["auth.allow_plaintext=true"];

/** Sends one message by LMTP. */
async function deliver(server: TestServer, subject: string): Promise<void> {
  await using lmtp = await LineClient.connect(server.ports.lmtp);
  await lmtp.line(/^220 /);
  await lmtp.exchange("LHLO here.test", /^250 /);
  await lmtp.exchange("MAIL FROM:<a@sender.test>", /^250 /);
  await lmtp.exchange("RCPT TO:<you@example.test>", /^250 /);
  await lmtp.exchange("DATA", /^354 /);
  await lmtp.exchange(`Subject: ${subject}\r\n\r\nHello.\r\n.`, /^250 /);
}

async function login(server: TestServer): Promise<LineClient> {
  const imap = await LineClient.connect(server.ports.imap);
  await imap.line(/^\* OK/);
  await imap.exchange(`a LOGIN you@example.test ${PASSWORD}`, /^a OK/);
  return imap;
}

Deno.test("figures are Prometheus's, and no password is in them, nor in the log", async () => {
  await using server = await startServer({ settings: PLAIN, accounts: ["you@example.test"] });
  await deliver(server, "counted");
  await using _imap = await login(server);
  const text = await (await fetch(`http://${server.host}:${server.ports.http}/metrics`)).text();
  assertStringIncludes(text, 'malleposte_connections{protocol="imap"} 1');
  assertMatch(text, /^malleposte_events_total\{[^}]*event="smtp.message.accepted"[^}]*\} 1$/m);
  for (const heap of ['malleposte_worker_heap_bytes{worker="1"}', "malleposte_supervisor_heap_bytes"]) {
    const octets = Number(text.split("\n").find((line) => line.startsWith(heap))?.split(" ").at(-1));
    assert(octets > 2 ** 20 && octets < 2 ** 30, `${heap}: ${octets}`);
  }
  for (const line of text.split("\n")) {
    assertMatch(
      line,
      /^(#.*|[a-zA-Z_:][\w:]*(\{.*\})? -?[\d.e+-]+|[a-zA-Z_:][\w:]*(\{.*\})? (NaN|[+-]Inf)|)$/,
    );
  }
  assert(!text.includes(PASSWORD) && !server.output().includes(PASSWORD));
  for (const line of server.output().split("\n").filter((line) => line.startsWith("{"))) JSON.parse(line);
});
