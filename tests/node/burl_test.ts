/** BURL on a whole server (RFC 4468): what lies in a mailbox is sent without being uploaded again. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { LineClient } from "../support/line_client.ts";
import { PASSWORD, startServer } from "../support/server.ts";
import { imap, smtp, until } from "./support.ts";

const [ALICE, BOB] = ["alice@example.test", "bob@example.test"];
const encoder = new TextEncoder();

const MESSAGE = encoder.encode(
  [
    `From: <${ALICE}>`,
    `To: <${BOB}>`,
    "Date: Tue, 3 Nov 2026 23:59:59 -0800",
    "Message-ID: <burl@example.test>",
    "Subject: once",
    "MIME-Version: 1.0",
    "Content-Type: text/plain; charset=utf-8",
    "Content-Transfer-Encoding: 8bit",
    "",
    ".",
    "..Größe\t \x01",
    "x".repeat(900),
    "",
    "",
  ].join("\r\n") + "line\r\n".repeat(20_000),
);

/** The octets that FETCH gives of message 1. */
async function whole(client: LineClient): Promise<Uint8Array> {
  const line = await client.exchange("f FETCH 1 BODY.PEEK[]", /^\* 1 FETCH /);
  const pieces: number[] = [];
  await client.octets(Number(/\{(\d+)\}$/.exec(line)![1]), (piece) => {
    for (const octet of piece) pieces.push(octet);
  });
  await client.line(/^f OK/);
  return Uint8Array.from(pieces);
}

Deno.test("what IMAP authorizes, submission sends, octet for octet, for nobody else", async () => {
  await using server = await startServer({
    settings: ["auth.allow_plaintext=true"],
    accounts: [ALICE, BOB],
  });
  const { ports } = server;
  await using alice = await imap(ports.imap, ALICE);
  await alice.send(encoder.encode(`b APPEND Drafts {${MESSAGE.length}+}\r\n`));
  await alice.send(MESSAGE);
  await alice.exchange("", /^b OK/);
  const user = encodeURIComponent(ALICE);
  const rump = `imap://${user}@mail.example.test/Drafts/;UID=1;URLAUTH=submit+${user}`;
  const line = await alice.exchange(`c GENURLAUTH "${rump}" INTERNAL`, /^\* GENURLAUTH /);
  await alice.line(/^c OK/);
  const url = /^\* GENURLAUTH "?([^" ]+)"?$/.exec(line)![1]!;
  assert(url.startsWith(`${rump}:internal:`), url);

  const login = async (who: string) => {
    const client = await smtp(ports.submission);
    await client.exchange(`AUTH PLAIN ${btoa(`\0${who}\0${PASSWORD}`)}`, /^235 /);
    return client;
  };
  const begin = async (client: LineClient, who: string) => {
    await client.exchange(`MAIL FROM:<${who}> BODY=8BITMIME`, /^250 /);
    await client.exchange(`RCPT TO:<${BOB}>`, /^250 /);
  };
  await using others = await login(BOB);
  await begin(others, BOB);
  assertMatch(await others.exchange(`BURL ${url} LAST`, /^\d{3} /), /^554 5\.6\.6 /);

  await using submission = await login(ALICE);
  await submission.exchange("EHLO client.test", /^250-BURL imap$/);
  await submission.line(/^250 /);
  await begin(submission, ALICE);
  assertMatch(await submission.exchange(`BURL ${url} LAST`, /^\d{3} /), /^250 2\.0\.0 /);

  await using bob = await imap(ports.imap, BOB);
  await until(
    async () => /^\* 1 EXISTS/.test(await bob.exchange("s SELECT INBOX", /EXISTS$/)),
    "it is there",
    60_000,
  );
  const got = await whole(bob);
  // Before it stands only what the way of it was.
  assertEquals(got.subarray(got.length - MESSAGE.length), MESSAGE);
  const before = new TextDecoder().decode(got.subarray(0, got.length - MESSAGE.length));
  assertMatch(before, /^(Return-Path|Received|\s)/);
  assertMatch(before, /\r\n$/);
  assertEquals(
    before.split("\r\n").filter((line) =>
      /^[^\s:]+:/.test(line) && !/^(Return-Path|Received|Delivered-To|Authentication-Results):/.test(line)
    ),
    [],
  );
});
