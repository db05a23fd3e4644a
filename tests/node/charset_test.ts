/** Text that does not say its charset, read by accounts that have different ones (`mail account charset`). */
import { assertEquals } from "@std/assert";
import { octetsOf } from "../../src/bytes/ascii.ts";
import { LineClient } from "../support/line_client.ts";
import { startServer, type TestServer } from "../support/server.ts";
import { imap, smtp } from "./support.ts";

const [russian, western, other] = ["r@example.test", "w@example.test", "o@example.test"];

/** KOI8-R of Привет, мир; М, А and Я. */
const HELLO = "\xf0\xd2\xc9\xd7\xc5\xd4, \xcd\xc9\xd2", [A, YA] = ["\xe1", "\xf1"];
/** Windows-1251 and UTF-8 of Привет. */
const HELLO_1251 = "\xcf\xf0\xe8\xe2\xe5\xf2",
  HELLO_UTF8 = "\xd0\x9f\xd1\x80\xd0\xb8\xd0\xb2\xd0\xb5\xd1\x82";

/** One transaction, with a copy for everybody; the octets of an octet string. */
async function sendToAll(server: TestServer, ...messages: readonly string[]): Promise<void> {
  await using client = await smtp(server.ports.smtp);
  for (const message of messages) {
    await client.exchange("MAIL FROM:<a@sender.test> BODY=8BITMIME", /^250 /);
    for (const address of [russian, western, other]) await client.exchange(`RCPT TO:<${address}>`, /^250 /);
    await client.exchange("DATA", /^354 /);
    await client.send(octetsOf(`${message}\r\n.\r\n`));
    await client.line(/^250 /);
  }
}

async function charset(server: TestServer, ...words: string[]): Promise<string> {
  const { code, stdout, stderr } = await server.mail("account", "charset", ...words);
  assertEquals([code, stderr], [0, ""], words.join(" "));
  return stdout.trimEnd();
}

async function select(server: TestServer, user: string): Promise<LineClient> {
  const client = await imap(server.ports.imap, user);
  await client.exchange("a ENABLE IMAP4rev2", /^a OK/);
  await client.exchange("a SELECT INBOX", /^a OK/);
  return client;
}

/** The numbers that a search, in UTF-8, finds. */
async function found(client: LineClient, criteria: string): Promise<string> {
  return /ALL ([\d,:]+)|$/.exec(await client.exchange(`s SEARCH ${criteria}`, /^\* ESEARCH/))?.[1] ?? "";
}

async function sorted(client: LineClient): Promise<string> {
  return await client.exchange("s SORT (SUBJECT) UTF-8 ALL", /^\* SORT/);
}

/** The preview of a message, from a literal or quoted, in UTF-8. */
async function preview(client: LineClient, message: number): Promise<string> {
  const line = await client.exchange(`p FETCH ${message} (PREVIEW)`, /PREVIEW/);
  const quoted = /PREVIEW "(.*)"/.exec(line)?.[1];
  const text = quoted ?? (await client.line(/./)).replace(/\)$/, "");
  await client.line(/^p OK/);
  return new TextDecoder().decode(octetsOf(text));
}

Deno.test("8-bit text that declares no charset is read in the account's", async (t) => {
  await using server = await startServer({
    settings: ["auth.allow_plaintext=true", "limits.exempt=[127.0.0.0/8]", "store.charset=windows-1251"],
    accounts: [russian, western, other],
  });
  assertEquals(await charset(server, russian, "KOI8-R"), "koi8-r");
  assertEquals(JSON.parse(await charset(server, western, "windows-1252", "--json")), {
    address: western,
    charset: "windows-1252",
  });
  assertEquals(await charset(server, western), "windows-1252");
  assertEquals(JSON.parse(await charset(server, other, "--json")), { address: other, charset: null });
  const attachment = `--b\r\nContent-Type: application/pdf; name="${HELLO}.pdf"\r\n\r\n%PDF\r\n--b--`;
  await sendToAll(
    server,
    `From: =?utf-8?q?x?= ${HELLO} <x@y.test>\r\nSubject: M ${HELLO}\r\n\r\n${HELLO}!`,
    `Subject: ${A}\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\n${HELLO_1251}\r\n${attachment}`,
    `Subject: ${YA}\r\nContent-Type: text/plain; charset=koi8-r\r\n\r\n${HELLO} (declared)`,
    `Subject: z\r\nContent-Type: text/plain; charset=us-ascii\r\n\r\n${HELLO_UTF8} (UTF-8)`,
  );

  await t.step("an account with a charset of its own", async () => {
    await using client = await select(server, russian);
    assertEquals(await preview(client, 1), "Привет, мир!");
    assertEquals(await preview(client, 3), "Привет, мир (declared)");
    assertEquals(await preview(client, 4), "Привет (UTF-8)");
    assertEquals(await found(client, 'BODY "привет"'), "1:4");
    assertEquals(await found(client, 'SUBJECT "привет"'), "1");
    assertEquals(await found(client, 'FROM "МИР"'), "1");
    assertEquals(await found(client, 'BODY "мир.pdf"'), "2");
    assertEquals(await found(client, 'TEXT "ðòéù"'), "");
    // M, А, Я, and z before both.
    assertEquals(await sorted(client), "* SORT 1 4 2 3");
    await client.exchange('c COMPARATOR "i;octet"', /^c OK/);
    assertEquals(await found(client, 'SUBJECT "Привет"'), "1");
    assertEquals(await found(client, 'BODY "Привет, мир!"'), "1");
    assertEquals(await sorted(client), "* SORT 1 4 2 3");
  });

  await t.step("the same messages in an account with another", async () => {
    await using client = await select(server, western);
    assertEquals(await preview(client, 1), "ðÒÉ×ÅÔ, ÍÉÒ!");
    assertEquals(await preview(client, 3), "Привет, мир (declared)");
    assertEquals(await preview(client, 4), "Привет (UTF-8)");
    assertEquals(await found(client, 'BODY "привет"'), "3:4");
    assertEquals(await found(client, 'SUBJECT "привет"'), "");
    assertEquals(await found(client, 'SUBJECT "ÐÒÉ×ÅÔ"'), "1");
    // á, M, ñ.
    assertEquals(await sorted(client), "* SORT 2 1 3 4");
    await client.exchange('c COMPARATOR "i;octet"', /^c OK/);
    assertEquals(await found(client, 'SUBJECT "Привет"'), "");
    assertEquals(await found(client, 'SUBJECT "ðÒÉ×ÅÔ"'), "1");
  });

  await t.step("and in one that has the server's", async () => {
    await using client = await select(server, other);
    assertEquals(await preview(client, 2), "Привет");
    assertEquals(await found(client, 'BODY "привет"'), "2:4");
    assertEquals(await found(client, 'SUBJECT "привет"'), "");
  });

  await t.step(
    "what was extracted stays as it was read; a preview is made when it is asked for",
    async () => {
      await charset(server, western, "koi8-r");
      await sendToAll(server, `Subject: later ${HELLO}\r\n\r\nx`);
      await using client = await select(server, western);
      assertEquals(await preview(client, 1), "Привет, мир!");
      assertEquals(await found(client, 'SUBJECT "привет"'), "5");
      assertEquals(await charset(server, western, "none"), "none");
      assertEquals(await preview(client, 1), "рТЙЧЕФ, НЙТ!");
    },
  );
});
