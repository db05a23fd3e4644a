/** Accounts and mailboxes that are on other servers: what an administrator says, and what clients then hear. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { LineClient } from "../support/line_client.ts";
import { PASSWORD, startServer, type TestServer } from "../support/server.ts";
import { imap } from "./support.ts";

const ALICE = "alice@example.test", BOB = "bob@example.test";

async function mail(at: TestServer, ...words: string[]): Promise<any> {
  const { code, stdout, stderr } = await at.mail(...words, "--json");
  assertEquals([code, stderr], [0, ""], words.join(" "));
  return JSON.parse(stdout);
}

async function refused(at: TestServer, ...words: string[]): Promise<string> {
  const { code, stderr } = await at.mail(...words);
  assertEquals(code, 1, words.join(" "));
  return stderr;
}

Deno.test("mail referral sends IMAP clients elsewhere, with accounts and with mailboxes", async () => {
  await using at = await startServer({
    accounts: [ALICE, BOB],
    settings: ["auth.allow_plaintext=true", "hostname=here.example.test"],
  });
  assertEquals(await mail(at, "referral", "list"), []);
  const old = {
    address: ALICE,
    mailbox: "Old",
    server: "there.example.test:1143",
    remoteMailbox: "Archive/Old",
  };
  assertEquals(
    await mail(at, "referral", "mailbox", ALICE, "Old", "THERE.example.test:1143", "Archive/Old"),
    old,
  );
  const away = { address: BOB, mailbox: "", server: "there.example.test", remoteMailbox: "" };
  assertEquals(await mail(at, "referral", "set", BOB, "there.example.test:143"), away);
  assertEquals(await mail(at, "referral", "list"), [old, away]);
  assertEquals(await mail(at, "referral", "list", BOB), [away]);

  assertMatch(await refused(at, "referral", "set", BOB, "here.example.test"), /is this server/);
  assertMatch(await refused(at, "referral", "set", BOB, "a@b/c"), /is no server/);
  assertMatch(await refused(at, "referral", "set", BOB, "there.example.test:70000"), /is no server/);
  assertMatch(await refused(at, "referral", "set", "no@example.test", "x.test"), /no account/);
  assertMatch(
    await refused(at, "referral", "mailbox", ALICE, "inbox", "x.test"),
    /INBOX cannot be elsewhere/,
  );
  assertMatch(await refused(at, "referral", "mailbox", ALICE, "Sent", "x.test"), /has the mailbox/);
  assertMatch(await refused(at, "referral", "remove", ALICE, "Other"), /is not elsewhere/);

  await using client = await imap(at.ports.imap, ALICE);
  const url = "imap://alice%40example\\.test;AUTH=\\*@there\\.example\\.test:1143/Archive/Old";
  await client.exchange("t STATUS Old/2020 (MESSAGES)", new RegExp(`^t NO \\[REFERRAL ${url}/2020\\]`));
  await client.exchange("t CREATE Old", new RegExp(`^t NO \\[REFERRAL ${url}\\]`));
  await client.exchange('t RLIST "" O%', /^\* LIST \(\\Remote \\HasNoChildren\) "\/" Old$/);
  await client.exchange('u LIST "" O%', /^u OK/);

  await using away2 = await LineClient.connect(at.ports.imap);
  await away2.exchange(`t LOGIN ${BOB} wrong`, /^t NO \[AUTHENTICATIONFAILED\]/);
  await away2.exchange(
    `t LOGIN ${BOB} ${PASSWORD}`,
    /^t NO \[REFERRAL imap:\/\/bob%40example\.test;AUTH=\*@there\.example\.test\/\]/,
  );
  // What is taken back is back at the next login.
  await mail(at, "referral", "remove", BOB);
  await away2.exchange(`t LOGIN ${BOB} ${PASSWORD}`, /^t OK/);

  // Nothing of it is left to whoever gets the address next.
  await mail(at, "account", "remove", ALICE);
  const again = await at.mail("account", "add", ALICE);
  assert(again.code === 0, again.stderr);
  assertEquals(await mail(at, "referral", "list"), []);
});
