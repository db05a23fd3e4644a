import { assert, assertEquals } from "@std/assert";
import type { MailStore } from "../../src/core/store.ts";
import { IMAP_LIMITS } from "../../src/imap/mod.ts";
import { mail } from "../store/support.ts";
import { ALICE } from "../support/imap_auth.ts";
import { TestSession } from "../support/imap_session.ts";
import { MemoryStore } from "../support/imap_store.ts";

/** A store whose searches and copies take a while. */
class SlowStore extends MemoryStore {
  override async search(...args: Parameters<MailStore["search"]>) {
    await new Promise((resolve) => setTimeout(resolve, 60));
    return await super.search(...args);
  }

  override async copy(...args: Parameters<MailStore["copy"]>) {
    await new Promise((resolve) => setTimeout(resolve, 60));
    return await super.copy(...args);
  }
}

Deno.test("commands that take long say that they are still at work (RFC 9585)", async () => {
  const store = new SlowStore();
  store.addAccount(ALICE);
  await store.put(ALICE, "INBOX", mail("one"));
  await store.createMailbox(ALICE, "a");
  const limits = { ...IMAP_LIMITS, progressMs: 10 };
  await using session = await TestSession.open(store, { limits }, "SELECT INBOX");
  const said = async (command: string) => {
    const lines = await session.run(command);
    const progress = lines.filter((line) => line.includes("INPROGRESS"));
    assert(progress.length > 0, lines.join());
    assertEquals(lines.slice(0, progress.length), progress, "it is said before the answer");
    return [progress[0], ...lines.slice(progress.length)];
  };
  assertEquals(await said("SEARCH SUBJECT one"), [
    '* OK [INPROGRESS ("t3" NIL NIL)] Still at work',
    "* SEARCH 1",
    "OK SEARCH completed",
  ]);
  assertEquals((await said("COPY 1 a"))[0], '* OK [INPROGRESS ("t4" NIL NIL)] Still at work');
  const both = await session.run("ESEARCH IN (mailboxes (INBOX a)) SUBJECT one");
  assert(both.includes('* OK [INPROGRESS ("t5" 1 2)] Still at work'), both.join());
  const quick = await session.run("SEARCH ALL");
  assertEquals(quick.length, 2, "what is quick says nothing");
});

Deno.test("a tag that would end the code is not told (RFC 9585 §4)", async () => {
  const store = new SlowStore();
  store.addAccount(ALICE);
  const limits = { ...IMAP_LIMITS, progressMs: 10 };
  await using session = await TestSession.open(store, { limits }, "SELECT INBOX");
  session.client.send(new TextEncoder().encode("a]b SEARCH SUBJECT x\r\n"));
  const lines = await session.until("a]b ");
  assert(lines.includes("* OK [INPROGRESS (NIL NIL NIL)] Still at work"), lines.join());
});
