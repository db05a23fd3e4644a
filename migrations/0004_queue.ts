/**
 * The queue of mail that leaves, what became of it, and the trace of every message.
 *
 * Keys here do not begin with `account_id`: a queued message belongs to no account. It holds its blob, as a message
 * row does, until `ended_at` is set.
 */
import { type Kysely, sql } from "kysely";

/** Applies the step; Kysely runs it in one transaction. */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of STATEMENTS) await sql.raw(statement).execute(db);
}

const STATEMENTS: readonly string[] = [
  `create sequence queue_id`,
  `create table queue_message (
    queue_id int8 primary key,
    blob_id uuid not null,
    size int8 not null,
    message_key text,
    reverse_path text not null,
    body text not null check (body in ('7BIT', '8BITMIME', 'BINARYMIME')),
    smtputf8 boolean not null,
    require_tls boolean not null,
    ret text check (ret in ('full', 'headers')),
    envid text,
    priority int2 not null,
    hold_until timestamptz,
    deliver_by timestamptz,
    deliver_by_mode text check (deliver_by_mode in ('return', 'notify')),
    deliver_by_trace boolean not null,
    submitter int8,
    session text not null,
    tls_optional boolean not null,
    solicit text not null,
    arrived_at timestamptz not null default now(),
    warn_at timestamptz,
    expires_at timestamptz not null,
    check_at timestamptz not null,
    open int4 not null,
    ended_at timestamptz
  ) with (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.02)`,
  `comment on column queue_message.message_key is 'the Message-ID field, with its angle brackets'`,
  `comment on column queue_message.solicit is 'classes of solicitation (RFC 3865), commas between them'`,
  `comment on column queue_message.open is
    'recipients that are on their way, or of whose end the sender is still to be told; 0: it is over'`,
  `comment on column queue_message.check_at is
    'when to look whether its time is over, or a warning due: the earliest of warn_at, deliver_by, expires_at'`,
  // Whether a blob is still needed: the sweep asks.
  `create index queue_message_blob on queue_message (blob_id) where ended_at is null`,
  `create index queue_message_check on queue_message (check_at) where ended_at is null`,
  // What an account sent in the last hour.
  `create index queue_message_submitter on queue_message (submitter, arrived_at) where submitter is not null`,

  `create table queue_recipient (
    queue_id int8 not null,
    number int4 not null,
    address text not null,
    notify int2 not null,
    original_recipient text,
    lane text collate "C" not null,
    sender text collate "C" not null,
    priority int2 not null,
    rank int8 not null,
    state text not null
      check (state in ('ready', 'waiting', 'held', 'delivered', 'relayed', 'expanded', 'failed', 'removed')),
    attempts int4 not null default 0,
    due_at timestamptz not null,
    lease uuid,
    lease_until timestamptz,
    tried_at timestamptz,
    reply_code int4,
    reply_status text,
    reply_text text,
    reply_step text,
    host text,
    security text,
    notice text check (notice in ('failure', 'delay', 'success')),
    notice_at timestamptz,
    warned boolean not null default false,
    ended_at timestamptz,
    primary key (queue_id, number)
  ) with (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.02)`,
  `comment on column queue_recipient.state is
    'ready: may go now; waiting: until due_at; held: until an administrator releases it; the others are ends'`,
  `comment on column queue_recipient.lane is
    'recipients that go the same way: one lane that is stuck holds up no other'`,
  `comment on column queue_recipient.sender is 'for whose sake: senders take turns in a lane'`,
  `comment on column queue_recipient.rank is
    'milliseconds since the epoch of its arrival, less ten minutes for each step of priority (RFC 6710)'`,
  `comment on column queue_recipient.lease_until is 'somebody sends it until then; later the lease is void'`,
  `comment on column queue_recipient.notice is 'of what the sender is still to be told; tried next at notice_at'`,
  // Work is taken by lane, and in it by sender: leased rows stay in the index, so that a lease changes no index.
  `create index queue_recipient_ready on queue_recipient (lane, sender, rank, queue_id, number)
    where state = 'ready'`,
  `create index queue_recipient_waiting on queue_recipient (due_at) where state = 'waiting'`,
  `create index queue_recipient_notice on queue_recipient (notice_at) where notice is not null`,

  `create table queue_lane (
    lane text collate "C" primary key,
    failures int4 not null,
    blocked_until timestamptz not null,
    failed_at timestamptz not null default now(),
    reply_code int4 not null,
    reply_status text not null,
    reply_text text not null,
    reply_step text not null
  )`,
  `comment on table queue_lane is
    'ways that are stuck: nothing is taken from such a lane until blocked_until, then one message tries'`,

  `create table queue_suppression (
    address text collate "C" primary key,
    since timestamptz not null default now(),
    expires_at timestamptz not null,
    reply_code int4 not null,
    reply_status text not null,
    reply_text text not null,
    failures int4 not null default 1
  )`,
  `comment on table queue_suppression is
    'recipients that a next hop said do not exist: mail to them fails at once until expires_at'`,

  `create table trace_page (
    page_id int8 generated by default as identity primary key,
    first_at timestamptz not null,
    last_at timestamptz not null,
    keys int4[] not null,
    steps jsonb not null
  )`,
  `comment on table trace_page is 'what happened to messages, some hundred steps a row, so that it costs little'`,
  `comment on column trace_page.keys is
    'hashes of sessions, message ids, addresses, queue and blob ids in it (src/queue/trace_key.ts)'`,
  `create index trace_page_last on trace_page (last_at)`,

  // --- for administrators ------------------------------------------------------------------------------
  `create view mail_queue as
    select r.queue_id, m.reverse_path as sender, r.address as recipient,
           case when r.lease_until > now() then 'sending' else r.state end as state,
           m.arrived_at, m.expires_at, m.size, r.attempts,
           case r.state when 'held' then null when 'ready' then coalesce(l.blocked_until, r.due_at)
                        else r.due_at end as next_attempt_at,
           coalesce(r.tried_at, l.failed_at) as last_attempt_at,
           coalesce(r.reply_code, l.reply_code) as reply_code,
           coalesce(r.reply_status, l.reply_status) as reply_status,
           coalesce(r.reply_text, l.reply_text) as reply_text,
           r.lane as destination, m.message_key as message_id, m.submitter as account_id, m.priority
      from queue_recipient r
      join queue_message m using (queue_id)
      left join queue_lane l on l.lane = r.lane and l.blocked_until > now()
     where r.state in ('ready', 'waiting', 'held')`,
  `comment on view mail_queue is
    'One row a recipient whose mail has not left; stable, administrators may rely on it'`,
  `create view mail_deliveries as
    select r.queue_id, m.reverse_path as sender, r.address as recipient, r.state as result, m.arrived_at,
           r.ended_at, r.attempts, m.size, r.reply_code, r.reply_status, r.reply_text, r.host, r.security,
           r.lane as destination, m.message_key as message_id, m.submitter as account_id
      from queue_recipient r
      join queue_message m using (queue_id)
     where r.state in ('delivered', 'relayed', 'expanded', 'failed', 'removed')`,
  `comment on view mail_deliveries is
    'One row a recipient that is done with, for some days; stable, administrators may rely on it'`,
  `create view mail_trace as
    select s.at, s.step, s.session, s.queue_id, s.message_id, s.blob_id, s.sender, s.recipient, s.detail
      from trace_page p
     cross join lateral jsonb_to_recordset(p.steps) as s (
       at timestamptz, step text, session text, queue_id int8, message_id text, blob_id text, sender text,
       recipient text, detail text)`,
  `comment on view mail_trace is
    'What happened to messages, a step a row; stable. Searching it reads all of it: use mail trace'`,
];
