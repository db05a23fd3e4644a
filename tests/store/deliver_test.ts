import { assert, assertEquals } from "@std/assert";
import { sql } from "kysely";
import { Flag } from "../../src/core/store.ts";
import { realDay } from "../../src/store/message.ts";
import { all, bench, codeOf, good, idOf, mail, put, stage } from "./support.ts";

Deno.test("a delivered message comes back octet for octet, with what was derived from it", async () => {
  await using t = await bench();
  const [account] = t.accounts;
  const octets = mail("First");
  const placed = await put(t.store, account!, octets, { flags: Flag.Seen, internalDate: 1_700_000_000_000 });
  assertEquals(placed.uid as number, 1);
  const info = (await t.store.mailbox(account!, "inbox"))!;
  assertEquals([info.messages, info.unseen, info.deleted, info.octets], [1, 0, 0, octets.length]);
  assertEquals(info.highestModSeq, placed.modSeq);
  assertEquals(info.uidNext, 2);
  const [[row]] = await all(
    t.store.fetch(account!, info.id, [[1, 9]], {
      facts: true,
      envelope: true,
      bodyStructure: true,
      structure: true,
    }),
  ) as [[any]];
  assertEquals(row.internalDate, 1_700_000_000_000);
  assertEquals(row.size, octets.length);
  assert(new TextDecoder().decode(row.envelope).includes('"First"'));
  const pieces = await all(t.store.octets(account!, [{ message: row.message, start: 0, end: 1e9 }]));
  assertEquals(pieces.map((piece) => [...piece.octets]), [[...octets]]);
  assertEquals(pieces[0]!.last, true);
});

Deno.test("whatever plan PostgreSQL chooses, each target is told its own UID", async () => {
  await using t = await bench(3);
  const [first, second, third] = t.accounts;
  for (let i = 0; i < 3; i++) await put(t.store, first!, mail(`before ${i}`));
  await put(t.store, second!, mail("before"));
  // Joins that sort: rows then come in the order of accounts, not of targets.
  const { rows } = await sql<{ name: string }>`select current_database() as name`.execute(t.db.database);
  for (const setting of ["enable_nestloop", "enable_hashjoin"]) {
    await sql.raw(`alter database ${rows[0]!.name} set ${setting} = off`).execute(t.db.database);
  }
  await using other = await t.another();
  // Without keywords by the short statement, with one by the long one.
  for (const [keywords, before] of [[[], [0, 3, 1]], [["kept"], [1, 5, 2]]] as const) {
    await using message = await stage(other, mail("Again"));
    const to = [third, first, second, first].map((account) => ({
      account: account!,
      mailbox: "INBOX",
      keywords,
    }));
    const [results] = await other.deliver([{ message, to }], { atomic: false });
    const uids = results!.map((outcome) => good(outcome).uid as number);
    assertEquals(uids, [before[0] + 1, before[1] + 1, before[2] + 1, before[1] + 2]);
  }
});

Deno.test("one message for many recipients is one blob", async () => {
  await using t = await bench(3);
  await using message = await stage(t.store, mail("To all"));
  const to = t.accounts.map((account) => ({ account, mailbox: "INBOX" }));
  const [results] = await t.store.deliver([{ message, to }], { atomic: false });
  assertEquals(results!.map((one) => one.ok), [true, true, true]);
  const blobs = await t.db.database.selectFrom("blob_chunk").selectAll().execute();
  assertEquals(blobs.length, 1);
  const messages = await t.db.database.selectFrom("message").selectAll().execute();
  assertEquals(messages.length, 3);
});

Deno.test("a missing mailbox is refused with TRYCREATE, or made", async () => {
  await using t = await bench();
  const account = t.accounts[0]!;
  await using message = await stage(t.store, mail("Where"));
  const [results] = await t.store.deliver([{
    message,
    to: [
      { account, mailbox: "Nowhere" },
      { account, mailbox: "New/Below", create: true, keywords: ["$Work", "other"] },
      { account, mailbox: "INBOX" },
      { account, mailbox: "bad//name", create: true },
    ],
  }], { atomic: false });
  assertEquals(results!.map(codeOf), ["TRYCREATE", undefined, undefined, "CANNOT"]);
  const info = (await t.store.mailbox(account, "New/Below"))!;
  assertEquals(info.keywords, ["$Work", "other"]);
  const index = good(await t.store.index(account, info.id));
  assertEquals(index.keywords.get(1), [0, 1]);
  assert(await t.store.mailbox(account, "New") !== undefined);
});

Deno.test("atomic: one refused target refuses all", async () => {
  await using t = await bench();
  const account = t.accounts[0]!;
  await using one = await stage(t.store, mail("One"));
  await using two = await stage(t.store, mail("Two"));
  const results = await t.store.deliver([
    { message: one, to: [{ account, mailbox: "INBOX" }] },
    { message: two, to: [{ account, mailbox: "Nowhere" }] },
  ], { atomic: true });
  assertEquals(results.map((list) => list.map(codeOf)), [["TRYCREATE"], ["TRYCREATE"]]);
  assertEquals((await t.store.mailbox(account, "INBOX"))!.messages, 0);
  assertEquals(await t.db.database.selectFrom("blob_chunk").select("seq").execute(), []);
  const again = await t.store.deliver([
    { message: one, to: [{ account, mailbox: "INBOX" }] },
    { message: two, to: [{ account, mailbox: "Nowhere", create: true, keywords: ["x"] }] },
  ], { atomic: true });
  assertEquals(again.map((list) => list.map((outcome) => outcome.ok)), [[true], [true]]);
  assertEquals(await idOf(t.store, account, "Nowhere") > 0, true);
});

Deno.test("only days that the calendar has are kept of Date", () => {
  assertEquals(["2026-11-03", "2024-02-29", "0001-01-01", "9999-12-31"].map(realDay), [
    "2026-11-03",
    "2024-02-29",
    "0001-01-01",
    "9999-12-31",
  ]);
  for (const day of ["2026-02-29", "2024-02-31", "0000-01-01", "2026-13-01", "", "10000-01-01", undefined]) {
    assertEquals(realDay(day), null, String(day));
  }
});

Deno.test("the short statement and the long one place alike", async () => {
  /** Gives what three deliveries left, with and without a quota so large that it only changes the statement. */
  async function outcome(quota: number | null): Promise<unknown> {
    await using t = await bench(3);
    await t.db.database.updateTable("domain").set({ quota_octets: quota }).execute();
    const messages = await Promise.all([mail("one"), mail("two", "Longer\n")].map((m) => stage(t.store, m)));
    const [a, b] = t.accounts;
    const to = [
      { account: a!, mailbox: "INBOX", internalDate: 1e12 },
      { account: b!, mailbox: "Archive", flags: Flag.Seen, internalDate: 1e12 },
      { account: a!, mailbox: "INBOX", flags: Flag.Deleted, internalDate: 1e12 },
      { account: a!, mailbox: "Sent", flags: Flag.Seen | Flag.Flagged, internalDate: 1e12 },
    ];
    const placed = await t.store.deliver(messages.map((message) => ({ message, to })), { atomic: true });
    await put(t.store, a!, mail("three"), { internalDate: 1e12 });
    const rows = await Promise.all([
      t.db.database.selectFrom("message").select([
        "account_id",
        "message_id",
        "size",
        "header_size",
        "sent_on",
      ])
        .orderBy("account_id").orderBy("message_id").execute(),
      t.db.database.selectFrom("entry")
        .select(["account_id", "mailbox_id", "uid", "message_id", "modseq", "size", "internal_date", "flags"])
        .orderBy("account_id").orderBy("mailbox_id").orderBy("uid").execute(),
      t.db.database.selectFrom("mailbox").orderBy("account_id").orderBy("mailbox_id")
        .select(["name", "uidnext", "highestmodseq", "messages", "unseen", "deleted", "octets"]).execute(),
      t.db.database.selectFrom("account_state").orderBy("account_id")
        .select(["modseq", "next_message_id", "used_octets", "used_messages"]).execute(),
    ]);
    const where = placed.flat().map((one) => {
      const { mailbox, uid, modSeq } = good(one);
      return { mailbox, uid, modSeq };
    });
    return { where, rows };
  }
  assertEquals(await outcome(null), await outcome(1e9));
});
