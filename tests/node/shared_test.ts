/** Shared mailboxes on a whole server of two workers, with sessions on both of them. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { LineClient } from "../support/line_client.ts";
import { startServer, type TestServer } from "../support/server.ts";
import { imap, send } from "./support.ts";

const ACCOUNTS = ["alice@example.test", "bob@example.test", "a/b=c@example.test", "eve@other.test"];

function server(): Promise<TestServer> {
  return startServer({ accounts: ACCOUNTS, settings: ["auth.allow_plaintext=true", "workers=2"] });
}

/** A command that must end so; gives the tagged line. */
function run(client: LineClient, command: string, status = "OK"): Promise<string> {
  return client.exchange(`t ${command}`, new RegExp(`^t ${status}`));
}

/** Untagged lines of a command. */
async function lines(client: LineClient, command: string): Promise<readonly string[]> {
  await client.send(new TextEncoder().encode(`t ${command}\r\n`));
  const found: string[] = [];
  for (;;) {
    const line = await client.line(/./);
    if (line.startsWith("t ")) return found;
    found.push(line);
  }
}

async function mail(at: TestServer, ...words: string[]): Promise<any> {
  const { code, stdout, stderr } = await at.mail(...words, "--json");
  assertEquals([code, stderr], [0, ""], words.join(" "));
  return JSON.parse(stdout);
}

Deno.test("what one does in a shared mailbox, the others hear, on whichever worker they are", async () => {
  await using at = await server();
  await using alice = await imap(at.ports.imap, "alice@example.test");
  await run(alice, "CREATE team");
  await run(alice, "SETACL team anyone lrswite");
  const shared = "#user/alice@example.test/team";
  // Connections are spread over the workers by the kernel: eight are on both but for one time in 128.
  const bobs: LineClient[] = [];
  try {
    for (let n = 0; n < 8; n++) {
      bobs.push(await imap(at.ports.imap, n % 2 === 0 ? "bob@example.test" : "a/b=c@example.test"));
    }
    for (const bob of bobs) {
      await run(bob, `SELECT ${shared}`);
      await bob.exchange("t IDLE", /^\+/);
    }
    await using eve = await imap(at.ports.imap, "eve@other.test");
    await run(eve, `SELECT ${shared}`, "NO \\[NONEXISTENT\\]");
    await run(alice, "SELECT team");
    await run(alice, "APPEND team {12+}\r\nSubject: x\r\n");
    for (const bob of bobs) await bob.line(/^\* 1 EXISTS/);
    await run(alice, "STORE 1 +FLAGS (\\Flagged)");
    for (const bob of bobs) await bob.line(/^\* 1 FETCH \(FLAGS \(\\Flagged\)\)/);
    await bobs[0]!.exchange("DONE", /^t OK/);
    await run(bobs[0]!, "STORE 1 +FLAGS.SILENT (\\Deleted)");
    await run(bobs[0]!, "EXPUNGE");
    for (const bob of bobs.slice(1)) await bob.line(/^\* 1 EXPUNGE/);
    assert((await lines(alice, "NOOP")).includes("* 1 EXPUNGE"));

    // A message that comes in for bob is moved by him to alice's mailbox, and back.
    await using reader = await imap(at.ports.imap, "bob@example.test");
    assertMatch(await send(at, "bob@example.test", "Subject: moved\r\n\r\nHello."), /^250/);
    await run(reader, "SELECT INBOX");
    await run(reader, `MOVE 1 ${shared}`);
    for (const bob of bobs.slice(1)) await bob.line(/^\* 1 EXISTS/);
    assert((await lines(alice, "NOOP")).includes("* 1 EXISTS"));
    assertEquals(await lines(alice, "SEARCH SUBJECT moved"), ["* SEARCH 1"]);
    await run(reader, `SELECT ${shared}`);
    await run(reader, "MOVE 1 INBOX");
    for (const bob of bobs.slice(1)) await bob.line(/^\* 1 EXPUNGE/);

    // What was taken away is not told any more.
    await run(alice, 'SETACL team anyone ""');
    await run(alice, "APPEND team {12+}\r\nSubject: y\r\n");
    for (const bob of bobs.slice(1)) {
      assertEquals(await bob.exchange("DONE", /./), "t OK IDLE completed");
      await run(bob, "FETCH 1 (FLAGS)", "NO \\[NOPERM\\]");
    }
  } finally {
    for (const bob of bobs) await bob[Symbol.asyncDispose]();
  }
});

Deno.test("mail acl and mail shared: mailboxes that belong to nobody", async () => {
  await using at = await server();
  assertEquals(await mail(at, "shared", "list"), []);
  assertEquals(await mail(at, "shared", "add", "example.test", "Info/Plans"), {
    domain: "example.test",
    mailbox: "Info/Plans",
  });
  await using bob = await imap(at.ports.imap, "bob@example.test");
  assertEquals((await lines(bob, 'LIST "" *')).filter((line) => line.includes("#")), []);
  assertEquals(await mail(at, "acl", "set", "example.test", "Info/Plans", "anyone", "lri"), [
    { mailbox: "Info/Plans", identifier: "anyone", rights: "lri" },
  ]);
  assertEquals(
    await mail(at, "acl", "set", "#shared@example.test", "Info/Plans", "BOB@Example.Test", "+ad"),
    [
      { mailbox: "Info/Plans", identifier: "anyone", rights: "lri" },
      { mailbox: "Info/Plans", identifier: "bob@example.test", rights: "tea" },
    ],
  );
  const name = "#shared/Info/Plans";
  assertEquals(await lines(bob, 'LIST "" #shared/*s RETURN (MYRIGHTS)'), [
    `* LIST (\\HasNoChildren) "/" ${name}`,
    `* MYRIGHTS ${name} lritead`,
  ]);
  await run(bob, `APPEND ${name} {12+}\r\nSubject: x\r\n`);
  await run(bob, `SETACL ${name} a/b=c@example.test lr`);
  // Whoever is of another domain has a domain of its own.
  await using eve = await imap(at.ports.imap, "eve@other.test");
  await run(eve, `SELECT ${name}`, "NO \\[NONEXISTENT\\]");
  await run(eve, "SELECT #user/#shared@example.test/Info/Plans", "NO \\[NONEXISTENT\\]");
  assertEquals((await mail(at, "shared", "list", "example.test"))[1].messages, 1);
  const rows = await mail(at, "acl", "list", "example.test");
  assertEquals(rows.map((row: { identifier: string }) => row.identifier), [
    "anyone",
    "a/b=c@example.test",
    "bob@example.test",
  ]);
  assertEquals(
    (await mail(at, "acl", "remove", "example.test", "Info/Plans", "bob@example.test", "a")).length,
    3,
  );
  assertEquals((await mail(at, "acl", "remove", "example.test", "Info/Plans", "anyone")).length, 2);
  assertMatch(await run(bob, `SELECT ${name}`, "NO"), /NONEXISTENT/);
  // Nobody can log in to the account behind it, and no mail comes to it.
  assertMatch(await send(at, "#shared@example.test"), /^550/);
  for (
    const [words, code, text] of [
      [["acl", "set", "example.test", "Nowhere", "anyone", "l"], 1, /has no mailbox Nowhere/],
      [["acl", "set", "example.test", "Info", "nobody@example.test", "l"], 1, /There is no account nobody@/],
      [["acl", "set", "example.test", "Info", "bob@example.test", "lQ"], 2, /no right/],
      [["acl", "set", "alice@example.test", "INBOX", "alice@example.test", "l"], 1, /owner/],
      [["acl", "list", "nowhere.test"], 1, /no account #shared@nowhere\.test/],
      [["shared", "add", "nowhere.test", "x"], 1, /no domain nowhere\.test/],
      [["shared", "add", "example.test", "x//y"], 1, /empty part/],
    ] as const
  ) {
    const said = await at.mail(...words);
    assertEquals([said.code, said.stdout], [code, ""], words.join(" "));
    assertMatch(said.stderr, text);
  }
  // A dash takes rights away; the account's own mailboxes have lists, too.
  assertEquals(
    (await at.mail("acl", "set", "alice@example.test", "INBOX", "--", "-bob@example.test", "r")).code,
    0,
  );
  assertEquals(await mail(at, "acl", "list", "alice@example.test", "INBOX"), [
    { mailbox: "INBOX", identifier: "-bob@example.test", rights: "r" },
  ]);
  await mail(at, "shared", "remove", "example.test", "Info/Plans");
  assertEquals((await mail(at, "shared", "list")).map((row: { mailbox: string }) => row.mailbox), ["Info"]);
  assertEquals((await at.mail("account", "remove", "#shared@example.test")).code, 0);
  assertEquals(await mail(at, "shared", "list"), []);
});

Deno.test("names of owners that hold separators and wildcards", async () => {
  await using at = await server();
  await using owner = await imap(at.ports.imap, "a/b=c@example.test");
  await run(owner, "SETACL INBOX bob@example.test lr");
  await using bob = await imap(at.ports.imap, "bob@example.test");
  const name = "#user/a=2Fb=3Dc@example.test/INBOX";
  assertEquals(await lines(bob, 'LIST "#user/" *X'), [`* LIST (\\HasNoChildren) "/" ${name}`]);
  await run(bob, `SELECT ${name}`);
  await run(bob, "SELECT #user/a/b=c@example.test/INBOX", "NO \\[NONEXISTENT\\]");
});
