import { assert, assertEquals } from "@std/assert";
import { IMAP_LIMITS } from "../../src/imap/mod.ts";
import { bench, mail, put } from "../store/support.ts";
import { ALICE } from "../support/imap_auth.ts";
import { TestSession } from "../support/imap_session.ts";

const ALL = "NOTIFY SET (selected (MessageNew (UID) MessageExpunge FlagChange)) " +
  "(personal (MessageNew MessageExpunge FlagChange MailboxName SubscriptionChange MailboxMetadataChange))";

Deno.test("NOTIFY over the real store: another worker's changes are told between commands", async () => {
  await using t = await bench(1);
  await using session = await TestSession.open(t.store, {}, "SELECT INBOX", ALL);
  await using other = await TestSession.open(t.store);
  await put(t.store, ALICE, mail("one"));
  assertEquals(await session.until("* 1 FETCH"), ["* 1 EXISTS", "* 0 RECENT", "* 1 FETCH (UID 1)"]);
  await other.good("CREATE lists/a");
  assertEquals((await session.until('* LIST (\\HasNoChildren) "/" lists/a')).length, 2);
  await put(t.store, ALICE, mail("two"), { mailbox: "lists/a" });
  const [status] = await session.until("* STATUS lists/a");
  assert(status!.includes("MESSAGES 1 UIDNEXT 2"), status);
  await other.good("SUBSCRIBE lists/a");
  await session.until('* LIST (\\Subscribed \\HasNoChildren) "/" lists/a');
  await other.good('SETMETADATA lists/a (/private/comment "x")');
  await session.until("* METADATA lists/a /private/comment");
  await other.good("RENAME lists boxes");
  await session.until('* LIST (\\HasChildren) "/" boxes ("OLDNAME" (lists))');
  await other.good("DELETE boxes/a");
  await session.until('* LIST (\\NonExistent) "/" boxes/a');
  assertEquals((await session.run("NOOP")).at(-1), "OK NOOP completed");
});

Deno.test("many changes are told together: NOTIFY looks at the mailboxes now and then", async () => {
  await using t = await bench(1);
  let looks = 0;
  const store = { ...t.store, mailboxes: (account: typeof ALICE) => (looks++, t.store.mailboxes(account)) };
  const limits = { ...IMAP_LIMITS, notifyMs: 300 };
  await using session = await TestSession.open(
    store,
    { limits },
    "NOTIFY SET (personal (MessageNew MessageExpunge))",
  );
  const before = looks;
  for (let n = 1; n <= 40; n++) await put(t.store, ALICE, mail(`m${n}`));
  const lines = await session.until("* STATUS INBOX (MESSAGES 40 ");
  assert(lines.length <= looks - before, "each look tells once");
  assert(looks - before < 40, `${looks - before} looks for 40 messages`);
});
