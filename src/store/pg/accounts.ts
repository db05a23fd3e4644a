/** The rows that belong to an account as a whole; the directory makes and removes accounts with these. */
import { sql, type Transaction } from "kysely";
import type { Database } from "./database.ts";
import type { Tables } from "./tables.ts";

/** Mailboxes of a new account, with their RFC 6154 use. */
const FIRST_MAILBOXES: readonly (readonly [name: string, use: string | null])[] = [
  ["INBOX", null],
  ["Archive", "\\Archive"],
  ["Drafts", "\\Drafts"],
  ["Junk", "\\Junk"],
  ["Sent", "\\Sent"],
  ["Trash", "\\Trash"],
];

/** Limits of an account; none where left out. */
export interface AccountQuota {
  readonly octets?: number | undefined;
  readonly messages?: number | undefined;
}

/**
 * Makes an account's state and its first mailboxes, subscribed; `bare`: INBOX alone. Part of the caller's
 * transaction.
 */
export async function insertAccountState(
  trx: Transaction<Tables>,
  accountId: number,
  quota?: AccountQuota,
  mailboxes: "usual" | "bare" = "usual",
): Promise<void> {
  const names = mailboxes === "usual" ? FIRST_MAILBOXES : FIRST_MAILBOXES.slice(0, 1);
  const count = names.length;
  const state = await trx.insertInto("account_state").values({
    account_id: accountId,
    next_mailbox_id: count + 1,
    next_uidvalidity: sql<number>`extract(epoch from now())::int8 + ${sql.lit(count)}`,
    quota_octets: quota?.octets ?? null,
    quota_messages: quota?.messages ?? null,
  }).returning("next_uidvalidity").executeTakeFirstOrThrow();
  const first = state.next_uidvalidity - count;
  await trx.insertInto("mailbox").values(names.map(([name, use], i) => ({
    account_id: accountId,
    mailbox_id: i + 1,
    name,
    uidvalidity: first + i,
    special_use: use,
  }))).execute();
  await trx.insertInto("subscription")
    .values(names.map(([name]) => ({ account_id: accountId, name }))).execute();
}

/** Sets or lifts an account's limits. Returns false when there is no such account. */
export async function setAccountQuota(
  db: Database,
  accountId: number,
  quota: AccountQuota,
): Promise<boolean> {
  const result = await db.updateTable("account_state").set({
    quota_octets: quota.octets ?? null,
    quota_messages: quota.messages ?? null,
  }).where("account_id", "=", accountId).executeTakeFirst();
  return result.numUpdatedRows > 0n;
}

/** Rows that one statement of `deleteAccountRows` removes. */
const DELETE_ROWS = 2000;

/**
 * Removes everything an account has, in batches, its state first: from then on nothing can be written to it.
 * May be run again after a failure. Octets are left to the sweep.
 */
export async function deleteAccountRows(db: Database, accountId: number): Promise<void> {
  await db.deleteFrom("account_state").where("account_id", "=", accountId).execute();
  const tables = [
    "mailbox",
    "mailbox_garbage",
    "metadata",
    "acl",
    "referral",
    "subscription",
    "maildrop_lock",
    "url_key",
  ] as const;
  for (const table of tables) await db.deleteFrom(table).where("account_id", "=", accountId).execute();
  await forgetRights(db, accountId);
  for (
    const table of [
      "entry",
      "annotation",
      "changed_range",
      "expunged",
      "message_garbage",
      "message_sort",
      "message_text",
    ] as const
  ) {
    await inBatches(() =>
      sql`delete from ${sql.table(table)} where ctid = any (array(
        select ctid from ${sql.table(table)} where account_id = ${accountId} limit ${DELETE_ROWS}))`.execute(
        db,
      )
    );
  }
  await inBatches(() =>
    sql`with gone as (
        delete from message where ctid = any (array(
          select ctid from message where account_id = ${accountId} limit ${DELETE_ROWS})) returning blob_id
      ), freed as (
        insert into blob_garbage (blob_id) select distinct blob_id from gone order by blob_id
          on conflict (blob_id) do update set freed_at = excluded.freed_at
      ) select 1 from gone`.execute(db)
  );
}

/** Takes back what an account may do in others' mailboxes: another one may get its address. */
async function forgetRights(db: Database, accountId: number): Promise<void> {
  const account = await db.selectFrom("account").select(["local_part", "domain"])
    .where("account_id", "=", accountId).executeTakeFirst();
  if (account === undefined) return;
  const address = `${account.local_part}@${account.domain}`;
  await db.transaction().execute(async (trx) => {
    // Under the owners' locks, in their order, as every writer.
    await sql`select from account_state where account_id = any (array(
      select account_id from acl where identifier = any (${[address, `-${address}`]}::text[])
    )) order by account_id for update`.execute(trx);
    await trx.deleteFrom("acl").where("identifier", "in", [address, `-${address}`]).execute();
  });
}

/** Repeats a statement until it finds nothing more. */
async function inBatches(
  work: () => Promise<{ readonly numAffectedRows?: bigint; readonly rows: readonly unknown[] }>,
): Promise<void> {
  for (;;) {
    const result = await work();
    if (Number(result.numAffectedRows ?? 0n) === 0 && result.rows.length === 0) return;
  }
}
