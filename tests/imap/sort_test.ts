import { assertEquals } from "@std/assert";
import { sql } from "kysely";
import type { SortBy } from "../../src/core/search.ts";
import { Flag } from "../../src/core/store.ts";
import { assertInvariants } from "../store/invariants.ts";
import { bench, good, idOf, mail, octetsOf, put } from "../store/support.ts";
import { imapBench } from "./support.ts";

const LETTERS = [
  `From: Zoe <b@x.test>\nTo: c@x.test\nCc: k@x.test\nSubject: Re: beta\nDate: Thu, 1 Jan 2026 10:00:00 +0000\n` +
  `Message-ID: <1@x.test>\n\nlong text here to be larger than all of the others are\n`,
  `From: =?utf-8?q?=C3=84nne?= <c@x.test>\nTo: Team: z@x.test;\nSubject: Alpha\n` +
  `Date: Thu, 1 Jan 2026 10:30:00 +0200\nMessage-ID: <2@x.test>\nIn-Reply-To: <1@x.test>\n\nx\n`,
  `From: a@x.test\nSubject: gamma\nReferences: <0@x.test> <1@x.test>\n\nmiddle length\n`,
] as const;

Deno.test("SORT and THREAD over the real store", async () => {
  await using t = await imapBench();
  const { store, accounts } = t.bench;
  const account = accounts[0]!;
  const arrivals = [Date.UTC(2026, 0, 5), Date.UTC(2026, 0, 4), Date.UTC(2026, 0, 1, 9)];
  for (const [i, text] of LETTERS.entries()) {
    await put(store, account, octetsOf(text), { internalDate: arrivals[i]! });
  }
  const client = await t.client();
  await client.run("SELECT INBOX");
  const sort = async (criteria: string, keys = "ALL") =>
    (await client.run(`SORT (${criteria}) UTF-8 ${keys}`))[0];
  const WANT: Readonly<Record<Exclude<SortBy, "annotation" | "relevancy">, string>> = {
    arrival: "3 2 1",
    cc: "2 3 1",
    date: "2 3 1",
    displayfrom: "3 2 1",
    displayto: "3 1 2",
    from: "3 1 2",
    modseq: "1 2 3",
    size: "3 2 1",
    subject: "2 1 3",
    to: "3 1 2",
    uid: "1 2 3",
  };
  for (const [by, want] of Object.entries(WANT)) {
    assertEquals(await sort(by.toUpperCase()), `* SORT ${want}`, by);
  }
  assertEquals(await sort("REVERSE CC"), "* SORT 1 2 3");
  assertEquals(await sort("REVERSE CC REVERSE FROM"), "* SORT 1 2 3");
  assertEquals(await sort("CC FROM"), "* SORT 3 2 1");
  assertEquals(await sort("SUBJECT", "TEXT larger"), "* SORT 1");
  assertEquals(await sort("REVERSE DATE", "OR SUBJECT alpha SENTON 1-Jan-2026"), "* SORT 1 2");
  assertEquals((await client.run("UID THREAD REFERENCES UTF-8 ALL"))[0], "* THREAD (1 (2)(3))");
  assertEquals((await client.run("THREAD REFERENCES UTF-8 NOT 1"))[0], "* THREAD ((2)(3))");
  assertEquals((await client.run("THREAD ORDEREDSUBJECT UTF-8 ALL"))[0], "* THREAD (2)(3)(1)");

  // A message that arrives while nobody looks is compared, too; one that goes leaves nothing behind.
  await put(store, account, octetsOf("Subject: aaa\n\n"));
  assertEquals((await client.run("UID SORT (SUBJECT) UTF-8 ALL"))[0], "* SORT 2 1 3");
  assertEquals((await client.run("UID SORT (SUBJECT) UTF-8 ALL"))[0], "* SORT 4 2 1 3");
  good(await store.remove(account, await idOf(store, account, "INBOX"), [[2, 3]]));
  await client.run("NOOP");
  assertEquals(await sort("SUBJECT"), "* SORT 2 1");
  await assertInvariants(t.bench.db.database);
  assertEquals(t.bugs, []);
});

Deno.test("keys that were not there when their messages came are made when they are needed", async () => {
  await using t = await bench(1, { limits: { sortMessages: 2 } });
  const account = t.accounts[0]!, inbox = await idOf(t.store, account, "INBOX");
  for (const subject of ["e", "d", "c", "b", "a"]) await put(t.store, account, mail(subject));
  good(await t.store.search(account, inbox, { key: "text", text: "anything" }));
  const marks = async () =>
    (await sql<{ text: number; keys: number }>`
      select indexed_message_id as text, sorted_message_id as keys from account_state
       where account_id = ${account}`.execute(t.db.database)).rows[0]!;
  assertEquals(await marks(), { text: 5, keys: 5 });
  // As a database from before there were keys has it.
  await sql`delete from message_sort`.execute(t.db.database);
  await sql`update account_state set sorted_message_id = 0`.execute(t.db.database);
  await put(t.store, account, mail("0"));
  good(await t.store.search(account, inbox, { key: "text", text: "anything" }));
  assertEquals(await marks(), { text: 6, keys: 0 });
  good(await t.store.remove(account, inbox, [[3, 3]]));
  const bySubject = [{ by: "subject", reverse: false }] as const;
  assertEquals([...good(await t.store.sort(account, inbox, { key: "all" }, bySubject))], [6, 5, 4, 2, 1]);
  assertEquals(await marks(), { text: 6, keys: 6 });
  const rows = good(await t.store.threadRows(account, inbox, [[2, 4]]));
  assertEquals(rows.map(({ uid, subject }) => [uid, subject]), [[2, "D"], [4, "B"]]);
  const unseen = { key: "flag", flag: Flag.Seen, set: false } as const;
  assertEquals([...good(await t.store.sort(account, inbox, unseen, []))], [1, 2, 4, 5, 6]);
  await assertInvariants(t.db.database);
});
