/**
 * Row-level security: who serves sees the rows of those accounts alone that it named to PostgreSQL before. The owner
 * of the tables sees all.
 */
import { type Kysely, sql } from "kysely";

/** Applies the step; Kysely runs it in one transaction. */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of STATEMENTS) await sql.raw(statement).execute(db);
}

/** What accounts have. Domains, accounts and credentials are the directory's: it looks for them by their names. */
const TABLES = [
  "account_state",
  "acl",
  "annotation",
  "entry",
  "expunged",
  "mailbox",
  "mailbox_garbage",
  "maildrop_lock",
  "message",
  "message_sort",
  "message_text",
  "metadata",
  "subscription",
  "url_key",
];

/**
 * A subquery, so that the setting is read once a statement, not once a row. IS NOT FALSE keeps the comparison from the
 * conditions of indexes: as one, it had PostgreSQL walk through a whole account for one message while there were no
 * statistics. Null (everybody named) is not false.
 */
const NAMED = `(account_id = any ((select named_accounts())::int8[])) is not false`;

const STATEMENTS: readonly string[] = [
  // SQL that PostgreSQL puts into the statement. Nobody named: an empty array. No element of it is ever null.
  `create function named_accounts() returns int8[] language sql stable parallel safe as $$
    select case coalesce(current_setting('malleposte.accounts', true), '')
             when '' then '{}'::int8[]
             when '*' then null
             else array_remove(current_setting('malleposte.accounts', true)::int8[], null) end
  $$`,
  `comment on function named_accounts() is
    'whose rows this session sees, from the setting malleposte.accounts ({7}, {7,9}, * for all); null: everybody''s'`,
  `grant execute on function named_accounts() to public`,
  ...TABLES.flatMap((table) => [
    `alter table ${table} enable row level security`,
    `create policy named on ${table} using (${NAMED})`,
  ]),

  // A view reads with its owner's rights. LIKE is not leakproof, so behind a policy it may not use the trigrams; here
  // the same condition is one of the statement's own.
  `create view searched_text as select * from message_text where ${NAMED} with check option`,
  `comment on view searched_text is 'message_text for SEARCH, of the named accounts alone'`,
  `create view placed_blob as select blob_id from message`,
  `comment on view placed_blob is 'which blobs have messages, whosever: for what places and sweeps octets'`,
  `create view account_use as
    select account_id, used_octets, used_messages, quota_octets, quota_messages from account_state`,
  `comment on view account_use is 'counters and limits of all accounts: for quotas of domains, and RCPT'`,
];
