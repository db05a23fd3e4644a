import { assert, assertEquals } from "@std/assert";
import type { AccountId, MailboxId } from "../../src/core/brands.ts";
import type { Store } from "../../src/store/mod.ts";
import { addAccount, all, codeOf, good, idOf, mail, octetsOf, put, stage } from "../store/support.ts";
import { assertInvariants } from "../store/invariants.ts";
import { imapBench } from "./support.ts";

const encoder = new TextEncoder();

function joined(...pieces: readonly (string | Uint8Array)[]): Uint8Array {
  const octets = pieces.map((piece) => typeof piece === "string" ? encoder.encode(piece) : piece);
  const whole = new Uint8Array(octets.reduce((sum, piece) => sum + piece.length, 0));
  let at = 0;
  for (const piece of octets) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}

/** All octets of a message, from the store. */
async function storedOctets(
  store: Store,
  account: AccountId,
  mailbox: MailboxId,
  uid: number,
): Promise<Uint8Array> {
  const [rows] = await all(store.fetch(account, mailbox, [[uid, uid]], { facts: true }));
  const { message, size } = rows![0]!;
  const pieces = await all(store.octets(account, [{ message, start: 0, end: size }]));
  return joined(...pieces.map((piece) => piece.octets));
}

Deno.test("MULTIAPPEND over the real store: all or nothing, in memory or aside", async () => {
  await using t = await imapBench({ limits: { chunkOctets: 4096 } });
  const { store, accounts, db } = t.bench;
  const account = accounts[0]!;
  const client = await t.client();
  await client.run("SELECT INBOX");
  const bodies = [mail("small"), mail("large", "x".repeat(20_000)), mail("last")];
  const command = joined(
    "APPEND INBOX",
    ...bodies.flatMap((body, i) => [` (k${i}) {${body.length}+}\r\n`, body]),
    "\r\n",
  );
  const lines = await client.send(command);
  assert(/^OK \[APPENDUID \d+ 1:3\]/.test(lines.at(-1)!), lines.join("\n"));
  assert(lines.includes("* 3 EXISTS"));
  for (const [i, body] of bodies.entries()) {
    const inbox = await idOf(store, account, "INBOX");
    assertEquals(await storedOctets(store, account, inbox, i + 1), body);
  }
  // One that does not fit takes the others with it.
  await db.database.updateTable("account_state").set({ quota_messages: 4 }).where("account_id", "=", account)
    .execute();
  assertEquals((await client.send(command)).at(-1), "NO [OVERQUOTA] Quota exceeded");
  await client.run("NOOP");
  assertEquals((await client.run("STATUS INBOX (MESSAGES)"))[0], "* STATUS INBOX (MESSAGES 3)");
  await assertInvariants(db.database);
  await store.sweep();
  assertEquals(t.bugs, []);
});

Deno.test("messages beyond what may wait in memory wait in the database", async () => {
  await using t = await imapBench();
  const { store, accounts, db } = t.bench;
  await using draft = store.stage({ aside: true });
  await draft.write(mail("aside"));
  const message = await draft.finish();
  const staged = await db.database.selectFrom("blob_chunk").select("blob_id").execute();
  assertEquals(staged.map((row) => row.blob_id), [message.blob as string]);
  const to = [{ account: accounts[0]!, mailbox: "INBOX" }];
  good((await store.deliver([{ message, to }], { atomic: true }))[0]![0]!);
  await assertInvariants(db.database);
  {
    await using unused = store.stage({ aside: true });
    await unused.write(mail("unused"));
    await (await unused.finish())[Symbol.asyncDispose]();
  }
  assertEquals((await db.database.selectFrom("blob_chunk").select("blob_id").execute()).length, 1);
  await using empty = store.stage({ aside: true });
  assertEquals((await empty.finish()).size, 0);
});

Deno.test("CATENATE over the real store keeps octets as they are", async () => {
  await using t = await imapBench({ limits: { chunkOctets: 4096 } });
  const { store, accounts } = t.bench;
  const odd = octetsOf(
    "Subject: odd\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\n1 \u00e9\n--b\n\n" + "z".repeat(9000) +
      "\n--b--\n",
  );
  await put(store, accounts[0]!, odd);
  await put(store, accounts[1]!, mail("bob's"));
  const client = await t.client();
  await client.run("SELECT INBOX");
  const lines = await client.run(
    'APPEND Drafts CATENATE (URL ";UID=1/;SECTION=HEADER" URL "/INBOX;UID=1/;SECTION=TEXT" URL "/INBOX;UID=1/;SECTION=2")',
  );
  assert(lines.at(-1)!.startsWith("OK [APPENDUID "), lines.join("\n"));
  const drafts = await idOf(store, accounts[0]!, "Drafts");
  assertEquals(await storedOctets(store, accounts[0]!, drafts, 1), joined(odd, "z".repeat(9000)));
  assert((await client.run('APPEND INBOX CATENATE (URL "/INBOX;UID=2")')).at(-1)!.startsWith("NO [BADURL "));
  assertEquals(t.bugs, []);
});

Deno.test("REPLACE over the real store: one step for all who watch", async () => {
  await using t = await imapBench();
  const { store, accounts, db } = t.bench;
  const account = accounts[0]!;
  for (const subject of ["one", "two", "three"]) await put(store, account, mail(subject));
  const client = await t.client(), other = await t.client();
  for (const each of [client, other]) await each.run("SELECT INBOX");
  await client.run("ENABLE CONDSTORE");
  const body = mail("replacement");
  const replaced = await client.send(
    joined(`REPLACE 2 INBOX (\\Draft $new) {${body.length}+}\r\n`, body, "\r\n"),
  );
  assert(replaced[0]!.startsWith("* OK [APPENDUID ") && replaced[0]!.includes(" 4] "), replaced.join("\n"));
  assertEquals(replaced.slice(1, 3), ["* 2 EXPUNGE", "* 3 EXISTS"]);
  assertEquals(replaced.at(-1), "OK REPLACE completed");
  const seen = await other.run("NOOP");
  assertEquals(seen.slice(0, 2), ["* 2 EXPUNGE", "* 3 EXISTS"]);
  const moved = await client.send(joined(`UID REPLACE 4 Sent {${body.length}+}\r\n`, body, "\r\n"));
  assert(moved.includes("* 3 EXPUNGE") && moved.at(-1) === "OK REPLACE completed", moved.join("\n"));
  assertEquals((await client.run("STATUS Sent (MESSAGES)"))[0], "* STATUS Sent (MESSAGES 1)");
  await assertInvariants(db.database);
  assertEquals(t.bugs, []);
});

Deno.test("a REPLACE that is refused changes nothing", async () => {
  await using t = await imapBench();
  const { store, db } = t.bench;
  const size = mail("old").length;
  const account: AccountId = await addAccount(db, "small", { octets: size + 10, messages: 1 });
  await put(store, account, mail("old"));
  const mailbox = await idOf(store, account, "INBOX");
  const attempt = async (octets: Uint8Array, to: string, uid: number, keywords: readonly string[] = []) => {
    await using message = await stage(store, octets);
    return await store.replace(message, { account, mailbox: to, keywords }, { account, mailbox, uid });
  };
  assertEquals(codeOf(await attempt(mail("x"), "INBOX", 2)), "EXPUNGEISSUED");
  assertEquals(codeOf(await attempt(mail("x"), "none", 1)), "TRYCREATE");
  assertEquals(codeOf(await attempt(mail("x"), "none", 1, ["k"])), "TRYCREATE");
  assertEquals(codeOf(await attempt(mail("x"), "INBOX", 1, ["no atom"])), "CANNOT");
  assertEquals(codeOf(await attempt(mail("long".repeat(10)), "INBOX", 1)), "OVERQUOTA");
  assertEquals((await store.mailbox(account, "INBOX"))!.messages, 1);
  await assertInvariants(db.database);
  // The room of what goes is there for what comes, and the one message that the account may have stays one.
  const placed = good(await attempt(mail("younger"), "INBOX", 1, ["k"]));
  assertEquals(placed.uid as number, 2);
  const index = good(await store.index(account, mailbox));
  assertEquals([[...index.uids], index.mailbox.keywords, index.keywords.get(2)], [[2], ["k"], [0]]);
  await assertInvariants(db.database);
});
