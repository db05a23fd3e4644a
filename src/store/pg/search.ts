/** SEARCH and SORT: one statement whatever the key, over text and keys that are brought up to date first. */
import { type RawBuilder, sql } from "kysely";
import type { AccountId, MailboxId } from "../../core/brands.ts";
import { done, type Outcome, refused } from "../../core/failure.ts";
import {
  type Comparator,
  COMPARATORS,
  type Relevancy,
  type SearchKey,
  type SortOrder,
} from "../../core/search.ts";
import type { StoreContext } from "../context.ts";
import { exactOrder, isExact, withoutExact } from "../exact.ts";
import { isTimeout, retrying } from "../failures.ts";
import { sortKeysOfAll } from "../sort_keys.ts";
import { annotationNames } from "../sql/annotation.ts";
import { mailboxById, mailboxInfo } from "../sql/mailbox.ts";
import { indexAll } from "../text.ts";
import { queryAs } from "./fence.ts";
import { relevance } from "./fuzzy_sql.ts";
import { asksAnnotations, isWithin, needsOf, searchCondition } from "./search_sql.ts";
import { comparesTexts, needsKeys, ordering } from "./sort_sql.ts";

/** UIDs come packed as int4, less this: their half of the range. */
const UID_OFFSET = 2_147_483_648;

/** MailStore.search. LIMIT: too many keys, or too much to look at in the time that a statement has. */
export function search(
  context: StoreContext,
  account: AccountId,
  mailbox: MailboxId,
  key: SearchKey,
): Promise<Outcome<Uint32Array>> {
  return sort(context, account, mailbox, key, []);
}

/** MailStore.sort. */
export async function sort(
  context: StoreContext,
  account: AccountId,
  mailbox: MailboxId,
  key: SearchKey,
  order: readonly SortOrder[],
  comparator: Comparator = COMPARATORS[0],
): Promise<Outcome<Uint32Array>> {
  if (comparator !== COMPARATORS[0] && comparesTexts(order)) {
    return await sortExactly(context, account, mailbox, key, order, comparator);
  }
  const found = await select(context, account, mailbox, key, order, false);
  return found.ok ? done(found.value.uids) : found;
}

/** MailStore.relevancy. */
export function relevancy(
  context: StoreContext,
  account: AccountId,
  mailbox: MailboxId,
  key: SearchKey,
): Promise<Outcome<Relevancy>> {
  return select(context, account, mailbox, key, [], true);
}

async function sortExactly(
  context: StoreContext,
  account: AccountId,
  mailbox: MailboxId,
  key: SearchKey,
  order: readonly SortOrder[],
  comparator: Comparator,
): Promise<Outcome<Uint32Array>> {
  const scored = order.some(({ by }) => by === "relevancy");
  const found = await select(context, account, mailbox, key, [], scored);
  if (!found.ok) return found;
  const { uids, scores } = found.value;
  const byUid = new Map(scored ? Array.from(uids, (uid, at) => [uid, scores[at]!]) : []);
  return await exactOrder(context, account, mailbox, uids, order, comparator, byUid);
}

/** The statement. Without `scored` there are no scores. */
async function select(
  context: StoreContext,
  account: AccountId,
  mailbox: MailboxId,
  key: SearchKey,
  order: readonly SortOrder[],
  scored: boolean,
): Promise<Outcome<Relevancy>> {
  if (!isWithin(key, context.limits)) return refused("LIMIT", "Search too complex");
  const there = await retrying(() => context.door.query(mailboxById, account, mailbox));
  if (there.count === 0) return refused("NONEXISTENT", "No such mailbox");
  const { keywords, messages } = mailboxInfo(there, 0);
  const needs = needsOf(key), keys = needsKeys(order);
  if (
    needs.text && !await indexAll(context, account) || keys && !await sortKeysOfAll(context, account)
  ) return refused("LIMIT", "The mailbox is still being indexed: try again later");
  if (isExact(key)) {
    const again = (part: SearchKey) => search(context, account, mailbox, part);
    const plain = await withoutExact(context, account, mailbox, key, again);
    if (!plain.ok) return plain;
    key = plain.value;
  }
  const annotations = asksAnnotations(key)
    ? (await retrying(() => context.door.query(annotationNames, account, mailbox))).texts(0, 0)
    : [];
  const rank = relevance(key);
  const ranks = rank !== undefined && (scored || order.some(({ by }) => by === "relevancy"));
  const where = searchCondition(key, {
    now: context.world.now(),
    keywords,
    annotations,
    account,
    mailbox,
    messages,
  });
  const of = (table: RawBuilder<unknown>, alias: RawBuilder<unknown>) =>
    sql`left join ${table} ${alias} on ${alias}.account_id = ${account} and ${alias}.message_id = e.message_id`;
  const score = sql`greatest(1, least(100, round(100 * coalesce(${ranks ? rank : sql`1.0`}, 0))))::int4`;
  const scores = sql`, string_agg(set_byte('\\x00'::bytea, 0, ${score}), ''::bytea order by e.uid) as scores`;
  const query = sql<{ readonly uids: Uint8Array | null; readonly scores?: Uint8Array | null }>`
    select string_agg(int4send((e.uid - ${UID_OFFSET}::int8)::int4), ''::bytea
                      order by ${ordering(order, rank)}e.uid) as uids ${scored ? scores : sql``}
      from entry e
      ${needs.message ? of(sql`message`, sql`m`) : sql``}
      ${ranks ? of(sql`searched_text`, sql`t`) : sql``}
      ${keys ? of(sql`message_sort`, sql`k`) : sql``}
     where e.account_id = ${account} and e.mailbox_id = ${mailbox} and ${where}`;
  try {
    const rows = await retrying(async () => {
      try {
        return await queryAs(context.database, account, query);
      } catch (thrown) {
        if (isTimeout(thrown)) return undefined;
        throw thrown;
      }
    });
    if (rows === undefined) return refused("LIMIT", "Search takes too long");
    const none = new Uint8Array(0);
    return done({ uids: unpack(rows[0]?.uids ?? none), scores: rows[0]?.scores ?? none });
  } catch (thrown) {
    if (isTooDeep(thrown)) return refused("LIMIT", "Search too complex");
    throw thrown;
  }
}

/** statement_too_complex: PostgreSQL's own stack limit. */
function isTooDeep(thrown: unknown): boolean {
  return thrown instanceof Error && (thrown as { code?: unknown }).code === "54001";
}

function unpack(packed: Uint8Array): Uint32Array {
  const view = new DataView(packed.buffer, packed.byteOffset, packed.byteLength);
  return Uint32Array.from({ length: packed.length / 4 }, (_, i) => view.getInt32(i * 4) + UID_OFFSET);
}
