import { assertEquals } from "@std/assert";
import { good, idOf, mail, put } from "../store/support.ts";
import { imapBench } from "./support.ts";

Deno.test("QUOTA over the real store", async () => {
  await using t = await imapBench();
  const { store, accounts, db } = t.bench;
  const account = accounts[0]!;
  const client = await t.client();
  const quota = async () => (await client.run("GETQUOTA #user/alice@example.test"))[0];
  assertEquals(await quota(), "* QUOTA #user/alice@example.test (MAILBOX 6 1000)");
  await db.database.updateTable("account_state").set({ quota_octets: 10_240, quota_messages: 2 })
    .where("account_id", "=", account).execute();
  await put(store, account, mail("one", "x".repeat(2000)));
  assertEquals(await quota(), "* QUOTA #user/alice@example.test (STORAGE 3 10 MESSAGE 1 2 MAILBOX 6 1000)");
  await client.run("CREATE more/deep");
  await client.run("SELECT INBOX");
  await client.run("COPY 1 Archive");
  assertEquals(await quota(), "* QUOTA #user/alice@example.test (STORAGE 5 10 MESSAGE 2 2 MAILBOX 8 1000)");
  assertEquals(await client.run("COPY 1 Archive"), ["NO [OVERQUOTA] Quota exceeded"]);
  const status = async () => (await client.run("STATUS INBOX (DELETED DELETED-STORAGE)"))[0];
  assertEquals(await status(), "* STATUS INBOX (DELETED 0 DELETED-STORAGE 0)");
  await client.run("STORE 1 +FLAGS.SILENT (\\Deleted)");
  const size = mail("one", "x".repeat(2000)).length;
  assertEquals(await status(), `* STATUS INBOX (DELETED 1 DELETED-STORAGE ${size})`);
  good(await store.expunge(account, await idOf(store, account, "INBOX"), "all"));
  assertEquals(await status(), "* STATUS INBOX (DELETED 0 DELETED-STORAGE 0)");
  assertEquals(await quota(), "* QUOTA #user/alice@example.test (STORAGE 3 10 MESSAGE 1 2 MAILBOX 8 1000)");
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
