/** Statements that change or remove messages of one mailbox, all under the account's lock. */
import { statement } from "../pg/door.ts";
import { DROP_ANNOTATIONS } from "./annotation.ts";
import { DROP_LOST, DROP_LOST_MESSAGES, DROP_OR_LEAVE_LOST_MESSAGES } from "./orphans.ts";

/** Entries of a mailbox that was deleted may still be there, for the sweep: nobody else may touch them. */
const IS_THERE = `exists (select from mailbox where account_id = $1 and mailbox_id = $2)`;

/** $1 account, $2 mailbox. No row: no such mailbox. */
export const mailboxKeywords = statement(
  "mailbox_keywords",
  ["int8", "int4"],
  `select keywords, highestmodseq from mailbox where account_id = $1 and mailbox_id = $2`,
);

/** $1 account, $2 mailbox, $3 all keywords, old ones first. */
export const setMailboxKeywords = statement(
  "set_mailbox_keywords",
  ["int8", "int4", "text[]"],
  `update mailbox set keywords = $3 where account_id = $1 and mailbox_id = $2`,
);

/** What `setFlags` does with the given flags. */
export const FlagOp = { add: 0, remove: 1, replace: 2, replaceFlagsOnly: 3 } as const;

const NO_KEYWORDS = `repeat('0', 256)::bit(256)`;

/** What becomes of flags: the parameters of FlagOp, the flags, and those that replacing may change. */
function newFlags(op: string, flags: string, allowed: string): string {
  return `case ${op} when 0 then flags | ${flags} when 1 then flags & ~${flags}
     else flags & ~${allowed} | ${flags} end`;
}

/** What becomes of keywords: the parameters of FlagOp and of their bits. */
function newKeywords(op: string, bits: string): string {
  return `nullif(case ${op} when 0 then coalesce(keywords, ${NO_KEYWORDS}) | ${bits}::bit(256)
                  when 1 then keywords & ~${bits}::bit(256)
                  when 3 then keywords
                  else ${bits}::bit(256) end, ${NO_KEYWORDS})`;
}

const NEW_FLAGS = newFlags("$7", "$8", "$11"), NEW_KEYWORDS = newKeywords("$7", "$9");

/** Of `w`, what a message has now, with `next`, the modseq of what was changed: the columns of both statements below. */
const FLAG_COLUMNS = `w.uid, case when w.refused then w.old_flags else w.flags end,
         case when w.refused then w.old_keywords else w.keywords end,
         case when w.differs then next.modseq else w.modseq end, w.refused, w.differs`;

/**
 * $1 account, $2 mailbox, $3 and $4 ranges, $5 UID to begin behind, $6 rows at most, $7 FlagOp, $8 flags,
 * $9 keyword bits, $10 unchangedSince or null, $11 flags that replacing may change. A message whose flags stay
 * as they are keeps its modseq.
 *
 * Rows are found again by their place in the table, here and below: the account's lock keeps them there. By key,
 * PostgreSQL may choose the wrong index of an empty or large table and walk through the whole mailbox, for one
 * message too; a place leaves it no choice.
 */
export const setFlags = statement(
  "set_flags",
  ["int8", "int4", "int8[]", "int8[]", "int8", "int4", "int2", "int2", "bit", "int8", "int2"],
  `with scope as materialized (
    select e.*, r.number as range from unnest($3::int8[], $4::int8[]) with ordinality as r (low, high, number)
     cross join lateral (
       select ctid as place, uid, flags, keywords, modseq from entry
        where account_id = $1 and mailbox_id = $2 and uid between r.low and r.high and uid > $5
        order by uid limit $6
     ) e
     where ${IS_THERE}
     order by e.uid limit $6
  ), wanted as materialized (
    select x.*, not refused and (flags <> old_flags or keywords is distinct from old_keywords) as differs
      from (
        select place, uid, range, flags as old_flags, keywords as old_keywords, modseq,
               coalesce(modseq > $10, false) as refused,
               ${NEW_FLAGS} as flags, ${NEW_KEYWORDS} as keywords
          from scope
      ) x
  ), differing as materialized (
    select * from wanted where differs
  ), next as materialized (
    select modseq + 1 as modseq from account_state where account_id = $1
  ), changed as (
    update entry e set flags = ${NEW_FLAGS}, keywords = ${NEW_KEYWORDS}, modseq = next.modseq
      from next
     where e.ctid = any (array(select place from differing))
  ), logged as (
    insert into changed_range (account_id, mailbox_id, modseq, uid_low, uid_high)
    select $1, $2, next.modseq, min(uid), max(uid) from differing, next group by range, next.modseq
  ), counted as (
    update mailbox b
       set highestmodseq = next.modseq,
           unseen = b.unseen + d.unseen,
           deleted = b.deleted + d.deleted
      from (select count(*) as rows,
                   coalesce(sum((old_flags & 1) - (flags & 1)), 0) as unseen,
                   coalesce(sum(((flags & 8) - (old_flags & 8)) / 8), 0) as deleted from differing) d, next
     where b.account_id = $1 and b.mailbox_id = $2 and d.rows > 0
  ), used as (
    update account_state s set modseq = next.modseq from next
     where s.account_id = $1 and exists (select from differing)
  )
  select ${FLAG_COLUMNS}
    from next, wanted w order by w.uid`,
);

/**
 * `setFlags` of one message, which most of them are of: no sorting, no sums, a third less work. The order
 * has PostgreSQL use the index of UIDs also where there are no statistics yet. $1 account,
 * $2 mailbox, $3 UID, $4 FlagOp, $5 flags, $6 keyword bits, $7 unchangedSince or null, $8 flags that replacing may
 * change.
 */
export const setFlagsOfOne = statement(
  "set_flags_of_one",
  ["int8", "int4", "int8", "int2", "int2", "bit", "int8", "int2"],
  `with w as materialized (
    select x.*, not refused and (flags <> old_flags or keywords is distinct from old_keywords) as differs
      from (
        select ctid as place, uid, flags as old_flags, keywords as old_keywords, modseq,
               coalesce(modseq > $7, false) as refused,
               ${newFlags("$4", "$5", "$8")} as flags, ${newKeywords("$4", "$6")} as keywords
          from entry
         where account_id = $1 and mailbox_id = $2 and uid between $3 and $3 and ${IS_THERE}
         order by uid limit 1
      ) x
  ), next as materialized (
    select modseq + 1 as modseq from account_state where account_id = $1
  ), changed as (
    update entry e set flags = w.flags, keywords = w.keywords, modseq = next.modseq
      from w, next
     where w.differs and e.ctid = w.place
  ), logged as (
    insert into changed_range (account_id, mailbox_id, modseq, uid_low, uid_high)
    select $1, $2, next.modseq, w.uid, w.uid from w, next where w.differs
  ), counted as (
    update mailbox b
       set highestmodseq = next.modseq,
           unseen = b.unseen + (w.old_flags & 1) - (w.flags & 1),
           deleted = b.deleted + ((w.flags & 8) - (w.old_flags & 8)) / 8
      from w, next
     where w.differs and b.account_id = $1 and b.mailbox_id = $2
  ), used as (
    update account_state s set modseq = next.modseq from w, next where w.differs and s.account_id = $1
  )
  select ${FLAG_COLUMNS} from w, next`,
);

/**
 * $1 account, $2 mailbox, $3 and $4 ranges, $5 UID to begin behind, $6 rows at most, $7 flags that a message
 * must have. Gives the UIDs that went and the modseq, null when none went.
 */
export const removeEntries = statement(
  "remove_entries",
  ["int8", "int4", "int8[]", "int8[]", "int8", "int4", "int2"],
  `with scope as materialized (
    select e.* from unnest($3::int8[], $4::int8[]) as r (low, high)
     cross join lateral (
       select ctid as place, uid from entry
        where account_id = $1 and mailbox_id = $2 and uid between r.low and r.high and uid > $5
          and flags & $7 = $7
        order by uid limit $6
     ) e
     where ${IS_THERE}
     order by e.uid limit $6
  ), gone as (
    delete from entry e
     where e.ctid = any (array(select place from scope))
    returning e.uid, e.message_id, e.size, e.flags
  ), next as materialized (
    select modseq + 1 as modseq from account_state
     where account_id = $1 and exists (select from gone)
  ), ${DROP_OR_LEAVE_LOST_MESSAGES}, ${DROP_ANNOTATIONS}, recorded as (
    insert into expunged (account_id, mailbox_id, modseq, uid_low, uid_high)
    select $1, $2, next.modseq, min(i.uid), max(i.uid)
      from (select uid, uid - row_number() over (order by uid) as island from gone) i, next
     group by next.modseq, i.island
  ), counted as (
    update mailbox b
       set highestmodseq = next.modseq, messages = b.messages - g.messages, unseen = b.unseen - g.unseen,
           deleted = b.deleted - g.deleted, octets = b.octets - g.octets
      from (select count(*) as messages, count(*) filter (where flags & 1 = 0) as unseen,
                   count(*) filter (where flags & 8 <> 0) as deleted, sum(size) as octets from gone) g, next
     where b.account_id = $1 and b.mailbox_id = $2
  ), used as (
    update account_state s
       set modseq = next.modseq, used_octets = s.used_octets - g.octets,
           used_messages = s.used_messages - g.messages
      from (select count(*) as messages, sum(size) as octets from gone) g, next
     where s.account_id = $1
  )
  select coalesce((select array_agg(uid order by uid) from gone), '{}'), (select modseq from next)`,
);

/**
 * Entries of a mailbox whose row is gone. $1 account, $2 mailbox, $3 rows at most. Gives how many went.
 */
export const dropEntries = statement(
  "drop_entries",
  ["int8", "int4", "int4"],
  `with gone as (
    delete from entry where ctid = any (array(
      select ctid from entry where account_id = $1 and mailbox_id = $2 order by uid limit $3))
    returning uid, message_id
  ), ${DROP_LOST_MESSAGES}, ${DROP_ANNOTATIONS}
  select count(*) from gone`,
);

/**
 * Messages that lost entries at a modseq and have none left, under the account's lock. $1 account, $2 modseq, $3 messages at
 * most. Gives how many are left to look at, and how many were looked at.
 */
export const dropMessages = statement(
  "drop_messages",
  ["int8", "int8", "int4"],
  `with batch as materialized (
    select message_ids[:$3] as now, message_ids[$3 + 1:] as later from message_garbage
     where account_id = $1 and modseq = $2
  ), lost as materialized (
    select x.message_id from batch, unnest(batch.now) as x (message_id)
     where not exists (select from entry e where e.account_id = $1 and e.message_id = x.message_id)
  ), ${DROP_LOST}, shortened as (
    update message_garbage g set message_ids = b.later from batch b
     where g.account_id = $1 and g.modseq = $2 and cardinality(b.later) > 0
  ), done as (
    delete from message_garbage g using batch b
     where g.account_id = $1 and g.modseq = $2 and cardinality(b.later) = 0
  )
  select coalesce(sum(cardinality(later)), 0)::int8, coalesce(sum(cardinality(now)), 0)::int8 from batch`,
);

/** What had happened in a mailbox that is gone. $1 account, $2 mailbox. */
export const dropHistory = statement(
  "drop_history",
  ["int8", "int4"],
  `with forgotten as (delete from changed_range where account_id = $1 and mailbox_id = $2)
   delete from expunged where account_id = $1 and mailbox_id = $2`,
);
