/** Statements that record what became of recipients. */
import { statement } from "../../store/pg/door.ts";

/** States in which a recipient is still on its way. */
export const OPEN = `('ready', 'waiting', 'held')`;

/**
 * How recipients `r` are changed that a statement has found and locked (`rows`, in it `g`: queue_id, number): by
 * their keys. Where the lock waited for somebody's change, the row is at a new place by then, which this statement's
 * snapshot does not show: changed by place, nothing would be. The arrays leave the key's index as the only plan.
 */
export function byKey(rows: string): string {
  return `r.queue_id = g.queue_id and r.number = g.number
      and r.queue_id = any (array(select queue_id from ${rows}))
      and r.number = any (array(select number from ${rows}))`;
}

/**
 * The end of a statement in which recipients of messages ended (`closed`: queue_id, n): counts them, and when a
 * message is over, lets go of its octets. Locked in order of keys, so that two of these do not deadlock, and
 * changed by key, as in `byKey`: others close recipients of the same message.
 */
export const CLOSE = `closing as materialized (
    select x.queue_id, c.n from closed c cross join lateral (
      select m.queue_id from queue_message m where m.queue_id = c.queue_id for update) x
  ), over as (
    update queue_message m
       set open = m.open - c.n, ended_at = case when m.open = c.n then now() end
      from closing c
     where m.queue_id = c.queue_id and m.queue_id = any (array(select queue_id from closing))
    returning m.blob_id, m.ended_at
  ), freed as (
    insert into blob_garbage (blob_id)
    select distinct blob_id from over where ended_at is not null order by blob_id
    on conflict (blob_id) do update set freed_at = excluded.freed_at
  )`;

/**
 * Records tries. A column each: $1 message, $2 number, $3 new state, $4 milliseconds until the next try,
 * $5 reply code, $6 its status, $7 its text, $8 step, $9 host, $10 security, $11 notice; $12 lease, $13
 * milliseconds that a notice waits.
 *
 * An end counts whoever holds the lease by now: the next hop has the mail, or will never take it. A delay counts
 * only for who has the lease. May be run again when its outcome was unknown: then it finds nothing to do.
 */
export const record = statement(
  "queue_record",
  [
    "int8[]",
    "int4[]",
    "text[]",
    "int8[]",
    "int4[]",
    "text[]",
    "text[]",
    "text[]",
    "text[]",
    "text[]",
    "text[]",
    "uuid",
    "int8",
  ],
  `with given as materialized (
    select g.*
      from unnest($1::int8[], $2::int4[], $3::text[], $4::int8[], $5::int4[], $6::text[], $7::text[], $8::text[],
                  $9::text[], $10::text[], $11::text[])
           as g (queue_id, number, state, delay, reply_code, reply_status, reply_text, reply_step, host, security,
                 notice)
     cross join lateral (
       select from queue_recipient r
        where r.queue_id = g.queue_id and r.number = g.number and r.state in ${OPEN}
          and (g.state <> 'waiting' or r.lease = $12)
          for update) x
     order by g.queue_id, g.number
  ), changed as (
    update queue_recipient r
       set state = g.state, attempts = r.attempts + 1, due_at = now() + g.delay * interval '1 millisecond',
           lease = null, lease_until = null, tried_at = now(), reply_code = g.reply_code,
           reply_status = g.reply_status, reply_text = g.reply_text, reply_step = g.reply_step, host = g.host,
           security = g.security, ended_at = case when g.state <> 'waiting' then now() end,
           notice = case when g.state = 'waiting' then r.notice else g.notice end,
           notice_at = case when g.state = 'waiting' then r.notice_at
                            when g.notice is not null then now() + $13 * interval '1 millisecond' end
      from given g
     where ${byKey("given")}
    returning r.queue_id, g.state <> 'waiting' and g.notice is null as closes
  ), closed as materialized (
    select queue_id, count(*)::int4 as n from changed where closes group by queue_id order by queue_id
  ), ${CLOSE}
  select count(*) from changed`,
);

/**
 * Blocks a lane for longer with each failure. $1 lane, $2 and $3 milliseconds of the first and of the longest
 * block, $4 jitter as thousandths, $5 reply code, $6 status, $7 text, $8 step. Gives failures and milliseconds.
 */
export const blockLane = statement(
  "queue_block_lane",
  ["text", "int8", "int8", "int4", "int4", "text", "text", "text"],
  `with old as (
    select coalesce((select failures from queue_lane where lane = $1), 0) as failures
  ), new as (
    select least($2 * 2 ^ least(failures, 30), $3) * $4 / 1000.0 as ms from old
  )
  insert into queue_lane as q (lane, failures, blocked_until, reply_code, reply_status, reply_text, reply_step)
  select $1, 1, now() + ms * interval '1 millisecond', $5, $6, $7, $8 from new
  on conflict (lane) do update
     set failures = q.failures + 1, blocked_until = excluded.blocked_until, failed_at = now(),
         reply_code = excluded.reply_code, reply_status = excluded.reply_status,
         reply_text = excluded.reply_text, reply_step = excluded.reply_step
  returning failures, (extract(epoch from blocked_until - now()) * 1000)::int8`,
);

/** Opens a lane again. $1 lane. */
export const openLane = statement("queue_open_lane", ["text"], `delete from queue_lane where lane = $1`);

/** Suppresses recipients. $1 addresses in small letters, $2 codes, $3 statuses, $4 texts; $5 milliseconds. */
export const suppress = statement(
  "queue_suppress",
  ["text[]", "int4[]", "text[]", "text[]", "int8"],
  `insert into queue_suppression as s (address, expires_at, reply_code, reply_status, reply_text)
   select distinct on (address) address, now() + $5 * interval '1 millisecond', code, status, text
     from unnest($1::text[], $2::int4[], $3::text[], $4::text[]) as g (address, code, status, text)
    order by address
   on conflict (address) do update
      set expires_at = excluded.expires_at, reply_code = excluded.reply_code,
          reply_status = excluded.reply_status, reply_text = excluded.reply_text, failures = s.failures + 1`,
);
