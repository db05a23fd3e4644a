import { assertEquals } from "@std/assert";
import { good, idOf, mail, put } from "../store/support.ts";
import { imapBench } from "./support.ts";

Deno.test("QUOTA over the real store", async () => {
  await using t = await imapBench();
  const { store, accounts, db } = t.bench;
  const account = accounts[0]!;
  const client = await t.client();
  const quota = async () => (await client.run("GETQUOTA #user/alice@example.test"))[0];
  assertEquals(await quota(), "* QUOTA #user/alice@example.test (MAILBOX 6 1000 ANNOTATION-STORAGE 0 16384)");
  await db.database.updateTable("account_state").set({ quota_octets: 10_240, quota_messages: 2 })
    .where("account_id", "=", account).execute();
  await put(store, account, mail("one", "x".repeat(2000)));
  assertEquals(
    await quota(),
    "* QUOTA #user/alice@example.test (STORAGE 3 10 MESSAGE 1 2 MAILBOX 6 1000 ANNOTATION-STORAGE 0 16384)",
  );
  await client.run("CREATE more/deep");
  await client.run("SELECT INBOX");
  await client.run("COPY 1 Archive");
  assertEquals(
    await quota(),
    "* QUOTA #user/alice@example.test (STORAGE 5 10 MESSAGE 2 2 MAILBOX 8 1000 ANNOTATION-STORAGE 0 16384)",
  );
  assertEquals(await client.run("COPY 1 Archive"), ["NO [OVERQUOTA] Quota exceeded"]);
  const status = async () => (await client.run("STATUS INBOX (DELETED DELETED-STORAGE)"))[0];
  assertEquals(await status(), "* STATUS INBOX (DELETED 0 DELETED-STORAGE 0)");
  await client.run("STORE 1 +FLAGS.SILENT (\\Deleted)");
  const size = mail("one", "x".repeat(2000)).length;
  assertEquals(await status(), `* STATUS INBOX (DELETED 1 DELETED-STORAGE ${size})`);
  good(await store.expunge(account, await idOf(store, account, "INBOX"), "all"));
  assertEquals(await status(), "* STATUS INBOX (DELETED 0 DELETED-STORAGE 0)");
  assertEquals(
    await quota(),
    "* QUOTA #user/alice@example.test (STORAGE 3 10 MESSAGE 1 2 MAILBOX 8 1000 ANNOTATION-STORAGE 0 16384)",
  );
  assertEquals(t.bugs, []);
});

Deno.test("an administrator sets quotas, and nobody else", async () => {
  await using t = await imapBench({}, { administrators: ["Alice@example.test"] });
  const { store, accounts } = t.bench;
  const alice = await t.client(), bob = await t.client("bob");
  const root = "#user/bob@example.test";
  const set = (limits: string) => alice.run(`SETQUOTA ${root} (${limits})`);
  assertEquals(await set("STORAGE 10 MESSAGE 2"), [
    `* QUOTA ${root} (STORAGE 0 10 MESSAGE 0 2 MAILBOX 6 1000 ANNOTATION-STORAGE 0 16384)`,
    "OK SETQUOTA completed",
  ]);
  await put(store, accounts[1]!, mail("one"));
  await put(store, accounts[1]!, mail("two"));
  assertEquals((await bob.run("APPEND INBOX {3+}\r\na:b")).at(-1), "NO [OVERQUOTA] Quota exceeded");
  // RFC 9208 §4.1.3: what is not named is lifted.
  assertEquals(
    (await set("storage 20"))[0],
    `* QUOTA ${root} (STORAGE 1 20 MAILBOX 6 1000 ANNOTATION-STORAGE 0 16384)`,
  );
  assertEquals(
    (await bob.run(`GETQUOTA ${root}`))[0],
    `* QUOTA ${root} (STORAGE 1 20 MAILBOX 6 1000 ANNOTATION-STORAGE 0 16384)`,
  );
  assertEquals(
    (await alice.run(`GETQUOTA ${root}`))[0],
    `* QUOTA ${root} (STORAGE 1 20 MAILBOX 6 1000 ANNOTATION-STORAGE 0 16384)`,
  );
  assertEquals((await set(""))[0], `* QUOTA ${root} (MAILBOX 6 1000 ANNOTATION-STORAGE 0 16384)`);
  assertEquals(await set("STORAGE 1 MAILBOX 7"), ["NO [CANNOT] The limit of MAILBOX cannot be set"]);
  assertEquals(await alice.run("SETQUOTA #user/nobody@example.test ()"), [
    "NO [NONEXISTENT] No such quota root",
  ]);
  assertEquals(await bob.run(`SETQUOTA ${root} ()`), ["NO [NOPERM] Only an administrator sets limits"]);
  assertEquals(await bob.run("SETQUOTA #user/alice@example.test ()"), [
    "NO [NONEXISTENT] No such quota root",
  ]);
  assertEquals(t.bugs, []);
});

Deno.test("after UNAUTHENTICATE another user finds nothing of the one before", async () => {
  await using t = await imapBench();
  const { store, accounts } = t.bench;
  await put(store, accounts[0]!, mail("alice's"));
  const client = await t.client();
  await client.run("SELECT INBOX");
  assertEquals((await client.run("UNAUTHENTICATE")).at(-1), "OK UNAUTHENTICATE completed");
  // Nothing is told any more of the mailbox that was selected.
  await put(store, accounts[0]!, mail("later"));
  assertEquals(await client.run("NOOP"), ["OK NOOP completed"]);
  await client.run('LOGIN bob "open sesame"');
  assertEquals((await client.run("STATUS INBOX (MESSAGES)"))[0], "* STATUS INBOX (MESSAGES 0)");
  assertEquals(await client.run("FETCH 1 FLAGS"), ["BAD Select a mailbox first"]);
  assertEquals(t.bugs, []);
});
