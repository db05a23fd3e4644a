/**
 * Takes away what nobody needs: octets without owner, drafts whose connection died, entries of deleted mailboxes,
 * messages that went many at a time, the oldest ranges of what was expunged and changed. In batches, each its own
 * transaction; safe on several nodes at once.
 */
import type { StoreContext } from "./context.ts";
import { retrying } from "./failures.ts";
import { call, type Statement, statement } from "./pg/door.ts";
import { lockAccount } from "./sql/account.ts";
import { dropEntries, dropHistory, dropMessages } from "./sql/change.ts";

declare module "../core/events.ts" {
  interface Events {
    /** A sweep ended. */
    "store.swept": SweepReport & { readonly ms: number };
  }
}

/** What one sweep took away. */
export interface SweepReport {
  /** Blobs that had lost their last message. */
  readonly blobs: number;
  /** Large drafts that were never delivered. */
  readonly drafts: number;
  /** Messages of deleted mailboxes. */
  readonly messages: number;
  /** Messages looked at that lost entries many at a time: those that had none left went. */
  readonly lost: number;
  /** Mailboxes whose ranges of expunged or changed messages were pruned. */
  readonly pruned: number;
}

/** No message has the blob of `d`, and none that is to go out. */
const UNOWNED = `not exists (select from placed_blob m where m.blob_id = d.blob_id)
       and not exists (select from queue_message q where q.blob_id = d.blob_id and q.ended_at is null)`;

/**
 * $1 milliseconds, $2 blobs at most. A row that another sweep holds is skipped; one that a message points to
 * again, or still, is only forgotten.
 */
const sweepGarbage = statement(
  "sweep_garbage",
  ["int8", "int4"],
  `with due as materialized (
    select blob_id from blob_garbage where freed_at < now() - $1 * interval '1 millisecond'
     limit $2 for update skip locked
  ), swept as (
    delete from blob_chunk c using due d
     where c.blob_id = d.blob_id and ${UNOWNED}
  ), forgotten as (
    delete from blob_garbage g using due d where g.blob_id = d.blob_id
  )
  select count(*) from due`,
);

/** $1 milliseconds, $2 blobs at most. */
const sweepStaged = statement(
  "sweep_staged",
  ["int8", "int4"],
  `with due as materialized (
    select blob_id from blob_staged where touched_at < now() - $1 * interval '1 millisecond'
     limit $2 for update skip locked
  ), swept as (
    delete from blob_chunk c using due d
     where c.blob_id = d.blob_id and ${UNOWNED}
  ), forgotten as (
    delete from blob_staged s using due d where s.blob_id = d.blob_id
  )
  select count(*) from due`,
);

/** Messages that lost entries many at a time, whosever. */
const littered = statement(
  "littered_messages",
  [],
  `select account_id, modseq from message_garbage limit 1`,
  "everybody",
);

/** One mailbox that was deleted, whosever. */
const discarded = statement(
  "discarded_mailbox",
  [],
  `select account_id, mailbox_id from mailbox_garbage limit 1`,
  "everybody",
);

/** $1 account, $2 mailbox. */
const forgetDiscarded = statement(
  "forget_discarded",
  ["int8", "int4"],
  `delete from mailbox_garbage where account_id = $1 and mailbox_id = $2`,
);

/** Accounts behind $1, whichever there are, $2 at most. */
const nextAccounts = statement(
  "sweep_accounts",
  ["int8", "int4"],
  `select coalesce(array_agg(account_id), '{}') from (
    select account_id from account_state where account_id > $1 order by account_id limit $2) a`,
  "everybody",
);

/** The tables of ranges, and the column of a mailbox that says how far back they go. */
const LOGS = { expunged: "vanished_floor", changed_range: "changed_floor" } as const;

interface Log {
  /** Mailboxes of accounts $1 that keep more than $2 ranges. */
  readonly overfull: Statement;
  /**
   * Keeps the newest ranges of a mailbox; $1 account, $2 mailbox, $3 how many. All ranges of one modseq go or stay
   * together.
   */
  readonly prune: Statement;
}

function log(table: keyof typeof LOGS): Log {
  const floor = LOGS[table];
  return {
    overfull: statement(
      `sweep_overfull_${table}`,
      ["int8[]", "int8"],
      `select account_id, mailbox_id from ${table} where account_id = any ($1)
        group by account_id, mailbox_id having count(*) > $2`,
    ),
    prune: statement(
      `prune_${table}`,
      ["int8", "int4", "int8"],
      `with floor as materialized (
        select modseq from ${table} where account_id = $1 and mailbox_id = $2
         order by modseq desc, uid_low desc offset $3 limit 1
      ), pruned as (
        delete from ${table} x using floor f
         where x.account_id = $1 and x.mailbox_id = $2 and x.modseq <= f.modseq
      )
      update mailbox b set ${floor} = greatest(b.${floor}, f.modseq) from floor f
       where b.account_id = $1 and b.mailbox_id = $2`,
    ),
  };
}

const EXPUNGED = log("expunged"), CHANGED = log("changed_range");

/** Rows of one batch. */
const BLOBS = 100, ENTRIES = 2000, ACCOUNTS = 200;

/** Sweeps once; stops early, between two batches, when the signal fires. */
export async function sweep(context: StoreContext, signal?: AbortSignal): Promise<SweepReport> {
  const { limits, world, emit } = context;
  const begun = world.ticks();
  const report = {
    messages: await sweepMailboxes(context, signal),
    lost: await sweepMessages(context, signal),
    pruned: await pruneAll(context, EXPUNGED, context.limits.expungedRanges, signal) +
      await pruneAll(context, CHANGED, context.limits.changedRanges, signal),
    drafts: await sweepBlobs(context, sweepStaged, limits.stagedMs, signal),
    blobs: await sweepBlobs(context, sweepGarbage, limits.garbageMs, signal),
  };
  emit("store.swept", { ...report, ms: world.ticks() - begun });
  return report;
}

async function sweepBlobs(
  context: StoreContext,
  of: Statement,
  age: number,
  signal: AbortSignal | undefined,
): Promise<number> {
  let blobs = 0;
  while (!signal?.aborted) {
    const rows = await retrying(() => context.door.query(of, age, BLOBS));
    const count = rows.int(0, 0);
    blobs += count;
    if (count < BLOBS) break;
  }
  return blobs;
}

async function sweepMailboxes(context: StoreContext, signal: AbortSignal | undefined): Promise<number> {
  let messages = 0;
  while (!signal?.aborted) {
    const rows = await retrying(() => context.door.query(discarded));
    if (rows.count === 0) break;
    const account = rows.int(0, 0), mailbox = rows.int(0, 1);
    for (let gone = ENTRIES; gone === ENTRIES && !signal?.aborted; messages += gone) {
      const [, dropped] = await retrying(() =>
        context.door.run(call(lockAccount, account), call(dropEntries, account, mailbox, ENTRIES))
      );
      gone = dropped!.int(0, 0);
      if (gone === ENTRIES) continue;
      await retrying(() =>
        context.door.run(call(dropHistory, account, mailbox), call(forgetDiscarded, account, mailbox))
      );
    }
  }
  return messages;
}

async function sweepMessages(context: StoreContext, signal: AbortSignal | undefined): Promise<number> {
  let messages = 0;
  while (!signal?.aborted) {
    const rows = await retrying(() => context.door.query(littered));
    if (rows.count === 0) break;
    const account = rows.int(0, 0), modseq = rows.int(0, 1);
    for (let left = 1; left > 0 && !signal?.aborted;) {
      const [, dropped] = await retrying(() =>
        context.door.run(call(lockAccount, account), call(dropMessages, account, modseq, ENTRIES))
      );
      left = dropped!.int(0, 0);
      messages += dropped!.int(0, 1);
    }
  }
  return messages;
}

async function pruneAll(
  context: StoreContext,
  log: Log,
  keep: number,
  signal: AbortSignal | undefined,
): Promise<number> {
  let pruned = 0;
  for (let after = 0; !signal?.aborted;) {
    const accounts = (await retrying(() => context.door.query(nextAccounts, after, ACCOUNTS))).ints(0, 0);
    if (accounts.length === 0) break;
    after = accounts[accounts.length - 1]!;
    const full = await retrying(() => context.door.query(log.overfull, accounts, keep));
    for (let row = 0; row < full.count && !signal?.aborted; row++) {
      const account = full.int(row, 0), mailbox = full.int(row, 1);
      await retrying(() =>
        context.door.run(call(lockAccount, account), call(log.prune, account, mailbox, keep))
      );
      pruned++;
    }
  }
  return pruned;
}

/** Sweeps again and again until it is disposed; failures wait for the next time. */
export class Sweeper implements AsyncDisposable {
  readonly #stop = new AbortController();
  #running: Promise<unknown> = Promise.resolve();
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** `intervalMs`: from the end of one sweep to the begin of the next. */
  constructor(context: StoreContext, intervalMs: number) {
    const next = () => {
      this.#timer = setTimeout(() => {
        this.#running = sweep(context, this.#stop.signal).catch(() => {}).then(() => {
          if (!this.#stop.signal.aborted) next();
        });
      }, intervalMs);
    };
    next();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    clearTimeout(this.#timer);
    await this.#running;
  }
}
