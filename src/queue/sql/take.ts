/** Statements that find work and lease it. Any number of workers and nodes may run them at once. */
import { statement } from "../../store/pg/door.ts";
import { byKey } from "./record.ts";

/** Nobody sends it now. */
const FREE = `(r.lease_until is null or r.lease_until <= now())`;

/**
 * Lanes with work behind lane $1, $2 at most, that are not blocked. A walk from lane to lane along the index: a
 * lane costs the same however much waits in it.
 */
export const discover = statement(
  "queue_discover",
  ["text", "int4"],
  `with recursive lanes as (
    (select r.lane, 1 as n from queue_recipient r where r.state = 'ready' and r.lane > $1 order by r.lane limit 1)
    union all
    select x.lane, l.n + 1 from lanes l cross join lateral (
      select r.lane from queue_recipient r where r.state = 'ready' and r.lane > l.lane order by r.lane limit 1) x
     where l.n < $2
  )
  select l.lane, exists (select from queue_lane q where q.lane = l.lane and q.blocked_until > now())
    from lanes l order by l.lane`,
);

/**
 * Leases recipients of lanes. $1 lanes, $2 how many of each, $3 the sender after whom to begin, a column each;
 * $4 senders a lane, $5 lease, $6 milliseconds of it.
 *
 * In a lane senders take turns, the most urgent first (RFC 6710); those whom another worker has just locked are
 * skipped. Of a lane that was blocked one recipient tries. Rows are updated by their place: a join on keys might
 * be planned, while the table is empty, as a walk through all of it.
 */
export const take = statement(
  "queue_take",
  ["text[]", "int4[]", "text[]", "int4", "uuid", "int8"],
  `with want as materialized (
    select w.lane, w.after, coalesce(q.failures, 0) as failures,
           case when q.failures > 0 then 1 else w.count end as count
      from unnest($1::text[], $2::int4[], $3::text[]) as w (lane, count, after)
      left join lateral (select * from queue_lane q where q.lane = w.lane limit 1) q on true
     where q.blocked_until is null or q.blocked_until <= now()
  ), heads as materialized (
    select h.queue_id, h.number, w.failures
      from want w
     cross join lateral (
       with recursive senders as (
         (select r.sender, 1 as n from queue_recipient r
           where r.state = 'ready' and r.lane = w.lane and r.sender > w.after order by r.sender limit 1)
         union all
         select x.sender, s.n + 1 from senders s cross join lateral (
           select r.sender from queue_recipient r
            where r.state = 'ready' and r.lane = w.lane and r.sender > s.sender order by r.sender limit 1) x
          where s.n < $4
       )
       select c.queue_id, c.number
         from senders s
        cross join lateral (
          select o.*, row_number() over (order by o.rank, o.queue_id, o.number) as turn
            from (select r.queue_id, r.number, r.rank, r.priority from queue_recipient r
                   where r.state = 'ready' and r.lane = w.lane and r.sender = s.sender and ${FREE}
                   order by r.rank, r.queue_id, r.number limit w.count) o
        ) c
        order by c.priority desc, c.turn, c.rank, c.queue_id, c.number
        limit w.count
     ) h
  ), locked as materialized (
    select x.place, h.failures from heads h cross join lateral (
      select r.ctid as place from queue_recipient r
       where r.queue_id = h.queue_id and r.number = h.number and r.state = 'ready' and ${FREE}
         for update skip locked) x
  ), leased as (
    update queue_recipient r set lease = $5, lease_until = now() + $6 * interval '1 millisecond'
      from locked l where r.ctid = l.place
    returning r.queue_id, r.number, r.address, r.notify, r.original_recipient, r.lane, r.sender, r.attempts,
              r.priority, r.rank, l.failures
  )
  select l.queue_id, l.number, l.address, l.notify, l.original_recipient, l.lane, l.sender, l.attempts, l.failures,
         m.blob_id, m.size, m.reverse_path, m.body, m.smtputf8, m.require_tls, m.ret, m.envid, m.priority,
         m.hold_until, m.deliver_by, m.deliver_by_mode, m.deliver_by_trace, m.submitter, m.session, m.message_key,
         s.reply_code, s.reply_status, s.reply_text, m.tls_optional, m.solicit, m.verp
    from leased l
   cross join lateral (select * from queue_message m where m.queue_id = l.queue_id limit 1) m
    left join lateral (select * from queue_suppression s
                        where s.address = lower(l.address) and s.expires_at > now() limit 1) s on true
   order by l.lane, l.priority desc, l.rank, l.queue_id, l.number`,
);

/** Leased recipients, locked: $1 messages, $2 numbers; $3 the lease. */
const MINE = `select x.* from unnest($1::int8[], $2::int4[]) as k (queue_id, number) cross join lateral (
      select r.queue_id, r.number from queue_recipient r
       where r.queue_id = k.queue_id and r.number = k.number and r.lease = $3 and r.state = 'ready'
         for update) x`;

/** Gives leased recipients back, as if they had never been taken. $1 messages, $2 numbers, $3 lease. */
export const giveBack = statement(
  "queue_give_back",
  ["int8[]", "int4[]", "uuid"],
  `with mine as materialized (${MINE})
   update queue_recipient r set lease = null, lease_until = null from mine g where ${byKey("mine")}`,
);

/** Keeps leased recipients. $1 messages, $2 numbers, $3 lease, $4 milliseconds. */
export const renew = statement(
  "queue_renew",
  ["int8[]", "int4[]", "uuid", "int8"],
  `with mine as materialized (${MINE})
   update queue_recipient r set lease_until = now() + $4 * interval '1 millisecond'
     from mine g where ${byKey("mine")}`,
);

/** One piece of each of some messages' octets. $1 blobs, $2 numbers of the pieces. */
export const pieces = statement(
  "queue_pieces",
  ["uuid[]", "int4[]"],
  `select c.octets from unnest($1::uuid[], $2::int4[]) with ordinality as p (blob_id, seq, ord)
     left join lateral (select c.octets from blob_chunk c where c.blob_id = p.blob_id and c.seq = p.seq limit 1) c
       on true
    order by p.ord`,
);
