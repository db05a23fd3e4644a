/** The one way out for what the tables hold of messages: the index, changes, rows in batches. */
import type { AccountId, MailboxId, ModSeq, Uid } from "../core/brands.ts";
import { done, type Outcome, refused } from "../core/failure.ts";
import type {
  FetchRow,
  FetchWanted,
  FlagRow,
  MailboxChanges,
  MailboxIndex,
  Vanished,
} from "../core/store.ts";
import { mergeRanges, type UidSet } from "../core/uidset.ts";
import { packedIndexes } from "./bits.ts";
import type { StoreContext } from "./context.ts";
import { retrying } from "./failures.ts";
import { batchOf } from "./fetched.ts";
import type { Rows } from "./pg/door.ts";
import { rangeColumns, rangesAfter } from "./ranges.ts";
import { MAILBOX_WIDTH, mailboxInfo } from "./sql/mailbox.ts";
import { fetchStatement, mailboxChanges, mailboxIndex, mailboxVanished } from "./sql/read.ts";

/** Places of the columns behind a mailbox's own. */
const UIDS = MAILBOX_WIDTH,
  FLAGS = UIDS + 1,
  MODSEQS = UIDS + 2,
  KEYWORD_UIDS = UIDS + 3,
  KEYWORD_BITS = UIDS + 4;
const LOWS = UIDS + 5, HIGHS = UIDS + 6, FLOOR = UIDS + 7;

/** MailStore.index. */
export async function index(
  context: StoreContext,
  account: AccountId,
  mailbox: MailboxId,
): Promise<Outcome<MailboxIndex>> {
  const rows = await retrying(() => context.door.query(mailboxIndex, account, mailbox));
  if (rows.count === 0) return refused("NONEXISTENT", "No such mailbox");
  return done({
    mailbox: mailboxInfo(rows, 0),
    uids: new Uint32Array(rows.ints(0, UIDS)),
    flags: new Uint8Array(rows.ints(0, FLAGS)),
    modSeqs: rows.ints(0, MODSEQS),
    keywords: keywordMap(rows),
  });
}

/** MailStore.changes. */
export async function changes(
  context: StoreContext,
  account: AccountId,
  mailbox: MailboxId,
  since: ModSeq,
): Promise<Outcome<MailboxChanges>> {
  const rows = await retrying(() => context.door.query(mailboxChanges, account, mailbox, since));
  if (rows.count === 0) return refused("NONEXISTENT", "No such mailbox");
  const uids = rows.ints(0, UIDS), flags = rows.ints(0, FLAGS), modSeqs = rows.ints(0, MODSEQS);
  const keywords = keywordMap(rows);
  const lows = rows.ints(0, LOWS), highs = rows.ints(0, HIGHS);
  const changed: FlagRow[] = [];
  uids.forEach((uid, i) =>
    changed.push({
      uid: uid as Uid,
      flags: flags[i]!,
      keywords: keywords.get(uid) ?? [],
      modSeq: modSeqs[i]! as ModSeq,
    })
  );
  const vanished: [number, number][] = [];
  lows.forEach((low, i) => vanished.push([low, highs[i]!]));
  return done({
    mailbox: mailboxInfo(rows, 0),
    changed,
    vanished: mergeRanges(vanished),
    complete: since >= rows.int(0, FLOOR),
  });
}

/** MailStore.vanished. */
export async function vanished(
  context: StoreContext,
  account: AccountId,
  mailbox: MailboxId,
  since: ModSeq,
): Promise<Outcome<Vanished>> {
  const rows = await retrying(() => context.door.query(mailboxVanished, account, mailbox, since));
  if (rows.count === 0) return refused("NONEXISTENT", "No such mailbox");
  const highs = rows.ints(0, 1);
  const ranges = Array.from(rows.ints(0, 0), (low, i): [number, number] => [low, highs[i]!]);
  return done({ uids: mergeRanges(ranges), complete: since >= rows.int(0, 2) });
}

function keywordMap(rows: Rows): ReadonlyMap<number, readonly number[]> {
  const keywords = new Map<number, readonly number[]>();
  const packed = rows.octets(0, KEYWORD_BITS);
  rows.ints(0, KEYWORD_UIDS).forEach((uid, i) => keywords.set(uid, packedIndexes(packed, i)));
  return keywords;
}

/** Ranges that one statement is given: sets may have many more. */
const RANGES = 1000;
/** Rows of the first batch, and the fewest of any. */
const FIRST_ROWS = 50, FEWEST_ROWS = 8;
/** How much larger the next batch is while they are small. */
const GROWTH = 4;

/** MailStore.fetch. While the caller works on a batch, the next one is on its way. */
export async function* fetch(
  context: StoreContext,
  account: AccountId,
  mailbox: MailboxId,
  uids: UidSet,
  wanted: FetchWanted,
): AsyncGenerator<readonly FetchRow[]> {
  const { fetchRows, fetchOctets } = context.limits;
  const statement = fetchStatement(wanted);
  let limit = Math.min(FIRST_ROWS, fetchRows);
  let after = 0;
  const read = async (): Promise<readonly FetchRow[]> => {
    for (;;) {
      const ranges = rangesAfter(uids, after, RANGES);
      if (ranges.length === 0) return [];
      const { lows, highs } = rangeColumns(ranges);
      const rows = await context.reads.run(
        account,
        () =>
          retrying(() => context.door.query(statement, account, mailbox, lows, highs, limit, fetchOctets)),
      );
      const batch = batchOf(rows);
      const octets = batch[0]?.batch.octets ?? 0;
      // Fewer than asked, and not for their octets: these ranges are done, others may follow.
      const done = batch.length < limit && octets <= fetchOctets;
      after = done ? highs[highs.length - 1]! : batch[batch.length - 1]!.uid;
      if (octets > fetchOctets) limit = Math.max(FEWEST_ROWS, limit >> 1);
      else if (octets < fetchOctets / GROWTH) limit = Math.min(fetchRows, limit * GROWTH);
      if (batch.length > 0) return batch;
    }
  };
  let next = read();
  for (;;) {
    const batch = await next;
    if (batch.length === 0) return;
    next = read();
    // Whoever stops iterating never awaits it.
    next.catch(() => {});
    yield batch;
  }
}
