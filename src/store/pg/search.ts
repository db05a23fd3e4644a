/** SEARCH: one statement whatever the key, over text that is brought up to date first. */
import { sql } from "kysely";
import type { AccountId, MailboxId } from "../../core/brands.ts";
import { done, type Outcome, refused } from "../../core/failure.ts";
import type { SearchKey } from "../../core/search.ts";
import type { StoreContext } from "../context.ts";
import { isTimeout, retrying } from "../failures.ts";
import { keywordsOf } from "../keywords.ts";
import { condition, isWithin, needsOf } from "./search_sql.ts";
import { mailboxKeywords } from "../sql/change.ts";
import { indexAll } from "../text.ts";

/** UIDs come packed as int4, less this: their half of the range. */
const UID_OFFSET = 2_147_483_648;

/** MailStore.search. LIMIT: too many keys, or too much to look at in the time that a statement has. */
export async function search(
  context: StoreContext,
  account: AccountId,
  mailbox: MailboxId,
  key: SearchKey,
): Promise<Outcome<Uint32Array>> {
  if (!isWithin(key, context.limits)) return refused("LIMIT", "Search too complex");
  const keywords = keywordsOf(await retrying(() => context.door.query(mailboxKeywords, account, mailbox)));
  if (keywords === undefined) return refused("NONEXISTENT", "No such mailbox");
  const needs = needsOf(key);
  if (needs.text && !await indexAll(context, account)) {
    return refused("LIMIT", "The mailbox is still being indexed: try again later");
  }
  const where = condition(key, { now: context.world.now(), keywords });
  const query = sql<{ readonly uids: Uint8Array | null }>`
    select string_agg(int4send((e.uid - ${UID_OFFSET}::int8)::int4), ''::bytea order by e.uid) as uids
      from entry e
      ${
    needs.message ? sql`join message m on m.account_id = ${account} and m.message_id = e.message_id` : sql``
  }
      ${
    needs.text
      ? sql`left join message_text t on t.account_id = ${account} and t.message_id = e.message_id`
      : sql``
  }
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
