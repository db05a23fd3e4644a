/** What an administrator does with the queue: look, retry, hold, release, remove, bounce. */
import { type ExpressionBuilder, sql } from "kysely";
import type { Database } from "../store/pg/database.ts";
import type { Tables } from "../store/pg/tables.ts";
import { CLOSE } from "./sql/record.ts";

/** Which recipients are meant; all members must hold. */
export interface QueueFilter {
  /** Keys of messages. */
  readonly ids?: readonly number[] | undefined;
  readonly sender?: string | undefined;
  readonly recipient?: string | undefined;
  /** Of the recipient. */
  readonly domain?: string | undefined;
  readonly state?: "ready" | "waiting" | "held" | undefined;
  /** Milliseconds since it arrived, at least. */
  readonly olderThanMs?: number | undefined;
}

/** One recipient that waits, as `mail_queue` has it. */
export interface QueueRow {
  readonly id: number;
  readonly sender: string;
  readonly recipient: string;
  readonly state: string;
  readonly arrived: Date;
  readonly expires: Date;
  readonly nextAttempt: Date | null;
  /** Its sender wants it to wait until then (RFC 4865). */
  readonly heldUntil: Date | null;
  readonly attempts: number;
  readonly size: number;
  readonly destination: string;
  readonly reply: string | null;
  readonly messageId: string | null;
}

/** What may be done to recipients that nobody sends just now. */
export type Steering = "retry" | "hold" | "release" | "remove" | "bounce";

type Scope = ExpressionBuilder<
  Tables & { r: Tables["queue_recipient"]; m: Tables["queue_message"] },
  "r" | "m"
>;

function matching(eb: Scope, filter: QueueFilter) {
  return eb.and([
    eb("r.state", "in", ["ready", "waiting", "held"]),
    ...(filter.ids === undefined ? [] : [eb("r.queue_id", "in", [...filter.ids])]),
    ...(filter.sender === undefined ? [] : [eb("m.reverse_path", "=", filter.sender)]),
    ...(filter.recipient === undefined ? [] : [eb("r.address", "=", filter.recipient)]),
    ...(filter.domain === undefined
      ? []
      : [eb(sql`right(r.address, length(${filter.domain}::text) + 1)`, "=", `@${filter.domain}`)]),
    ...(filter.state === undefined ? [] : [eb("r.state", "=", filter.state)]),
    ...(filter.olderThanMs === undefined
      ? []
      : [eb("m.arrived_at", "<", new Date(Date.now() - filter.olderThanMs))]),
  ]);
}

/** Recipients that wait, the oldest first. */
export async function listQueue(
  db: Database,
  filter: QueueFilter,
  limit: number,
): Promise<readonly QueueRow[]> {
  const rows = await db.selectFrom("queue_recipient as r")
    .innerJoin("queue_message as m", "m.queue_id", "r.queue_id")
    .leftJoin(
      "queue_lane as l",
      (join) => join.onRef("l.lane", "=", "r.lane").on("l.blocked_until", ">", sql<Date>`now()`),
    )
    .where((eb) => matching(eb as unknown as Scope, filter))
    .select([
      "r.queue_id as id",
      "m.reverse_path as sender",
      "r.address as recipient",
      sql<string>`case when r.lease_until > now() then 'sending' else r.state end`.as("state"),
      "m.arrived_at as arrived",
      "m.expires_at as expires",
      sql<
        Date | null
      >`case r.state when 'held' then null when 'ready' then coalesce(l.blocked_until, r.due_at)
                                    else r.due_at end`.as("nextAttempt"),
      "m.hold_until as heldUntil",
      "r.attempts",
      "m.size",
      "r.lane as destination",
      sql<string | null>`nullif(concat_ws(' ', nullif(coalesce(r.reply_code, l.reply_code), 0),
        nullif(coalesce(r.reply_status, l.reply_status), ''), coalesce(r.reply_text, l.reply_text)), '')`
        .as("reply"),
      "m.message_key as messageId",
    ])
    .orderBy("r.queue_id").orderBy("r.number").limit(limit).execute();
  return rows;
}

/** One message with all its recipients, also after the end; undefined when it is not known. */
export async function showQueued(db: Database, id: number) {
  const message = await db.selectFrom("queue_message").where("queue_id", "=", id).selectAll()
    .executeTakeFirst();
  if (message === undefined) return undefined;
  const recipients = await db.selectFrom("queue_recipient").where("queue_id", "=", id).orderBy("number")
    .select([
      "address",
      "state",
      "attempts",
      "due_at",
      "tried_at",
      "ended_at",
      "reply_code",
      "reply_status",
      "reply_text",
      "reply_step",
      "host",
      "security",
      "lane",
      "notice",
      "lease_until",
    ]).execute();
  return { message, recipients };
}

/** Recipients of one statement. */
const ROWS = 1000;

/** Does it to all recipients that match and that nobody sends just now; says how many. */
export async function steer(db: Database, what: Steering, filter: QueueFilter): Promise<number> {
  let count = 0;
  for (let after = { id: -1, number: -1 };;) {
    const some = await db.transaction().execute(async (trx) => {
      const rows = await trx.selectFrom("queue_recipient as r")
        .innerJoin("queue_message as m", "m.queue_id", "r.queue_id")
        .where((eb) => matching(eb as unknown as Scope, filter))
        .where(sql<boolean>`(r.queue_id, r.number) > (${after.id}, ${after.number})`)
        .where((eb) => eb.or([eb("r.lease_until", "is", null), eb("r.lease_until", "<=", sql<Date>`now()`)]))
        .where((eb) =>
          what === "release" ? eb("r.state", "=", "held") : what === "retry"
            // What its sender holds back (RFC 4865) stays until then.
            ? eb.and([
              eb("r.state", "<>", "held"),
              eb.or([eb("m.hold_until", "is", null), eb("m.hold_until", "<=", sql<Date>`now()`)]),
            ])
            : what === "hold"
            ? eb("r.state", "<>", "held")
            : eb.val(true)
        )
        .select(["r.queue_id as id", "r.number", "r.lane"])
        .orderBy("r.queue_id").orderBy("r.number").limit(ROWS).forUpdate("r").skipLocked().execute();
      if (rows.length > 0) await change(trx as Database, what, rows);
      return rows;
    });
    count += some.length;
    if (some.length < ROWS) return count;
    after = { id: some.at(-1)!.id, number: some.at(-1)!.number };
  }
}

interface Row {
  readonly id: number;
  readonly number: number;
  readonly lane: string;
}

async function change(db: Database, what: Steering, rows: readonly Row[]): Promise<void> {
  const ids = rows.map((row) => row.id), numbers = rows.map((row) => row.number);
  const these = sql`unnest(${ids}::int8[], ${numbers}::int4[]) as k (queue_id, number)`;
  const match = sql`r.queue_id = k.queue_id and r.number = k.number`;
  switch (what) {
    case "retry":
    case "release":
      await sql`update queue_recipient r
           set state = case when m.hold_until > now() then 'waiting' else 'ready' end,
               due_at = greatest(m.hold_until, now())
          from ${these} join queue_message m on m.queue_id = k.queue_id where ${match}`.execute(db);
      await db.deleteFrom("queue_lane").where("lane", "in", [...new Set(rows.map((row) => row.lane))])
        .execute();
      return;
    case "hold":
      await sql`update queue_recipient r set state = 'held' from ${these} where ${match}`.execute(db);
      return;
    case "remove":
    case "bounce":
      await end(db, what === "bounce", these, match);
      return;
    default:
      what satisfies never;
  }
}

/** Ends recipients; `tells`: their senders hear of it, where they want to. */
async function end(db: Database, tells: boolean, these: unknown, match: unknown): Promise<void> {
  await sql`with ended as (
      update queue_recipient r
         set state = ${tells ? "failed" : "removed"}, ended_at = now(), reply_step = 'administrator',
             lease = null, lease_until = null,
             notice = case when ${tells} and r.notify & 2 <> 0 and m.reverse_path <> '' then 'failure' end,
             notice_at = case when ${tells} then now() end
        from ${these} join queue_message m on m.queue_id = k.queue_id where ${match}
      returning r.queue_id, r.notice is null as closes
    ), closed as materialized (
      select queue_id, count(*)::int4 as n from ended where closes group by queue_id order by queue_id
    ), ${sql.raw(CLOSE)}
    select from closed`.execute(db);
}

/** Recipients that are suppressed, by address. */
export async function listSuppressed(db: Database, limit: number) {
  return await db.selectFrom("queue_suppression").where("expires_at", ">", sql<Date>`now()`).selectAll()
    .orderBy("address").limit(limit).execute();
}

/** Lifts a suppression; false when there is none. */
export async function removeSuppressed(db: Database, address: string): Promise<boolean> {
  const result = await db.deleteFrom("queue_suppression").where("address", "=", address.toLowerCase())
    .executeTakeFirst();
  return result.numDeletedRows > 0n;
}

/** The queue in figures. */
export interface QueueFigures {
  /** Recipients by state. */
  readonly states: Readonly<Record<string, number>>;
  /** Seconds since the oldest message that is not over arrived; 0 when there is none. */
  readonly oldestSeconds: number;
  /** Recipients that wait, of the destinations for which most do. */
  readonly destinations: readonly { readonly destination: string; readonly recipients: number }[];
}

/** Destinations that are named in figures. */
const DESTINATIONS = 10;

/** Counts it. Reads all that waits: not for every request. */
export async function queueFigures(db: Database): Promise<QueueFigures> {
  const { rows } = await sql<{ state: string; lane: string; n: number }>`
    select state, lane, count(*) as n from queue_recipient where state = 'ready' group by state, lane
    union all
    select state, lane, count(*) from queue_recipient where state = 'waiting' group by state, lane
    union all
    select 'held', lane, count(*) from queue_recipient where state = 'held' group by lane`.execute(db);
  const oldest = await sql<{ seconds: number }>`
    select coalesce(extract(epoch from now() - min(arrived_at)), 0)::float8 as seconds
      from queue_message where ended_at is null`.execute(db);
  const states: Record<string, number> = { ready: 0, waiting: 0, held: 0 };
  const lanes = new Map<string, number>();
  for (const { state, lane, n } of rows) {
    states[state] = (states[state] ?? 0) + Number(n);
    lanes.set(lane, (lanes.get(lane) ?? 0) + Number(n));
  }
  return {
    states,
    oldestSeconds: Number(oldest.rows[0]?.seconds ?? 0),
    destinations: [...lanes].sort((a, b) => b[1] - a[1]).slice(0, DESTINATIONS)
      .map(([destination, recipients]) => ({ destination, recipients })),
  };
}
