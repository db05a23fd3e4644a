/** The statement that queues what goes out, in the transaction that places what stays. */
import { statement } from "../pg/door.ts";

/** What `enqueue` says of each parcel. */
export const Queued = { Done: 0, NotPlaced: 1, NotStaged: 2 } as const;

/**
 * Queues parcels: a message, an envelope and recipients each. The statements that place local copies run before it
 * in the same transaction.
 *
 * Parcels, a column each: $1 blob, $2 size, $3 the blob of a message that must have been placed (null: queue it
 * whatever became of local copies), $4 true when the octets were staged before, $5 Message-ID, $6 reverse-path,
 * $7 sender for fairness, $8 body, $9 smtputf8, $10 requireTls, $11 ret, $12 envid, $13 priority, $14 hold until,
 * $15 deliver by, $16 its mode, $17 its trace, $18 submitter, $19 session,
 * $20 tlsOptional, $21 solicitation classes;
 * $22 milliseconds of a message's life, $23 milliseconds until a warning.
 * Recipients, a column each: $24 their parcel, from 1, $25 address, $26 notify, $27 original recipient, $28 lane,
 * $29 the state of one that is done with already, of which only the sender is told.
 * Octets of those that no local copy brings: $30 blob, $31 number of the piece, $32 octets. Of parcels again:
 * $33 the delimiters of VERP.
 *
 * Gives, for each parcel in order, a Queued and the key.
 */
export const enqueue = statement(
  "enqueue",
  [
    "uuid[]",
    "int8[]",
    "uuid[]",
    "bool[]",
    "text[]",
    "text[]",
    "text[]",
    "text[]",
    "bool[]",
    "bool[]",
    "text[]",
    "text[]",
    "int2[]",
    "timestamptz[]",
    "timestamptz[]",
    "text[]",
    "bool[]",
    "int8[]",
    "text[]",
    "bool[]",
    "text[]",
    "int8",
    "int8",
    "int4[]",
    "text[]",
    "int2[]",
    "text[]",
    "text[]",
    "text[]",
    "uuid[]",
    "int4[]",
    "bytea[]",
    "text[]",
  ],
  `with given as materialized (
    select g.*, greatest(g.hold_until, now()) as begins_at,
           case
             when g.placed is not null and (select 1 from placed_blob m where m.blob_id = g.placed limit 1) is null
               then 1
             when g.staged and (select 1 from blob_staged s where s.blob_id = g.blob_id) is null
               and (select 1 from placed_blob m where m.blob_id = g.blob_id limit 1) is null then 2
             else 0
           end as status
      from unnest($1::uuid[], $2::int8[], $3::uuid[], $4::bool[], $5::text[], $6::text[], $7::text[], $8::text[],
                  $9::bool[], $10::bool[], $11::text[], $12::text[], $13::int2[], $14::timestamptz[],
                  $15::timestamptz[], $16::text[], $17::bool[], $18::int8[], $19::text[], $20::bool[], $21::text[],
                  $33::text[])
           with ordinality as g (blob_id, size, placed, staged, message_key, reverse_path, sender, body, smtputf8,
                                 require_tls, ret, envid, priority, hold_until, deliver_by, deliver_by_mode,
                                 deliver_by_trace, submitter, session, tls_optional, solicit, verp, parcel)
  ), taken as materialized (
    select g.*, nextval('queue_id') as queue_id,
           g.begins_at + $22 * interval '1 millisecond' as expires_at,
           case when g.reverse_path <> '' then g.begins_at + $23 * interval '1 millisecond' end as warn_at
      from given g where g.status = 0
  ), wanted as materialized (
    select t.queue_id, t.sender, t.priority, t.begins_at, t.begins_at > now() as held_back, r.*,
           row_number() over (partition by r.parcel order by r.ord) as number
      from unnest($24::int4[], $25::text[], $26::int2[], $27::text[], $28::text[], $29::text[])
           with ordinality as r (parcel, address, notify, original_recipient, lane, done, ord)
      join taken t on t.parcel = r.parcel
  ), new_message as (
    insert into queue_message (queue_id, blob_id, size, message_key, reverse_path, body, smtputf8, require_tls, ret,
                               envid, priority, hold_until, deliver_by, deliver_by_mode, deliver_by_trace,
                               submitter, session, tls_optional, solicit, verp, warn_at, expires_at, check_at, open)
    select queue_id, blob_id, size, message_key, reverse_path, body, smtputf8, require_tls, ret, envid, priority,
           hold_until, deliver_by, deliver_by_mode, deliver_by_trace, submitter, session, tls_optional, solicit, verp, warn_at, expires_at,
           least(warn_at, deliver_by, expires_at),
           (select count(*) from wanted w where w.queue_id = t.queue_id)
      from taken t
  ), new_recipient as (
    insert into queue_recipient (queue_id, number, address, notify, original_recipient, lane, sender, priority,
                                 rank, state, due_at, notice, notice_at, ended_at)
    select queue_id, number, address, notify, original_recipient, lane, sender, priority,
           (extract(epoch from begins_at) * 1000)::int8 - priority * 600000,
           coalesce(done, case when held_back then 'waiting' else 'ready' end), begins_at,
           case when done is not null then 'success' end, case when done is not null then now() end,
           case when done is not null then now() end
      from wanted
  ), unstaged as (
    delete from blob_staged where blob_id = any (array(select blob_id from taken where staged))
  ), put as (
    insert into blob_chunk (blob_id, seq, octets)
    select c.blob_id, c.seq, c.octets
      from (select unnest($30::uuid[]) as blob_id, unnest($31::int4[]) as seq, unnest($32::bytea[]) as octets) c
     where c.blob_id = any (array(select blob_id from taken))
    on conflict do nothing
  )
  select g.status, t.queue_id from given g left join taken t using (parcel) order by parcel`,
);
