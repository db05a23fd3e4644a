/**
 * The text that SEARCH looks at: header fields decoded, names of attachments, text parts decoded and stripped
 * of markup, all case-folded. It is extracted after delivery, in the order of message ids;
 * `indexed_message_id` says how far.
 */
import type { AccountId, MessageId } from "../core/brands.ts";
import type { OctetPiece, OctetRange } from "../core/store.ts";
import {
  attachmentNames,
  foldText,
  headerText,
  type Part,
  partText,
  searchParts,
  type SortKeys,
  sortKeys,
  unpackParts,
} from "../mime/mod.ts";
import type { StoreContext } from "./context.ts";
import { retrying } from "./failures.ts";
import { octets } from "./octets.ts";
import { call, statement } from "./pg/door.ts";
import { join } from "../bytes/join.ts";
import { filterOf } from "./text_filter.ts";
import { insertSortKeys, SORT_COLUMNS, sortColumns } from "./sort_keys.ts";

/** A message up to this size is read whole, in one question with others; of a larger one the parts that matter. */
const WHOLE_OCTETS = 65_536;

/**
 * The next messages without text, with the octets of the small ones and the account's charset. $1 account, $2 rows at
 * most.
 */
const tail = statement(
  "text_tail",
  ["int8", "int4"],
  `select m.message_id, m.header_size, m.structure,
          case when m.size <= ${WHOLE_OCTETS}
               then (select c.octets from blob_chunk c where c.blob_id = m.blob_id and c.seq = 0) end,
          (select charset from account_state where account_id = $1)
     from message m
    where m.account_id = $1
      and m.message_id > (select indexed_message_id from account_state where account_id = $1)
    order by m.message_id limit $2`,
);

/**
 * Keeps text and says how far it goes, under the account's lock: a message that went meanwhile gets none.
 * $1 account, a column each: $2 message, $3 header, $4 body, $5 its filter; $6 the last message looked at; the columns
 * of `sortColumns`; then messages of the account from which on text has trigrams. Keys go as far as text, unless messages from before there were keys are still without.
 */
const putText = statement(
  "put_text",
  ["int8", "int8[]", "text[]", "text[]", "bytea[]", "int8", ...SORT_COLUMNS, "int8"],
  `with texted as (
    insert into message_text (account_id, message_id, header, body, body_filter, grams)
    select $1, t.message_id, t.header, t.body, t.body_filter,
           (select used_messages > $${7 + SORT_COLUMNS.length} from account_state where account_id = $1)
      from unnest($2::int8[], $3::text[], $4::text[], $5::bytea[]) as t (message_id, header, body, body_filter)
     where exists (select from message m where m.account_id = $1 and m.message_id = t.message_id)
    on conflict do nothing
  ), sorted as (${insertSortKeys(7)})
  update account_state
     set indexed_message_id = greatest(indexed_message_id, $6),
         sorted_message_id = case when sorted_message_id >= indexed_message_id
                                  then greatest(sorted_message_id, $6) else sorted_message_id end
   where account_id = $1`,
);

const lockOnly = statement(
  "lock_for_text",
  ["int8"],
  `select 1 from account_state where account_id = $1 for update`,
);

/** Locks an account that has more messages than $2 and text without trigrams; of others it reads two index entries. */
const lockForGrams = statement(
  "lock_for_grams",
  ["int8", "int8"],
  `select 1 from account_state s where account_id = $1 and used_messages > $2
      and exists (select from message_text t where t.account_id = s.account_id and not t.grams)
      for update`,
);

/** Gives text of an account trigrams. $1 account, $2 messages as above, $3 rows at most. */
const addGrams = statement(
  "add_grams",
  ["int8", "int8", "int4"],
  `update message_text set grams = true where ctid = any (array(
    select t.ctid from account_state s join message_text t using (account_id)
     where s.account_id = $1 and s.used_messages > $2 and not t.grams limit $3))`,
);

/** Characters of text that go into one transaction. */
const BATCH_CHARACTERS = 4_194_304;

/** Extracts the text of the next messages; false when there were none. */
export async function indexSome(context: StoreContext, account: AccountId): Promise<boolean> {
  const rows = await retrying(() => context.door.query(tail, account, context.limits.textMessages));
  if (rows.count === 0) return false;
  const ids: number[] = [], headers: string[] = [], bodies: string[] = [], keys: SortKeys[] = [];
  let characters = 0, last = 0;
  for (let row = 0; row < rows.count && characters < BATCH_CHARACTERS; row++) {
    const message = rows.int(row, 0) as MessageId;
    const whole = rows.isNull(row, 3) ? undefined : rows.octets(row, 3);
    const fallback = rows.isNull(row, 4) ? context.charset : rows.text(row, 4);
    const reading = { fold: foldText, fallback };
    const text = await textOf(
      context,
      account,
      message,
      rows.int(row, 1),
      rows.octets(row, 2),
      whole,
      reading,
    );
    last = message;
    if (text === undefined) continue;
    ids.push(message);
    headers.push(text.header);
    bodies.push(text.body);
    keys.push(text.keys);
    characters += text.header.length + text.body.length;
  }
  await retrying(() =>
    context.door.run(
      call(lockOnly, account),
      call(
        putText,
        account,
        ids,
        headers,
        bodies,
        bodies.map(filterOf),
        last,
        ...sortColumns(ids, keys),
        context.limits.searchGramsFrom,
      ),
    )
  );
  return true;
}

/**
 * Gives text of a large account the trigrams that it did not get when the account was small, or when there were none;
 * false when all of it has them.
 */
export async function gramSome({ door, limits }: StoreContext, account: AccountId): Promise<boolean> {
  const from = limits.searchGramsFrom;
  const [, added] = await retrying(() =>
    door.run(call(lockForGrams, account, from), call(addGrams, account, from, limits.textMessages))
  );
  return added!.affected > 0;
}

/** Brings an account's text up to date; false when that takes longer than it may. */
export async function indexAll(context: StoreContext, account: AccountId): Promise<boolean> {
  const until = context.world.ticks() + context.limits.searchIndexMs;
  while (await indexSome(context, account)) if (context.world.ticks() > until) return false;
  return true;
}

/** How texts are read. */
export interface Reading {
  /** Makes texts equal that are to be compared as equal. */
  readonly fold: (text: string) => string;
  /** The charset of 8-bit text that declares none and is no UTF-8. */
  readonly fallback: string;
}

/** The searchable text of one message, whose octets are read unless `whole` has them; undefined when it is gone. */
export async function textOf(
  context: StoreContext,
  account: AccountId,
  message: MessageId,
  headerSize: number,
  structure: Uint8Array,
  whole: Uint8Array | undefined,
  { fold, fallback }: Reading,
): Promise<{ readonly header: string; readonly body: string; readonly keys: SortKeys } | undefined> {
  const { textPartOctets, textCharacters } = context.limits;
  const root = unpackParts(structure);
  const wanted: { readonly part: Part; readonly start: number; readonly end: number }[] = [
    ...searchParts(root),
  ];
  const ranges: OctetRange[] = [{ message, start: 0, end: headerSize }];
  for (const { start, end } of wanted) {
    ranges.push({ message, start, end: Math.min(end, start + textPartOctets) });
  }
  let header: string | undefined, keys: SortKeys | undefined;
  let body = searchable(attachmentNames(root, fallback), fold).slice(0, textCharacters);
  let pieces: Uint8Array[] = [];
  for await (const piece of whole === undefined ? octets(context, account, ranges) : cut(whole, ranges)) {
    pieces.push(piece.octets);
    if (!piece.last) continue;
    const range = pieces.length === 1 ? pieces[0]! : join(pieces);
    pieces = [];
    if (piece.index === 0) {
      header = searchable(headerText(range, fallback), fold);
      keys = sortKeys(range, fold, fallback);
    } else {
      const { part } = wanted[piece.index - 1]!;
      body += searchable(partText(part, range, { fallback }), fold).slice(0, textCharacters) + "\n";
    }
    if (body.length >= textCharacters) break;
  }
  if (header === undefined || keys === undefined) return undefined;
  return { header, body: body.slice(0, textCharacters).toWellFormed(), keys };
}

/** Ranges of octets that are at hand. */
function* cut(whole: Uint8Array, ranges: readonly OctetRange[]): Generator<OctetPiece> {
  for (const [index, { start, end }] of ranges.entries()) {
    yield { index, octets: whole.subarray(start, end), last: true };
  }
}

/** Case-folded, without what PostgreSQL's text cannot hold (NUL, lone surrogates). */
export function searchable(text: string, fold: (text: string) => string = foldText): string {
  return fold(text).replaceAll("\0", "\ufffd").toWellFormed();
}
