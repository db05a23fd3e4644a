/** Statements of housekeeping: what is due, what is over, what is old. */
import { statement } from "../../store/pg/door.ts";
import { byKey, CLOSE } from "./record.ts";

/** Recipients whose next try is due may go: $1 at most. Gives their lanes and how many moved. */
export const promote = statement(
  "queue_promote",
  ["int4"],
  `with due as materialized (
    select r.ctid as place from queue_recipient r
     where r.state = 'waiting' and r.due_at <= now() order by r.due_at limit $1 for update skip locked
  ), moved as (
    update queue_recipient r set state = 'ready' from due where r.ctid = due.place returning r.lane
  )
  select lane, count(*) from moved group by lane`,
);

/**
 * Looks after messages whose time has come: $1 at most, $2 milliseconds that a notice waits. Recipients that are
 * not reached by `expires_at`, or by `deliver_by` where the sender wants it back then (RFC 2852 §4), have failed;
 * of others the sender is warned once. Those that somebody sends just now are looked at again a minute later.
 */
export const look = statement(
  "queue_look",
  ["int4", "int8"],
  `with due as materialized (
    select m.queue_id, m.reverse_path, m.expires_at <= now() as expired,
           m.deliver_by_mode = 'return' and m.deliver_by <= now() as late,
           m.warn_at <= now() or m.deliver_by_mode = 'notify' and m.deliver_by <= now() as warns,
           least(case when m.warn_at > now() then m.warn_at end,
                 case when m.deliver_by > now() then m.deliver_by end, m.expires_at) as next
      from queue_message m
     where m.ended_at is null and m.check_at <= now() order by m.check_at limit $1 for update skip locked
  ), touched as materialized (
    select x.place, d.expired, coalesce(d.late, false) as late, d.reverse_path, q.reply_code, q.reply_status,
           q.reply_text, q.failed_at
      from due d
     cross join lateral (
       select r.ctid as place, r.lane, r.notify, r.warned, r.tried_at from queue_recipient r
        where r.queue_id = d.queue_id and r.state in ('ready', 'waiting')
          and (r.lease_until is null or r.lease_until <= now())
          for update skip locked) x
      left join lateral (select * from queue_lane q where q.lane = x.lane limit 1) q on x.tried_at is null
     where d.expired or d.late or d.warns and not x.warned and x.notify & 4 <> 0 and d.reverse_path <> ''
  ), changed as (
    update queue_recipient r
       set state = case when t.expired or t.late then 'failed' else r.state end,
           ended_at = case when t.expired or t.late then now() end,
           reply_code = coalesce(r.reply_code, t.reply_code), reply_text = coalesce(r.reply_text, t.reply_text),
           reply_status = coalesce(r.reply_status, t.reply_status),
           reply_step = case when t.late then 'late' when t.expired then 'expired' else r.reply_step end,
           tried_at = coalesce(r.tried_at, t.failed_at), warned = true,
           notice = case when not (t.expired or t.late) then 'delay'
                         when r.notify & 2 <> 0 and t.reverse_path <> '' then 'failure' end,
           notice_at = now() + $2 * interval '1 millisecond'
      from touched t where r.ctid = t.place
    returning r.queue_id, r.state = 'failed' and r.notice is null as closes, r.state
  ), counted as (
    select queue_id, count(*) filter (where closes)::int4 as n, count(*) as touched from changed group by queue_id
  ), looked as (
    update queue_message m
       set check_at = case when d.expired or d.late or d.warns and coalesce(c.touched, 0) < (
                             select count(*) from queue_recipient r
                              where r.queue_id = d.queue_id and r.state in ('ready', 'waiting') and not r.warned
                                and r.notify & 4 <> 0 and d.reverse_path <> '')
                           then now() + interval '1 minute' else d.next end,
           open = m.open - coalesce(c.n, 0), ended_at = case when m.open = c.n then now() end
      from due d left join counted c using (queue_id)
     where m.queue_id = d.queue_id and m.queue_id = any (array(select queue_id from due))
    returning m.blob_id, m.ended_at
  ), freed as (
    insert into blob_garbage (blob_id)
    select distinct blob_id from looked where ended_at is not null order by blob_id
    on conflict (blob_id) do update set freed_at = excluded.freed_at
  )
  select (select count(*) from due), (select count(*) from changed where state = 'failed'),
         (select count(*) from changed where state <> 'failed')`,
);

/**
 * Messages of whose recipients somebody is to be told, $1 at most, leased for $2 milliseconds, with all of those
 * recipients: whoever locks the message has them all, so that two workers do not make two reports of one.
 */
export const takeNotices = statement(
  "queue_take_notices",
  ["int4", "int8"],
  `with due as materialized (
    select distinct on (d.queue_id) d.queue_id
      from (select r.queue_id from queue_recipient r where r.notice is not null and r.notice_at <= now()
             order by r.notice_at limit $1) d
  ), mine as materialized (
    select x.queue_id from due d cross join lateral (
      select m.queue_id from queue_message m where m.queue_id = d.queue_id for update skip locked) x
  ), locked as materialized (
    select x.place from mine d cross join lateral (
      select r.ctid as place from queue_recipient r
       where r.queue_id = d.queue_id and r.notice is not null and r.notice_at <= now()
         for update skip locked) x
  ), leased as (
    update queue_recipient r set notice_at = now() + $2 * interval '1 millisecond'
      from locked l where r.ctid = l.place returning r.*
  )
  select l.queue_id, l.number, l.address, l.original_recipient, l.state, l.notice, l.reply_code, l.reply_status,
         l.reply_text, l.reply_step, l.host, l.tried_at, l.ended_at,
         m.blob_id, m.size, m.reverse_path, m.smtputf8, m.ret, m.envid, m.arrived_at, m.expires_at, m.session,
         m.message_key, m.verp
    from leased l cross join lateral (select * from queue_message m where m.queue_id = l.queue_id limit 1) m
   order by l.queue_id, l.number`,
);

/**
 * Notes that somebody was told, in the transaction that tells: $1 message, $2 numbers, $3 notices, $4 the report's
 * blob (null: nobody can be told). Does nothing when the report was not placed; fails, so that nothing is placed,
 * when another worker has told already.
 */
export const told = statement(
  "queue_told",
  ["int8", "int4[]", "text[]", "uuid"],
  `with placed as materialized (
    select $4::uuid is null or (select 1 from placed_blob m where m.blob_id = $4 limit 1) is not null
           or (select 1 from queue_message q where q.blob_id = $4 and q.ended_at is null limit 1) is not null as yes
  ), mine as materialized (
    select x.queue_id, x.number from unnest($2::int4[], $3::text[]) as g (number, notice) cross join lateral (
      select r.queue_id, r.number from queue_recipient r
       where r.queue_id = $1 and r.number = g.number and r.notice = g.notice for update) x
     where (select yes from placed)
  ), cleared as (
    update queue_recipient r set notice = null, notice_at = null from mine g where ${byKey("mine")}
    returning r.queue_id, r.state
  ), closed as materialized (
    select queue_id, count(*)::int4 as n from cleared where state not in ('ready', 'waiting', 'held')
     group by queue_id
  ), ${CLOSE}
  select 1 / case when not (select yes from placed) or (select count(*) from cleared) = cardinality($2) then 1
                  else 0 end`,
);

/** Tries a report again later: $1 message, $2 numbers, $3 milliseconds. */
export const tellLater = statement(
  "queue_tell_later",
  ["int8", "int4[]", "int8"],
  `update queue_recipient r set notice_at = now() + $3 * interval '1 millisecond'
    where r.queue_id = $1 and r.number = any ($2) and r.notice is not null`,
);

/**
 * Forgets messages that ended $3 milliseconds ago, among the $2 behind key $1. Gives the last key, how many there
 * were, how many went, and whether the last arrived too late to be old.
 */
export const forget = statement(
  "queue_forget",
  ["int8", "int4", "int8"],
  `with seen as materialized (
    select queue_id, ended_at, arrived_at from queue_message where queue_id > $1 order by queue_id limit $2
  ), old as materialized (
    select queue_id from seen where ended_at < now() - $3 * interval '1 millisecond'
  ), gone as (
    delete from queue_recipient where queue_id = any (array(select queue_id from old))
  ), gone_too as (
    delete from queue_message where queue_id = any (array(select queue_id from old))
  )
  select coalesce(max(queue_id), 0), count(*), (select count(*) from old),
         coalesce(bool_or(arrived_at > now() - $3 * interval '1 millisecond'), true) from seen`,
);

/** Forgets what is void: suppressions, lanes that were not blocked for a day, old trace pages ($1 ms). */
export const forgetVoid = [
  statement("queue_forget_suppressed", [], `delete from queue_suppression where expires_at < now()`),
  statement(
    "queue_forget_lanes",
    [],
    `delete from queue_lane where blocked_until < now() - interval '1 day'`,
  ),
] as const;

/** $1 milliseconds, $2 pages at most. */
export const forgetTrace = statement(
  "queue_forget_trace",
  ["int8", "int4"],
  `delete from trace_page where ctid = any (array(
    select ctid from trace_page where last_at < now() - $1 * interval '1 millisecond' limit $2))`,
);
