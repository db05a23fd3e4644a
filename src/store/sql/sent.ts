/** What accounts have sent to other servers within the last hour, and that it is not too much. */
import { statement } from "../pg/door.ts";

/**
 * Messages and recipients of account `m.submitter` in the last hour, as an aggregate over queue_message m. What stays
 * here (waiting for its hour, or queued only to report that it arrived) is not counted.
 */
const COUNTED = `count(*) filter (where r.n > 0)::int8 as messages, coalesce(sum(r.n), 0)::int8 as recipients
     from queue_message m
    cross join lateral (
      select count(*) as n from queue_recipient r
       where r.queue_id = m.queue_id and r.lane <> 'here:'
         and not (r.attempts = 0 and r.state in ('delivered', 'expanded'))) r`;
const LAST_HOUR = `m.arrived_at > now() - interval '1 hour'`;

/** Messages of account $1 in the last hour, and their recipients. */
export const recent = statement(
  "queue_recent",
  ["int8"],
  `select ${COUNTED} where m.submitter = $1 and ${LAST_HOUR}`,
);

/** Until the transaction ends, nobody else counts what accounts $1 have sent. In order, so that no two deadlock. */
export const lockSubmitters = statement(
  "lock_submitters",
  ["int8[]"],
  `select pg_advisory_xact_lock(k)
     from (select hashtextextended('malleposte.submitter', a) as k from unnest($1::int8[]) as a order by 1) as locks`,
);

/**
 * Fails when an account has sent too much, with the transaction's own messages. $1 accounts, $2 the most messages of
 * each within an hour, $3 the most recipients. `lockSubmitters` must have run as a statement of its own before it:
 * so it sees what those have written who had the lock.
 */
export const checkSent = statement(
  "check_sent",
  ["int8[]", "int8[]", "int8[]"],
  `select sqrt(case when s.messages > g.messages then -s.messages else 0 end),
          ln(case when s.recipients > g.recipients then s.recipients * 0 else 1 end)
     from unnest($1::int8[], $2::int8[], $3::int8[]) as g (account, messages, recipients)
    cross join lateral (select ${COUNTED} where m.submitter = g.account and ${LAST_HOUR}) s`,
);

/** SQLSTATE of checkSent: too many messages (an argument of sqrt), too many recipients (one of ln). */
export const SENT_TOO_MUCH: Readonly<Record<string, "messages" | "recipients">> = {
  "2201F": "messages",
  "2201E": "recipients",
};
