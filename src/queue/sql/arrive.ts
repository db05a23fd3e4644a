/** The statement that notes what arrived here, in the transaction that places it. */
import { statement } from "../../store/pg/door.ts";
import { byKey, CLOSE, OPEN } from "./record.ts";

/**
 * Ends recipients of message $1 whose copies the same transaction has placed: $2 numbers, $3 states, $4 notices (a
 * column each), $5 the copies' blob, $6 lease, $7 milliseconds that a notice waits.
 *
 * Does nothing when nothing was placed; fails with division_by_zero, so that nothing is placed, when one of them is
 * not leased to us any more: then it is another's, or has its mail already.
 */
export const arrive = statement(
  "queue_arrive",
  ["int8", "int4[]", "text[]", "text[]", "uuid", "uuid", "int8"],
  `with placed as materialized (
    select (select 1 from placed_blob m where m.blob_id = $5 limit 1) is not null
           or (select 1 from queue_message q where q.blob_id = $5 and q.ended_at is null limit 1) is not null as yes
  ), mine as materialized (
    select x.queue_id, g.number, g.state, g.notice
      from unnest($2::int4[], $3::text[], $4::text[]) as g (number, state, notice)
     cross join lateral (
       select r.queue_id from queue_recipient r
        where r.queue_id = $1 and r.number = g.number and r.state in ${OPEN} and r.lease = $6 for update) x
     where (select yes from placed)
  ), changed as (
    update queue_recipient r
       set state = g.state, attempts = r.attempts + 1, lease = null, lease_until = null, tried_at = now(),
           reply_code = 250, reply_status = '2.0.0', reply_text = 'Delivered', reply_step = 'here',
           host = null, security = null, ended_at = now(), notice = g.notice,
           notice_at = case when g.notice is not null then now() + $7 * interval '1 millisecond' end
      from mine g
     where ${byKey("mine")}
    returning r.queue_id, g.notice is null as closes
  ), closed as materialized (
    select queue_id, count(*)::int4 as n from changed where closes group by queue_id
  ), ${CLOSE}
  select 1 / case when not (select yes from placed) or (select count(*) from changed) = cardinality($2) then 1
                  else 0 end`,
);
