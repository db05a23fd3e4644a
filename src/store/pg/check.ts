/** What must hold of the tables and the schema cannot enforce, for `mail check`: rules, breaches, repair. */
import { type RawBuilder, sql } from "kysely";
import type { Database } from "./database.ts";

/** A rule of the tables. */
interface Rule {
  readonly name: string;
  /** Gives a row for each breach. One statement sees one state, so a server may work meanwhile. */
  readonly breaches: RawBuilder<unknown>;
  /** Statements that make derived data right again; undefined where something real is missing. */
  readonly repair?: readonly RawBuilder<unknown>[];
}

/** A rule that is broken. */
export interface Breach {
  readonly rule: string;
  readonly count: number;
  /** The first of them, as the tables have them. */
  readonly examples: readonly unknown[];
  readonly repaired: boolean;
}

/** Breaches that are shown of one rule. */
const EXAMPLES = 5;
/** Milliseconds that one rule may take: some read every row. */
const RULE_MS = 3_600_000;

const COUNTED = sql`select count(*) as messages, count(*) filter (where flags & 1 = 0) as unseen,
             count(*) filter (where flags & 8 <> 0) as deleted, coalesce(sum(size), 0) as octets,
             coalesce(max(uid), 0) as uid, coalesce(max(modseq), 0) as modseq
        from entry e where e.account_id = b.account_id and e.mailbox_id = b.mailbox_id`;

const SUMMED = sql`select coalesce(sum(messages), 0) as messages, coalesce(sum(octets), 0) as octets,
             coalesce(max(highestmodseq), 0) as modseq, coalesce(max(uidvalidity), 0) as uidvalidity,
             coalesce(max(mailbox_id), 0) as mailbox_id
        from mailbox b where b.account_id = s.account_id`;

const ENTRYLESS = sql`not exists (
      select from entry e where e.account_id = m.account_id and e.message_id = m.message_id)
       and not exists (
      select from (select account_id, unnest(message_ids) as message_id from message_garbage) g
       where g.account_id = m.account_id and g.message_id = m.message_id)`;

const UNOWNED = sql`not exists (select from message m where m.blob_id = c.blob_id)
       and not exists (select from queue_message q where q.blob_id = c.blob_id and q.ended_at is null)
       and not exists (select from blob_garbage g where g.blob_id = c.blob_id)
       and not exists (select from blob_staged s where s.blob_id = c.blob_id)`;

/** A queued message's recipients that are still on their way, or of whom somebody is still to be told. */
const OPEN = sql`select count(*) from queue_recipient r where r.queue_id = q.queue_id and
        (r.state in ('ready', 'waiting', 'held') or r.notice is not null)`;

const MISCOUNTED = sql`(q.open <> (${OPEN}) or (q.open = 0) <> (q.ended_at is not null))`;

/** Entries newer than one that came behind them: they changed after they had come. */
const BEFORE_OLDER = sql`select e.account_id, e.mailbox_id, e.uid, e.modseq
  from (select e.*, min(modseq) over (
          partition by account_id, mailbox_id order by uid desc rows between unbounded preceding and 1 preceding
        ) as older from entry e) e
  join mailbox b using (account_id, mailbox_id)
 where e.older < e.modseq and e.modseq > b.changed_floor`;

/** All of them; counters of mailboxes before those that are sums of them. */
const RULES: readonly Rule[] = [
  {
    name: "every entry has its message, of its size",
    breaches:
      sql`select e.account_id, e.mailbox_id, e.uid from entry e left join message m using (account_id, message_id)
      where m.message_id is null or m.size <> e.size`,
  },
  {
    name: "every message has all its octets",
    breaches: sql`select m.account_id, m.message_id, m.blob_id from message m where m.size <> (
      select coalesce(sum(length(c.octets)), 0) from blob_chunk c where c.blob_id = m.blob_id)`,
  },
  {
    name: "every message has an entry, or waits for the sweep",
    breaches: sql`select m.account_id, m.message_id from message m where ${ENTRYLESS}`,
    repair: [sql`with gone as (delete from message m where ${ENTRYLESS} returning m.blob_id)
      insert into blob_garbage (blob_id) select distinct blob_id from gone on conflict do nothing`],
  },
  {
    name: "counters of a mailbox are what a count gives",
    breaches:
      sql`select b.account_id, b.mailbox_id, b.name from mailbox b left join lateral (${COUNTED}) c on true
     where (b.messages, b.unseen, b.deleted, b.octets) <> (c.messages, c.unseen, c.deleted, c.octets)
        or c.uid >= b.uidnext or c.modseq > b.highestmodseq`,
    repair: [sql`update mailbox t
        set messages = c.messages, unseen = c.unseen, deleted = c.deleted, octets = c.octets,
            uidnext = greatest(t.uidnext, c.uid + 1), highestmodseq = greatest(t.highestmodseq, c.modseq)
       from mailbox b left join lateral (${COUNTED}) c on true
      where t.account_id = b.account_id and t.mailbox_id = b.mailbox_id`],
  },
  {
    name: "an account's use is the sum of its mailboxes, its modseq the highest",
    breaches: sql`select s.account_id from account_state s join lateral (${SUMMED}) c on true
     where (s.used_messages, s.used_octets) <> (c.messages, c.octets) or c.modseq > s.modseq
        or c.uidvalidity >= s.next_uidvalidity or c.mailbox_id >= s.next_mailbox_id`,
    repair: [sql`update account_state t
        set used_messages = c.messages, used_octets = c.octets, modseq = greatest(t.modseq, c.modseq),
            next_uidvalidity = greatest(t.next_uidvalidity, c.uidvalidity + 1),
            next_mailbox_id = greatest(t.next_mailbox_id, c.mailbox_id + 1)
       from account_state s join lateral (${SUMMED}) c on true
      where t.account_id = s.account_id`],
  },
  {
    name: "every blob has an owner or waits for the sweep",
    breaches: sql`select distinct c.blob_id from blob_chunk c where ${UNOWNED}`,
    repair: [
      sql`insert into blob_garbage (blob_id) select distinct c.blob_id from blob_chunk c where ${UNOWNED}
      on conflict do nothing`,
    ],
  },
  {
    name: "every queued message has all its octets",
    breaches: sql`select q.queue_id, q.blob_id from queue_message q where q.ended_at is null and q.size <> (
      select coalesce(sum(length(c.octets)), 0) from blob_chunk c where c.blob_id = q.blob_id)`,
  },
  {
    name: "a queued message counts the recipients that are open",
    breaches: sql`select q.queue_id from queue_message q where ${MISCOUNTED}`,
    repair: [
      // A statement of its own: the next one sees what was changed by those whom this one waited for.
      sql`select from queue_message q where ${MISCOUNTED} order by q.queue_id for update`,
      sql`with counted as (
        update queue_message q set open = (${OPEN}),
               ended_at = case when (${OPEN}) = 0 then coalesce(q.ended_at, now()) end
         where ${MISCOUNTED} returning q.blob_id, q.open
      )
      insert into blob_garbage (blob_id) select distinct blob_id from counted where open = 0
      on conflict do nothing`,
    ],
  },
  {
    name: "text only of messages that are there",
    breaches: sql`select t.account_id, t.message_id from message_text t
      left join message m using (account_id, message_id) where m.message_id is null`,
    repair: [sql`delete from message_text t where not exists (
      select from message m where m.account_id = t.account_id and m.message_id = t.message_id)`],
  },
  {
    name: "keys of SORT only of messages that are there",
    breaches: sql`select k.account_id, k.message_id from message_sort k
      left join message m using (account_id, message_id) where m.message_id is null`,
    repair: [sql`delete from message_sort k where not exists (
      select from message m where m.account_id = k.account_id and m.message_id = k.message_id)`],
  },
  {
    name: "annotations only of mailboxes that are there",
    breaches: sql`select d.account_id, d.mailbox_id, d.entry from metadata d
      left join mailbox b using (account_id, mailbox_id) where d.mailbox_id <> 0 and b.mailbox_id is null`,
    repair: [sql`delete from metadata d where d.mailbox_id <> 0 and not exists (
      select from mailbox b where b.account_id = d.account_id and b.mailbox_id = d.mailbox_id)`],
  },
  {
    name: "annotations only of messages that are there",
    breaches: sql`select a.account_id, a.mailbox_id, a.uid, a.entry from annotation a
      left join entry e using (account_id, mailbox_id, uid) where e.uid is null`,
    repair: [sql`delete from annotation a where not exists (
      select from entry e
       where e.account_id = a.account_id and e.mailbox_id = a.mailbox_id and e.uid = a.uid)`],
  },
  {
    name: "access control lists only of mailboxes that are there",
    breaches: sql`select a.account_id, a.mailbox_id from acl a
      left join mailbox b using (account_id, mailbox_id) where b.mailbox_id is null`,
    repair: [sql`delete from acl a where not exists (
      select from mailbox b where b.account_id = a.account_id and b.mailbox_id = a.mailbox_id)`],
  },
  {
    name: "who asks what changed is told of every change",
    breaches: sql`select x.account_id, x.mailbox_id, x.uid, x.modseq from (${BEFORE_OLDER}) x
      where not exists (select from changed_range c
         where c.account_id = x.account_id and c.mailbox_id = x.mailbox_id and c.modseq = x.modseq
           and x.uid between c.uid_low and c.uid_high)`,
    // The log is taken for empty, and mailboxes are looked through.
    repair: [sql`update mailbox set changed_floor = highestmodseq`],
  },
  {
    name: "a vanished UID is not there",
    breaches: sql`select x.account_id, x.mailbox_id, e.uid from expunged x
      join entry e on e.account_id = x.account_id and e.mailbox_id = x.mailbox_id
       and e.uid between x.uid_low and x.uid_high`,
  },
];

/** Names of all rules, in the order in which they are looked at. */
export const RULE_NAMES: readonly string[] = RULES.map(({ name }) => name);

/**
 * Looks at every rule. With `repair`, makes derived data right: under the locks that writers take, so that a
 * server may work meanwhile.
 */
export async function checkTables(db: Database, repair = false): Promise<readonly Breach[]> {
  const found: Breach[] = [];
  for (const { name, breaches, repair: statements } of RULES) {
    const { count, examples } = await look(db, breaches);
    if (count === 0) continue;
    const repaired = repair && statements !== undefined;
    if (repaired) await mend(db, statements);
    found.push({ rule: name, count, examples, repaired });
  }
  return found;
}

async function look(
  db: Database,
  breaches: RawBuilder<unknown>,
): Promise<{ readonly count: number; readonly examples: readonly unknown[] }> {
  return await db.transaction().setIsolationLevel("repeatable read").execute(async (trx) => {
    await sql.raw(`set local statement_timeout = ${RULE_MS}`).execute(trx);
    const { rows } = await sql<
      { count: number; example: unknown }
    >`select count(*) over ()::int8 as count, to_jsonb(x) as example
      from (${breaches}) x limit ${sql.lit(EXAMPLES)}`.execute(trx);
    return { count: rows[0]?.count ?? 0, examples: rows.map(({ example }) => example) };
  });
}

async function mend(db: Database, statements: readonly RawBuilder<unknown>[]): Promise<void> {
  await db.transaction().execute(async (trx) => {
    await sql.raw(`set local statement_timeout = ${RULE_MS}; set local lock_timeout = ${RULE_MS}`).execute(
      trx,
    );
    // Every writer of an account locks this row first, in this order.
    await sql`select account_id from account_state order by account_id for update`.execute(trx);
    for (const statement of statements) await statement.execute(trx);
  });
}
