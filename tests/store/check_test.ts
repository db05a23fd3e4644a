import { assertEquals } from "@std/assert";
import { sql } from "kysely";
import { checkTables, RULE_NAMES } from "../../src/store/pg/check.ts";
import { bench, mail, put } from "./support.ts";

/** A message in the queue that has no octets, and the count of its recipients that are open. */
function queued(size: number, open: number): string {
  return `insert into queue_message (queue_id, blob_id, size, reverse_path, body, smtputf8, require_tls, priority,
      deliver_by_trace, session, tls_optional, solicit, expires_at, check_at, open)
    values (1, '00000000-0000-7000-8000-000000000000', ${size}, '', '7BIT', false, false, 0, false, '', true, '',
      now(), now(), ${open});
    insert into queue_recipient (queue_id, number, address, notify, lane, sender, priority, rank, state, due_at)
    values (1, 1, 'a@b.test', 0, 'b.test', '', 0, 0, 'ready', now())`;
}

/** How each rule is broken, by its name. */
const DAMAGE: Readonly<Record<string, string>> = {
  "every entry has its message, of its size": "update entry set size = size + 1 where uid = 1",
  "every message has all its octets": "update blob_chunk set octets = substring(octets from 2)",
  "every message has an entry, or waits for the sweep": "delete from entry where uid = 2",
  "counters of a mailbox are what a count gives": "update mailbox set unseen = unseen + 7",
  "an account's use is the sum of its mailboxes, its modseq the highest":
    "update account_state set used_octets = 0, modseq = 1",
  "every blob has an owner or waits for the sweep":
    "insert into blob_chunk values ('00000000-0000-7000-8000-000000000000', 0, 'x')",
  "every queued message has all its octets": queued(1, 1),
  "a queued message counts the recipients that are open": queued(0, 2),
  "text only of messages that are there":
    "insert into message_text select account_id, 99, '', '' from account",
  "keys of SORT only of messages that are there":
    "insert into message_sort select account_id, 99, '', '', '', '', '', '', false, null, '' from account",
  "annotations only of mailboxes that are there":
    "insert into metadata select account_id, 99, '/private/x', '' from account",
  "annotations only of messages that are there":
    "insert into annotation select account_id, 1, 99, '/comment', 0, 1, 'x', 'x' from account",
  "access control lists only of mailboxes that are there":
    "insert into acl (account_id, mailbox_id, identifier, rights) select account_id, 99, 'anyone', 'l' from account",
  "who asks what changed is told of every change":
    "update entry set modseq = (select max(modseq) from entry) where uid = 1",
  "a vanished UID is not there": "insert into expunged select account_id, 1, 1, 1, 1 from account",
};

/** Rules whose breach means that something real is missing. */
const BEYOND_REPAIR = [
  "every entry has its message, of its size",
  "every message has all its octets",
  "every queued message has all its octets",
  "a vanished UID is not there",
];

Deno.test("mail check finds every breach, and repairs what is derived", async (t) => {
  assertEquals(Object.keys(DAMAGE).sort(), [...RULE_NAMES].sort());
  for (const [rule, damage] of Object.entries(DAMAGE)) {
    await t.step(rule, async () => {
      await using bed = await bench(1);
      const { database } = bed.db;
      for (let i = 0; i < 3; i++) await put(bed.store, bed.accounts[0]!, mail(`${i}`));
      assertEquals(await checkTables(database), []);
      await sql.raw(damage).execute(database);
      const found = await checkTables(database);
      assertEquals(
        found.some((breach) => breach.rule === rule && !breach.repaired),
        true,
        JSON.stringify(found),
      );
      await checkTables(database, true);
      // What a repair changes may show in the sums over it, which come later.
      const left = await checkTables(database, true);
      assertEquals(left.map((breach) => breach.rule), BEYOND_REPAIR.includes(rule) ? [rule] : []);
    });
  }
});

Deno.test("a queued message that was left open behind its last recipient is over, its octets are let go", async () => {
  await using bed = await bench(1);
  const { database } = bed.db;
  await sql.raw(`${queued(0, 1)}; update queue_recipient set state = 'delivered', ended_at = now()`)
    .execute(database);
  assertEquals((await checkTables(database, true)).map(({ count, repaired }) => [count, repaired]), [[
    1,
    true,
  ]]);
  assertEquals(await checkTables(database), []);
  const { rows } = await sql`select q.open, q.ended_at is not null as over, g.blob_id is not null as freed
    from queue_message q left join blob_garbage g using (blob_id)`.execute(database);
  assertEquals(rows, [{ open: 0, over: true, freed: true }]);
});
