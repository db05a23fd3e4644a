/** What THREAD reads of messages. */
import type { AccountId, MailboxId } from "../core/brands.ts";
import { done, type Outcome, refused } from "../core/failure.ts";
import { type Comparator, COMPARATORS, type ThreadRow } from "../core/search.ts";
import type { UidSet } from "../core/uidset.ts";
import type { StoreContext } from "./context.ts";
import { exactSortKeys } from "./exact.ts";
import { retrying } from "./failures.ts";
import { statement } from "./pg/door.ts";
import { rangeColumns, rangesAfter } from "./ranges.ts";
import { sortKeysOfAll } from "./sort_keys.ts";

/** Ascending by UID. $1 account, $2 mailbox, $3 and $4 ranges, $5 rows at most. */
const threadRowsOf = statement(
  "thread_rows",
  ["int8", "int4", "int8[]", "int8[]", "int4"],
  `select e.uid, coalesce(k.sent_at, e.internal_date), k.subject, k.is_reply, k.ids
     from (
       select e.* from unnest($3::int8[], $4::int8[]) as r (low, high)
        cross join lateral (
          select uid, message_id, internal_date from entry
           where account_id = $1 and mailbox_id = $2 and uid between r.low and r.high
           order by uid limit $5
        ) e
        order by e.uid limit $5
     ) e
     join message_sort k on k.account_id = $1 and k.message_id = e.message_id
    where exists (select from mailbox b where b.account_id = $1 and b.mailbox_id = $2)
    order by e.uid`,
);

const RANGES = 1000, ROWS = 5000;

/** MailStore.threadRows. */
export async function threadRows(
  context: StoreContext,
  account: AccountId,
  mailbox: MailboxId,
  uids: UidSet,
  comparator: Comparator = COMPARATORS[0],
): Promise<Outcome<readonly ThreadRow[]>> {
  const rows = await foldedRows(context, account, mailbox, uids);
  if (comparator === COMPARATORS[0] || !rows.ok) return rows;
  const exact = await exactSortKeys(context, account, mailbox, uids, comparator);
  if (!exact.ok) return exact;
  return done(
    rows.value.filter(({ uid }) => exact.value.has(uid)).map((row) => ({
      ...row,
      subject: exact.value.get(row.uid)!.keys.subject,
    })),
  );
}

async function foldedRows(
  context: StoreContext,
  account: AccountId,
  mailbox: MailboxId,
  uids: UidSet,
): Promise<Outcome<readonly ThreadRow[]>> {
  if (!await sortKeysOfAll(context, account)) {
    return refused("LIMIT", "The mailbox is still being indexed: try again later");
  }
  const found: ThreadRow[] = [];
  for (let after = 0;;) {
    const ranges = rangesAfter(uids, after, RANGES);
    if (ranges.length === 0) return done(found);
    const { lows, highs } = rangeColumns(ranges);
    const rows = await retrying(() => context.door.query(threadRowsOf, account, mailbox, lows, highs, ROWS));
    // A message that came after its keys were looked for is not among those that were asked for.
    after = rows.count < ROWS ? highs[highs.length - 1]! : rows.int(rows.count - 1, 0);
    for (let row = 0; row < rows.count; row++) {
      const [messageId, ...references] = rows.text(row, 4).split(" ");
      found.push({
        uid: rows.int(row, 0),
        sentAt: rows.time(row, 1),
        subject: rows.text(row, 2),
        isReply: rows.bool(row, 3),
        messageId: messageId === "-" ? undefined : messageId,
        references,
      });
    }
    if (found.length > context.limits.threadMessages) return refused("LIMIT", "Too many messages to thread");
  }
}
