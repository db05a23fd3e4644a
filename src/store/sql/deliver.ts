/** The statements of a delivery transaction: lock, place, put the octets. */
import { statement } from "../pg/door.ts";

/** What `deliver` says of each target. */
export const Status = {
  Placed: 0,
  NoAccount: 1,
  NoMailbox: 2,
  NoKeyword: 3,
  OverQuota: 4,
  NotStaged: 5,
} as const;

/**
 * Places copies of messages, all accounts being locked by an earlier statement of the transaction (its own
 * snapshot then sees what the last writer left). A target that cannot be placed is given back with a Status,
 * and with it every target of its group; nothing is written for those.
 *
 * Targets, a column each: $1 account, $2 mailbox name, $3 index of the message, $4 group, $5 flags,
 * $6 keywords in small letters (with spaces between them; null: none), $7 internal date.
 * Messages, a column each: $8 blob, $9 size, $10 header size, $11 day of Date, $12 envelope, $13 body structure,
 * $14 structure, $15 true when the octets were staged before.
 *
 * Quota is counted over all targets of an account in order, the refused ones too: a batch in which one is
 * refused is tried again one by one.
 */
export const deliver = statement(
  "deliver",
  [
    "int8[]",
    "text[]",
    "int4[]",
    "int4[]",
    "int2[]",
    "text[]",
    "timestamptz[]",
    "uuid[]",
    "int8[]",
    "int4[]",
    "date[]",
    "bytea[]",
    "bytea[]",
    "bytea[]",
    "bool[]",
  ],
  `with parcel as materialized (
    select p.*,
           p.staged and not exists (select from blob_staged s where s.blob_id = p.blob_id)
             and (select 1 from placed_blob m where m.blob_id = p.blob_id limit 1) is null as lost
      from unnest($8::uuid[], $9::int8[], $10::int4[], $11::date[], $12::bytea[], $13::bytea[], $14::bytea[],
                  $15::bool[])
           with ordinality as p (blob_id, size, header_size, sent_on, envelope, body_structure, structure,
                                 staged, message)
  ), limited as materialized (
    select d.name, d.quota_octets, d.quota_messages, u.octets, u.messages
      from domain d
      cross join lateral (
        select sum(y.used_octets) as octets, sum(y.used_messages) as messages
          from account x join account_use y using (account_id) where x.domain = d.name
      ) u
     where (d.quota_octets is not null or d.quota_messages is not null)
       and exists (select from account a where a.account_id = any ($1) and a.domain = d.name)
  ), place as materialized (
    select t.*, p.size, p.blob_id, p.staged, s.modseq as account_modseq, s.next_message_id,
           b.mailbox_id, b.uidvalidity, b.uidnext, k.bits,
           case
             when s.account_id is null then 1
             when b.mailbox_id is null then 2
             when t.keywords is not null and k.known < cardinality(string_to_array(t.keywords, ' ')) then 3
             when s.used_octets + sum(p.size) over account > s.quota_octets
               or s.used_messages + count(*) over account > s.quota_messages
               or d.octets + sum(p.size) over domain > d.quota_octets
               or d.messages + count(*) over domain > d.quota_messages then 4
             when p.lost then 5
             else 0
           end as status
      from unnest($1::int8[], $2::text[], $3::int4[], $4::int4[], $5::int2[], $6::text[], $7::timestamptz[])
           with ordinality as t (account_id, name, message, grp, flags, keywords, internal_date, ord)
      join parcel p on p.message = t.message
      left join account_state s on s.account_id = t.account_id
      left join mailbox b on b.account_id = t.account_id and b.name = t.name
      left join limited d on d.name = (select a.domain from account a
                                        where a.account_id = t.account_id and exists (select from limited))
      left join lateral (
        select bit_or(set_bit(repeat('0', 256)::bit(256), x.i::int4 - 1, 1)) as bits, count(*) as known
          from unnest(b.keywords) with ordinality as x (name, i)
         where t.keywords is not null and lower(x.name) = any (string_to_array(t.keywords, ' '))
      ) k on t.keywords is not null
    window account as (partition by t.account_id order by t.ord),
           domain as (partition by d.name order by t.ord)
  ), taken as materialized (
    select g.*,
           g.account_modseq + row_number() over (partition by g.account_id order by g.ord) as modseq,
           g.uidnext - 1 + row_number() over (partition by g.account_id, g.mailbox_id order by g.ord) as uid,
           g.next_message_id - 1 + dense_rank() over (partition by g.account_id order by g.message)
             as message_id
      from (select p.*, bool_and(p.status = 0) over (partition by p.grp) as whole from place p) g
     where g.whole
  ), new_message as (
    insert into message (account_id, message_id, blob_id, size, header_size, sent_on, envelope,
                         body_structure, structure)
    select t.account_id, t.message_id, p.blob_id, p.size, p.header_size, p.sent_on, p.envelope,
           p.body_structure, p.structure
      from (select distinct account_id, message_id, message from taken) t
      join parcel p on p.message = t.message
  ), new_entry as (
    insert into entry (account_id, mailbox_id, uid, message_id, modseq, size, internal_date, save_date, flags,
                       keywords)
    select account_id, mailbox_id, uid, message_id, modseq, size, internal_date, now(), flags, bits from taken
  ), unstaged as (
    delete from blob_staged where blob_id = any (array(select blob_id from taken where staged))
  ), counted as (
    update mailbox b
       set uidnext = b.uidnext + c.messages, highestmodseq = c.modseq, messages = b.messages + c.messages,
           unseen = b.unseen + c.unseen, deleted = b.deleted + c.deleted, octets = b.octets + c.octets
      from (select account_id, mailbox_id, count(*) as messages, max(modseq) as modseq, sum(size) as octets,
                   count(*) filter (where flags & 1 = 0) as unseen,
                   count(*) filter (where flags & 8 <> 0) as deleted
              from taken group by account_id, mailbox_id) c
     where b.account_id = c.account_id and b.mailbox_id = c.mailbox_id
  ), used as (
    update account_state s
       set modseq = c.modseq, next_message_id = c.message_id + 1, used_octets = s.used_octets + c.octets,
           used_messages = s.used_messages + c.messages
      from (select account_id, count(*) as messages, max(modseq) as modseq, max(message_id) as message_id,
                   sum(size) as octets
              from taken group by account_id) c
     where s.account_id = c.account_id
  )
  select p.status, p.mailbox_id, p.uidvalidity, t.uid, t.modseq, p.ord
    from place p left join taken t using (ord)`,
);

/**
 * Puts the octets of messages that were placed; those of refused ones are not kept. A conflict is the same
 * octets, from a delivery whose outcome was unknown. $1 blobs, $2 numbers of the pieces, $3 octets. A subquery
 * with LIMIT, not EXISTS: that one becomes a join, which a plan made while the table is empty runs over the whole
 * of it.
 */
export const putOctets = statement(
  "put_octets",
  ["uuid[]", "int4[]", "bytea[]"],
  `insert into blob_chunk (blob_id, seq, octets)
   select b, n, o from (select unnest($1::uuid[]) as b, unnest($2::int4[]) as n, unnest($3::bytea[]) as o) x
    where (select 1 from placed_blob m where m.blob_id = b limit 1) is not null
   on conflict do nothing`,
);

/** Drops the pieces that an earlier statement of the transaction put of messages that were not placed. $1 blobs. */
export const dropUnplaced = statement(
  "drop_unplaced",
  ["uuid[]"],
  `delete from blob_chunk where blob_id = any (array(
     select b from unnest($1::uuid[]) as b
      where (select 1 from placed_blob m where m.blob_id = b limit 1) is null
        and (select 1 from queue_message q where q.blob_id = b and q.ended_at is null limit 1) is null))`,
);

/** One piece of a message, before it is known whether that can be placed. $1 blob, $2 number of the piece, $3 octets. */
export const stageOctets = statement(
  "stage_octets",
  ["uuid", "int4", "bytea"],
  `insert into blob_chunk (blob_id, seq, octets) values ($1, $2, $3) on conflict do nothing`,
);

/** Notes that a large message is still coming in. $1 blob. */
export const touchStaged = statement(
  "touch_staged",
  ["uuid"],
  `insert into blob_staged (blob_id) values ($1) on conflict (blob_id) do update set touched_at = now()`,
);

/** Drops a staged message, unless it was delivered: then its row in blob_staged is gone. $1 blob. */
export const dropStaged = statement(
  "drop_staged",
  ["uuid"],
  `with dropped as (delete from blob_staged where blob_id = $1 returning blob_id)
   delete from blob_chunk where blob_id in (select blob_id from dropped)`,
);
