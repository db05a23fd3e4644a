import { assertEquals } from "@std/assert";
import { type RawBuilder, sql } from "kysely";
import type { Database } from "../../src/store/pg/database.ts";

/** What must hold of the tables at any time, as queries that give the breaches. */
const RULES: Readonly<Record<string, RawBuilder<unknown>>> = {
  "counters of a mailbox are what a count gives": sql`
    select b.account_id, b.name from mailbox b left join lateral (
      select count(*) as messages, count(*) filter (where flags & 1 = 0) as unseen,
             count(*) filter (where flags & 8 <> 0) as deleted, coalesce(sum(size), 0) as octets,
             coalesce(max(uid), 0) as uid, coalesce(max(modseq), 0) as modseq
        from entry e where e.account_id = b.account_id and e.mailbox_id = b.mailbox_id) c on true
     where (b.messages, b.unseen, b.deleted, b.octets) <> (c.messages, c.unseen, c.deleted, c.octets)
        or c.uid >= b.uidnext or c.modseq > b.highestmodseq`,
  "an account's use is the sum of its mailboxes, its modseq the highest": sql`
    select s.account_id from account_state s join lateral (
      select sum(messages) as messages, sum(octets) as octets, max(highestmodseq) as modseq,
             max(uidvalidity) as uidvalidity, max(mailbox_id) as mailbox_id
        from mailbox b where b.account_id = s.account_id) c on true
     where (s.used_messages, s.used_octets) <> (c.messages, c.octets) or c.modseq > s.modseq
        or c.uidvalidity >= s.next_uidvalidity or c.mailbox_id >= s.next_mailbox_id`,
  "every entry has its message, of its size": sql`
    select e.* from entry e left join message m using (account_id, message_id)
     where m.message_id is null or m.size <> e.size`,
  "every message has an entry": sql`
    select m.message_id from message m where not exists (
      select from entry e where e.account_id = m.account_id and e.message_id = m.message_id)`,
  "every message has all its octets": sql`
    select m.message_id from message m where m.size <> (
      select coalesce(sum(length(c.octets)), 0) from blob_chunk c where c.blob_id = m.blob_id)`,
  "every blob has an owner or waits for the sweep": sql`
    select c.blob_id from blob_chunk c where not exists (select from message m where m.blob_id = c.blob_id)
       and not exists (select from queue_message q where q.blob_id = c.blob_id and q.ended_at is null)
       and not exists (select from blob_garbage g where g.blob_id = c.blob_id)
       and not exists (select from blob_staged s where s.blob_id = c.blob_id)`,
  "every queued message has all its octets": sql`
    select q.queue_id from queue_message q where q.ended_at is null and q.size <> (
      select coalesce(sum(length(c.octets)), 0) from blob_chunk c where c.blob_id = q.blob_id)`,
  "a queued message counts the recipients that are open": sql`
    select q.queue_id from queue_message q where q.open <> (
      select count(*) from queue_recipient r where r.queue_id = q.queue_id and
       (r.state in ('ready', 'waiting', 'held') or r.notice is not null))
       or (q.open = 0) <> (q.ended_at is not null)`,
  "text only of messages that are there": sql`
    select t.message_id from message_text t left join message m using (account_id, message_id)
     where m.message_id is null`,
  "keys of SORT only of messages that are there": sql`
    select k.message_id from message_sort k left join message m using (account_id, message_id)
     where m.message_id is null`,
  "annotations only of mailboxes that are there": sql`
    select d.* from metadata d left join mailbox b using (account_id, mailbox_id)
     where d.mailbox_id <> 0 and b.mailbox_id is null`,
  "access control lists only of mailboxes that are there": sql`
    select a.* from acl a left join mailbox b using (account_id, mailbox_id) where b.mailbox_id is null`,
  "a vanished UID is not there": sql`
    select x.* from expunged x join entry e on e.account_id = x.account_id and e.mailbox_id = x.mailbox_id
       and e.uid between x.uid_low and x.uid_high`,
};

/** Fails, by name, where a rule is broken. */
export async function assertInvariants(database: Database): Promise<void> {
  for (const [name, rule] of Object.entries(RULES)) {
    assertEquals((await rule.execute(database) as { rows: unknown[] }).rows, [], name);
  }
}
