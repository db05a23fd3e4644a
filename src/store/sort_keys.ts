/**
 * Keys of SORT and THREAD. They are extracted together with the text for SEARCH (`text.ts`); where that has
 * not come so far yet, SORT reads the headers itself, which is much faster than all the text would be.
 */
import { join } from "../bytes/join.ts";
import type { AccountId, MessageId } from "../core/brands.ts";
import { foldText, type SortKeys, sortKeys } from "../mime/mod.ts";
import type { StoreContext } from "./context.ts";
import { retrying } from "./failures.ts";
import { octets } from "./octets.ts";
import { call, type PgType, statement } from "./pg/door.ts";
import { lockAccount } from "./sql/account.ts";

/** The next messages without keys, and the account's charset. $1 account, $2 rows at most. */
const tail = statement(
  "sort_tail",
  ["int8", "int4"],
  `select m.message_id, m.header_size, (select charset from account_state where account_id = $1)
     from message m
    where m.account_id = $1
      and m.message_id > (select sorted_message_id from account_state where account_id = $1)
    order by m.message_id limit $2`,
);

/** Types of the columns of `sortColumns`. */
export const SORT_COLUMNS: readonly PgType[] = [
  "int8[]",
  "text[]",
  "text[]",
  "text[]",
  "text[]",
  "text[]",
  "text[]",
  "bool[]",
  "timestamptz[]",
  "text[]",
];

/**
 * The part of a statement that keeps keys of account $1; the columns of `sortColumns` are parameters from `from`
 * on. A message that went meanwhile gets none.
 */
export function insertSortKeys(from: number): string {
  const columns = SORT_COLUMNS.map((type, i) => `$${from + i}::${type}`).join(", ");
  return `insert into message_sort (account_id, message_id, sender, recipient, copied, display_sender,
                                    display_recipient, subject, is_reply, sent_at, ids)
    select $1, k.* from unnest(${columns}) as k (message_id, sender, recipient, copied, display_sender,
                                                 display_recipient, subject, is_reply, sent_at, ids)
     where exists (select from message m where m.account_id = $1 and m.message_id = k.message_id)
    on conflict do nothing`;
}

/** Keeps keys and says how far they go, under the account's lock. $1 account, $2 the last message looked at, columns. */
const putKeys = statement(
  "put_sort_keys",
  ["int8", "int8", ...SORT_COLUMNS],
  `with kept as (${insertSortKeys(3)})
   update account_state set sorted_message_id = greatest(sorted_message_id, $2) where account_id = $1`,
);

/** Keys of messages in columns. */
export function sortColumns(ids: readonly number[], keys: readonly SortKeys[]) {
  return [
    ids,
    keys.map((one) => one.from),
    keys.map((one) => one.to),
    keys.map((one) => one.cc),
    keys.map((one) => one.displayFrom),
    keys.map((one) => one.displayTo),
    keys.map((one) => one.subject),
    keys.map((one) => one.isReply),
    keys.map((one) => one.sentAt ?? null),
    keys.map((one) => [one.messageId ?? "-", ...one.references].join(" ").toWellFormed()),
  ] as const;
}

/** Brings an account's keys up to date; false when that takes longer than it may. */
export async function sortKeysOfAll(context: StoreContext, account: AccountId): Promise<boolean> {
  const until = context.world.ticks() + context.limits.searchIndexMs;
  while (await sortKeysOfSome(context, account)) if (context.world.ticks() > until) return false;
  return true;
}

/** Octets of one header that are read: as many as MIME parsing itself looks at. */
const HEADER_OCTETS = 262_144;

async function sortKeysOfSome(context: StoreContext, account: AccountId): Promise<boolean> {
  const rows = await retrying(() => context.door.query(tail, account, context.limits.sortMessages));
  if (rows.count === 0) return false;
  const messages: MessageId[] = [], sizes: number[] = [];
  for (let row = 0; row < rows.count; row++) {
    messages.push(rows.int(row, 0) as MessageId);
    sizes.push(Math.min(rows.int(row, 1), HEADER_OCTETS));
  }
  const fallback = rows.isNull(0, 2) ? context.charset : rows.text(0, 2);
  const ids: number[] = [], keys: SortKeys[] = [];
  // A message that is gone ends the reading: what lies behind it is read anew.
  for (let at = 0; at < messages.length; at++) {
    const ranges = messages.slice(at).map((message, i) => ({ message, start: 0, end: sizes[at + i]! }));
    let pieces: Uint8Array[] = [];
    let whole = 0;
    for await (const piece of octets(context, account, ranges)) {
      pieces.push(piece.octets);
      if (!piece.last) continue;
      ids.push(messages[at + piece.index]!);
      keys.push(sortKeys(pieces.length === 1 ? pieces[0]! : join(pieces), foldText, fallback));
      pieces = [];
      whole = piece.index + 1;
    }
    at += whole;
  }
  const last = messages[messages.length - 1]!;
  await retrying(() =>
    context.door.run(
      call(lockAccount, account),
      call(putKeys, account, last, ...sortColumns(ids, keys)),
    )
  );
  return true;
}
