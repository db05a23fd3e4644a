/** SEARCH and SORT: one statement whatever the key, over text and keys that are brought up to date first. */
import { type RawBuilder, sql } from "kysely";
import type { AccountId, MailboxId } from "../../core/brands.ts";
import { done, type Outcome, refused } from "../../core/failure.ts";
import type { SearchKey, SortOrder } from "../../core/search.ts";
import type { StoreContext } from "../context.ts";
import { isTimeout, retrying } from "../failures.ts";
import { keywordsOf } from "../keywords.ts";
import { sortKeysOfAll } from "../sort_keys.ts";
import { asksAnnotations, condition, isWithin, needsOf } from "./search_sql.ts";
import { needsKeys, ordering } from "./sort_sql.ts";
import { annotationNames } from "../sql/annotation.ts";
import { mailboxKeywords } from "../sql/change.ts";
import { indexAll } from "../text.ts";

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
): Promise<Outcome<Uint32Array>> {
  if (!isWithin(key, context.limits)) return refused("LIMIT", "Search too complex");
  const keywords = keywordsOf(await retrying(() => context.door.query(mailboxKeywords, account, mailbox)));
  if (keywords === undefined) return refused("NONEXISTENT", "No such mailbox");
  const needs = needsOf(key), keys = needsKeys(order);
  if (
    needs.text && !await indexAll(context, account) || keys && !await sortKeysOfAll(context, account)
  ) return refused("LIMIT", "The mailbox is still being indexed: try again later");
  const annotations = asksAnnotations(key)
    ? (await retrying(() => context.door.query(annotationNames, account, mailbox))).texts(0, 0)
    : [];
  const where = condition(key, { now: context.world.now(), keywords, annotations });
  const of = (table: RawBuilder<unknown>, alias: RawBuilder<unknown>) =>
    sql`left join ${table} ${alias} on ${alias}.account_id = ${account} and ${alias}.message_id = e.message_id`;
  const query = sql<{ readonly uids: Uint8Array | null }>`
    select string_agg(int4send((e.uid - ${UID_OFFSET}::int8)::int4), ''::bytea
                      order by ${ordering(order)}e.uid) as uids
      from entry e
      ${needs.message ? of(sql`message`, sql`m`) : sql``}
      ${needs.text ? of(sql`message_text`, sql`t`) : sql``}
      ${keys ? of(sql`message_sort`, sql`k`) : sql``}
     where e.account_id = ${account} and e.mailbox_id = ${mailbox} and ${where}`;
  try {
    const { rows } = await retrying(async () => {
      try {
        return await query.execute(context.database);
      } catch (thrown) {
        if (isTimeout(thrown)) return { rows: undefined };
        throw thrown;
      }
    });
    if (rows === undefined) return refused("LIMIT", "Search takes too long");
    return done(unpack(rows[0]?.uids ?? new Uint8Array(0)));
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
