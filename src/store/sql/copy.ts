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
 * target, $9 flags that the copies keep. Gives the source UIDs, ascending, and the first target UID; the others
 * follow it.
 */
export const copyEntries = statement(
  "copy_entries",
  ["int8", "int4", "int8[]", "int8[]", "int4", "int8", "int4[]", "int4[]", "int2"],
  `with scope as materialized (
    select e.uid, e.message_id, e.size, e.internal_date, e.flags & $9 as flags, e.keywords,
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

/**
 * The same to another account, whose lock is held as well: each message gets a row there, with the same blob.
 * $1 account, $2 source, $3 and $4 ranges, $5 the other account, $6 target, $7 modseq, $8 and $9 keyword numbers
 * in source and target, $10 flags that the copies keep.
 */
export const copyEntriesAcross = statement(
  "copy_entries_across",
  ["int8", "int4", "int8[]", "int8[]", "int8", "int4", "int8", "int4[]", "int4[]", "int2"],
  `with scope as materialized (
    select e.uid, e.message_id, e.size, e.internal_date, e.flags & $10 as flags, e.keywords,
           b.uidnext - 1 + row_number() over (order by e.uid) as new_uid, b.uidnext
      from ${SCOPE}
      join mailbox b on b.account_id = $5 and b.mailbox_id = $6
  ), numbered as materialized (
    select o.message_id, s.next_message_id - 1 + row_number() over (order by o.message_id) as new_id
      from (select distinct message_id from scope) o, account_state s
     where s.account_id = $5
  ), doubled as (
    insert into message (account_id, message_id, blob_id, size, header_size, sent_on, envelope, body_structure,
                         structure)
    select $5, n.new_id, m.blob_id, m.size, m.header_size, m.sent_on, m.envelope, m.body_structure, m.structure
      from message m join numbered n using (message_id)
     where m.account_id = $1 and m.message_id = any (array(select message_id from numbered))
  ), copied as (
    insert into entry (account_id, mailbox_id, uid, message_id, modseq, size, internal_date, save_date, flags,
                       keywords)
    select $5, $6, s.new_uid, n.new_id, $7, s.size, s.internal_date, now(), s.flags,
           case when s.keywords is null then null else (
             select bit_or(set_bit(repeat('0', 256)::bit(256), k.target, 1))
               from unnest($8::int4[], $9::int4[]) as k (source, target)
              where get_bit(s.keywords, k.source) = 1) end
      from scope s join numbered n using (message_id)
  ), counted as (
    update mailbox b
       set uidnext = b.uidnext + c.messages, highestmodseq = $7, messages = b.messages + c.messages,
           unseen = b.unseen + c.unseen, deleted = b.deleted + c.deleted, octets = b.octets + c.octets
      from (select count(*) as messages, count(*) filter (where flags & 1 = 0) as unseen,
                   count(*) filter (where flags & 8 <> 0) as deleted, coalesce(sum(size), 0) as octets
              from scope) c
     where b.account_id = $5 and b.mailbox_id = $6 and c.messages > 0
  ), used as (
    update account_state s
       set modseq = $7, next_message_id = s.next_message_id + c.rows, used_octets = s.used_octets + c.octets,
           used_messages = s.used_messages + c.messages
      from (select count(*) as messages, count(distinct message_id) as rows, coalesce(sum(size), 0) as octets
              from scope) c
     where s.account_id = $5 and c.messages > 0
  )
  select coalesce(array_agg(uid order by uid), '{}'), min(uidnext) from scope`,
  [0, 4],
);
