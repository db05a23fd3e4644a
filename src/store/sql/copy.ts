/** Statements of COPY and MOVE, under the account's lock. */
import { statement } from "../pg/door.ts";

/** OFFSET keeps it a loop over the ranges: as a join it may be planned as a walk through the whole mailbox. */
const SCOPE = `unnest($3::int8[], $4::int8[]) as r (low, high)
     cross join lateral (
       select * from entry
        where account_id = $1 and mailbox_id = $2 and uid between r.low and r.high offset 0
     ) e`;

/** What is to be copied: count, octets, keywords in use. $1 account, $2 mailbox, $3 and $4 ranges. */
export const copyScope = statement(
  "copy_scope",
  ["int8", "int4", "int8[]", "int8[]"],
  `select count(*), coalesce(sum(e.size), 0)::int8, bit_or(e.keywords) from ${SCOPE}`,
);

/**
 * $1 account, $2 source, $3 and $4 ranges, $5 target, $6 modseq, $7 and $8 keyword numbers in source and
 * target. Gives the source UIDs, ascending, and the first target UID; the others follow it.
 */
export const copyEntries = statement(
  "copy_entries",
  ["int8", "int4", "int8[]", "int8[]", "int4", "int8", "int4[]", "int4[]"],
  `with scope as materialized (
    select e.uid, e.message_id, e.size, e.internal_date, e.flags, e.keywords,
           b.uidnext - 1 + row_number() over (order by e.uid) as new_uid, b.uidnext
      from ${SCOPE}
      join mailbox b on b.account_id = $1 and b.mailbox_id = $5
  ), copied as (
    insert into entry (account_id, mailbox_id, uid, message_id, modseq, size, internal_date, save_date, flags,
                       keywords)
    select $1, $5, s.new_uid, s.message_id, $6, s.size, s.internal_date, now(), s.flags,
           case when s.keywords is null then null else (
             select bit_or(set_bit(repeat('0', 256)::bit(256), k.target, 1))
               from unnest($7::int4[], $8::int4[]) as k (source, target)
              where get_bit(s.keywords, k.source) = 1) end
      from scope s
  ), counted as (
    update mailbox b
       set uidnext = b.uidnext + c.messages, highestmodseq = $6, messages = b.messages + c.messages,
           unseen = b.unseen + c.unseen, deleted = b.deleted + c.deleted, octets = b.octets + c.octets
      from (select count(*) as messages, count(*) filter (where flags & 1 = 0) as unseen,
                   count(*) filter (where flags & 8 <> 0) as deleted, coalesce(sum(size), 0) as octets
              from scope) c
     where b.account_id = $1 and b.mailbox_id = $5 and c.messages > 0
  )
  select coalesce(array_agg(uid order by uid), '{}'), min(uidnext) from scope`,
);
