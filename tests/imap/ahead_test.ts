import { assert, assertEquals } from "@std/assert";
import type { MailStore } from "../../src/core/store.ts";
import { IMAP_LIMITS } from "../../src/imap/mod.ts";
import { mail } from "../store/support.ts";
import { ALICE } from "../support/imap_auth.ts";
import { TestSession } from "../support/imap_session.ts";
import { MemoryStore } from "../support/imap_store.ts";

/** A store that counts what it is asked for. */
class CountingStore extends MemoryStore {
  fetches = 0;
  reads = 0;

  override fetch(...args: Parameters<MailStore["fetch"]>) {
    this.fetches++;
    return super.fetch(...args);
  }

  override octets(...args: Parameters<MailStore["octets"]>) {
    this.reads++;
    return super.octets(...args);
  }
}

const COUNT = 30;

async function storeWithMail(): Promise<CountingStore> {
  const store = new CountingStore();
  store.addAccount(ALICE);
  for (let i = 1; i <= COUNT; i++) await store.put(ALICE, "INBOX", mail(`number ${i}`, `Body ${i}\n`));
  return store;
}

Deno.test("a client that reads one message after another is read ahead for", async () => {
  const store = await storeWithMail();
  await using session = await TestSession.open(store, {}, "SELECT INBOX");
  for (let i = 1; i <= COUNT; i++) {
    const lines = await session.good(`FETCH ${i} BODY.PEEK[]`);
    assert(lines.includes(`Subject: number ${i}`) && lines.includes(`Body ${i}`), lines.join("\n"));
  }
  assert(store.fetches < 5 && store.reads < 5, `${store.fetches} fetches, ${store.reads} reads`);
});

Deno.test("nothing is read ahead for a client that jumps, nor beyond the limit", async () => {
  const store = await storeWithMail();
  await using session = await TestSession.open(store, {}, "SELECT INBOX");
  for (const i of [9, 3, 27, 14]) await session.good(`FETCH ${i} BODY.PEEK[TEXT]`);
  assertEquals([store.fetches, store.reads], [4, 4]);
  const limits = { ...IMAP_LIMITS, keptOctets: 0, aheadOctets: 0 };
  await using other = await TestSession.open(store, { limits }, "SELECT INBOX");
  for (const i of [1, 2, 3]) await other.good(`FETCH ${i} BODY.PEEK[TEXT]`);
  assertEquals(store.reads, 7);
});

Deno.test("what was fetched once is not asked for again, and flags are the newest ones", async () => {
  const store = await storeWithMail();
  await using session = await TestSession.open(store, {}, "SELECT INBOX");
  const items = "(FLAGS ENVELOPE BODYSTRUCTURE)";
  const first = await session.good(`FETCH 1:* ${items}`);
  await session.good("STORE 2 +FLAGS.SILENT (\\Answered)");
  const again = await session.good(`FETCH 1:* ${items}`);
  assertEquals(store.fetches, 1);
  assertEquals(
    again,
    first.map((line, i) => i === 1 ? line.replace("FLAGS ()", "FLAGS (\\Answered)") : line),
  );
  // Other items need another look; together they are kept as well.
  await session.good("FETCH 1:* (RFC822.SIZE)");
  await session.good("FETCH 1:* (RFC822.SIZE ENVELOPE)");
  assertEquals(store.fetches, 2);
});

Deno.test("a message that is gone is not told of from memory", async () => {
  const store = await storeWithMail();
  await using session = await TestSession.open(store, {}, "SELECT INBOX");
  await session.good("FETCH 1:* (ENVELOPE)");
  await using other = await TestSession.open(store, {}, "SELECT INBOX");
  await other.good("STORE 5 +FLAGS.SILENT (\\Deleted)");
  await other.good("EXPUNGE");
  const lines = await session.run("FETCH 5 (ENVELOPE)");
  assert(lines.at(-1)!.startsWith("NO [EXPUNGEISSUED]"), lines.join("\n"));
  await session.good("NOOP");
  const kept = await session.good("FETCH 5 (ENVELOPE)");
  assert(kept[0]!.includes("number 6"), kept.join());
});
