/**
 * What changed in a mailbox is found by a log of ranges rather than by an index on entry.modseq, which had every change of
 * a flag write all indexes of its entry anew.
 */
import { type Kysely, sql } from "kysely";

/** Applies the step; Kysely runs it in one transaction. */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of STATEMENTS) await sql.raw(statement).execute(db);
}

/** The policy of 0014_fence.ts. */
const NAMED = `(account_id = any ((select named_accounts())::int8[])) is not false`;

const STATEMENTS: readonly string[] = [
  `create table changed_range (
    account_id int8 not null,
    mailbox_id int4 not null,
    modseq int8 not null,
    uid_low int8 not null,
    uid_high int8 not null,
    primary key (account_id, mailbox_id, modseq, uid_low)
  )`,
  `comment on table changed_range is
    'messages that got this modseq after they had come are all within these ranges; not all within are such'`,
  `alter table changed_range enable row level security`,
  `create policy named on changed_range using (${NAMED})`,
  `alter table mailbox add column changed_floor int8 not null default 0`,
  `comment on column mailbox.changed_floor is 'changes up to this modseq are not in changed_range'`,
  `update mailbox set changed_floor = highestmodseq`,
  `drop index entry_modseq`,
];
