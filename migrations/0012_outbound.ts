/** Variable envelope return paths, and what the queue shows of messages that their senders hold back (RFC 4865). */
import { type Kysely, sql } from "kysely";

/** Applies the step; Kysely runs it in one transaction. */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of STATEMENTS) await sql.raw(statement).execute(db);
}

const STATEMENTS: readonly string[] = [
  `alter table queue_message add column verp text`,
  `comment on column queue_message.verp is
    'VERP: the two delimiters with which each recipient''s reverse-path is made; null: all have the same'`,
  // A view may get columns behind those that it has.
  `create or replace view mail_queue as
    select r.queue_id, m.reverse_path as sender, r.address as recipient,
           case when r.lease_until > now() then 'sending' else r.state end as state,
           m.arrived_at, m.expires_at, m.size, r.attempts,
           case r.state when 'held' then null when 'ready' then coalesce(l.blocked_until, r.due_at)
                        else r.due_at end as next_attempt_at,
           coalesce(r.tried_at, l.failed_at) as last_attempt_at,
           coalesce(r.reply_code, l.reply_code) as reply_code,
           coalesce(r.reply_status, l.reply_status) as reply_status,
           coalesce(r.reply_text, l.reply_text) as reply_text,
           r.lane as destination, m.message_key as message_id, m.submitter as account_id, m.priority,
           m.hold_until as held_until
      from queue_recipient r
      join queue_message m using (queue_id)
      left join queue_lane l on l.lane = r.lane and l.blocked_until > now()
     where r.state in ('ready', 'waiting', 'held')`,
];
