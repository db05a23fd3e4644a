/** Mailboxes: look up, make, remove, subscribe. */
import type { AccountId, MailboxId } from "../core/brands.ts";
import { done, type Outcome, refused } from "../core/failure.ts";
import type { MailboxInfo } from "../core/store.ts";
import { notice } from "./changes.ts";
import type { StoreContext } from "./context.ts";
import { retrying } from "./failures.ts";
import { mailboxName, parentNames } from "./names.ts";
import { call, type Transaction } from "./pg/door.ts";
import { type AccountState, accountState, advanceModSeq, lockAccount, moveAccountOn } from "./sql/account.ts";
import { forgetAcl, inheritAcl } from "./sql/acl.ts";
import { dropEntries, dropHistory } from "./sql/change.ts";
import * as sql from "./sql/mailbox.ts";
import { forgetAnnotations } from "./sql/metadata.ts";
import { forgetUrlKeys } from "./sql/url_key.ts";

/** Messages that DELETE removes at once; of larger mailboxes the sweep removes them. */
const DELETE_AT_ONCE = 500;

/** MailStore.mailboxes. */
export async function mailboxes(context: StoreContext, account: AccountId): Promise<readonly MailboxInfo[]> {
  const rows = await retrying(() => context.door.query(sql.allMailboxes, account));
  return Array.from({ length: rows.count }, (_, row) => sql.mailboxInfo(rows, row));
}

/** MailStore.mailbox. */
export async function mailbox(
  context: StoreContext,
  account: AccountId,
  name: string,
): Promise<MailboxInfo | undefined> {
  const checked = mailboxName(name, context.limits);
  if (!checked.ok) return undefined;
  const rows = await retrying(() => context.door.query(sql.mailboxByName, account, checked.value));
  return rows.count === 0 ? undefined : sql.mailboxInfo(rows, 0);
}

/** MailStore.createMailbox. */
export async function createMailbox(
  context: StoreContext,
  account: AccountId,
  name: string,
  specialUse?: string,
): Promise<Outcome<MailboxInfo>> {
  const checked = mailboxName(name, context.limits);
  if (!checked.ok) return checked;
  const made = await makeMailbox(context, account, checked.value, specialUse);
  if (!made.ok) return made;
  if (!made.value.fresh) return refused("ALREADYEXISTS", "Mailbox exists");
  return done(made.value.info);
}

/** Sees that a mailbox exists; its name is checked already. */
export async function createMissing(
  context: StoreContext,
  account: AccountId,
  name: string,
): Promise<Outcome<void>> {
  const made = await makeMailbox(context, account, name, undefined);
  return made.ok ? done(undefined) : made;
}

async function makeMailbox(
  context: StoreContext,
  account: AccountId,
  name: string,
  specialUse: string | undefined,
): Promise<Outcome<{ readonly info: MailboxInfo; readonly fresh: boolean }>> {
  const result = await retrying(() =>
    context.door.transaction(async (tx) => {
      const [locked, there] = await tx.run(
        call(lockAccount, account),
        call(sql.mailboxByName, account, name),
      );
      const state = accountState(locked!);
      if (state === undefined) return refused("NONEXISTENT", "No such account");
      if (there!.count > 0) {
        return done({ info: sql.mailboxInfo(there!, 0), fresh: false, modSeq: state.modSeq });
      }
      const added = await addMailboxes(context, tx, account, state, [...parentNames(name), name], specialUse);
      if (!added.ok) return added;
      const rows = await tx.query(sql.mailboxByName, account, name);
      return done({ info: sql.mailboxInfo(rows, 0), fresh: true, modSeq: added.value.modSeq });
    })
  );
  if (result.ok && result.value.fresh) {
    context.changes.publish([notice(account, undefined, result.value.modSeq)]);
  }
  return result;
}

/**
 * Makes those of some mailboxes that are missing, in a transaction that holds the account's lock; gives the
 * account's state after it. `specialUse` is the last one's. LIMIT: too many mailboxes.
 */
export async function addMailboxes(
  context: StoreContext,
  tx: Transaction,
  account: AccountId,
  state: AccountState,
  names: readonly string[],
  specialUse: string | undefined,
): Promise<Outcome<AccountState>> {
  const rows = await tx.query(sql.mailboxNames, account);
  const there = new Set(Array.from({ length: rows.count }, (_, row) => rows.text(row, 0)));
  const missing = names.filter((name) => !there.has(name));
  if (missing.length === 0) return done(state);
  if (there.size + missing.length > context.limits.mailboxes) return refused("LIMIT", "Too many mailboxes");
  const last = names[names.length - 1];
  const heirs = missing.map((name, i) => ({ id: state.nextMailboxId + i, parent: nearest(name, there) }))
    .filter(({ parent }) => parent !== undefined);
  const next: AccountState = {
    modSeq: state.modSeq + 1,
    nextMailboxId: state.nextMailboxId + missing.length,
    nextUidValidity: state.nextUidValidity + missing.length,
  };
  await tx.run(
    call(
      sql.insertMailboxes,
      account,
      missing.map((_, i) => state.nextMailboxId + i),
      missing,
      missing.map((_, i) => state.nextUidValidity + i),
      missing.map((name) => name === last ? specialUse ?? null : null),
      next.modSeq,
    ),
    call(sql.advanceMailboxIds, account, next.modSeq, next.nextMailboxId, next.nextUidValidity),
    ...(heirs.length === 0
      ? []
      : [call(inheritAcl, account, heirs.map(({ id }) => id), heirs.map(({ parent }) => parent!))]),
  );
  return done(next);
}

/** The nearest of a mailbox's parents that is there. */
function nearest(name: string, there: ReadonlySet<string>): string | undefined {
  return parentNames(name).findLast((parent) => there.has(parent));
}

/** MailStore.deleteMailbox. */
export async function deleteMailbox(
  context: StoreContext,
  account: AccountId,
  name: string,
): Promise<Outcome<void>> {
  const checked = mailboxName(name, context.limits);
  if (!checked.ok) return refused("NONEXISTENT", "No such mailbox");
  if (checked.value === "INBOX") return refused("CANNOT", "INBOX cannot be deleted");
  const result = await retrying(() =>
    context.door.transaction(async (tx) => {
      const [locked, deleted] = await tx.run(
        call(lockAccount, account),
        call(sql.deleteMailbox, account, checked.value),
      );
      const state = accountState(locked!);
      if (state === undefined || deleted!.count === 0) return refused("NONEXISTENT", "No such mailbox");
      const id = deleted!.int(0, 0), messages = deleted!.int(0, 1), octets = deleted!.int(0, 2);
      const modSeq = state.modSeq + 1;
      const rest = messages > DELETE_AT_ONCE
        ? [call(sql.discardMailbox, account, id)]
        : [call(dropEntries, account, id, DELETE_AT_ONCE), call(dropHistory, account, id)];
      await tx.run(
        call(moveAccountOn, account, modSeq, -octets, -messages),
        call(forgetAnnotations, account, id),
        call(forgetUrlKeys, account, id),
        call(forgetAcl, account, id),
        ...rest,
      );
      return done({ id: id as MailboxId, modSeq });
    })
  );
  if (!result.ok) return result;
  const { id, modSeq } = result.value;
  context.changes.publish([notice(account, id, modSeq), notice(account, undefined, modSeq)]);
  return done(undefined);
}

/** MailStore.subscribe. */
export async function subscribe(
  context: StoreContext,
  account: AccountId,
  name: string,
  subscribed: boolean,
): Promise<Outcome<void>> {
  const checked = mailboxName(name, context.limits);
  if (!checked.ok) return checked;
  const { subscriptions } = context.limits;
  const change = subscribed
    ? call(sql.subscribe, account, checked.value, subscriptions)
    : call(sql.unsubscribe, account, checked.value);
  const [locked, changed, advanced] = await retrying(() =>
    context.door.run(call(lockAccount, account), change, call(advanceModSeq, account))
  );
  if (locked!.count === 0) return refused("NONEXISTENT", "No such account");
  context.changes.publish([notice(account, undefined, advanced!.int(0, 0))]);
  return !subscribed || changed!.bool(0, 0) ? done(undefined) : refused("LIMIT", "Too many subscriptions");
}

/** MailStore.subscriptions. */
export async function subscriptions(context: StoreContext, account: AccountId): Promise<readonly string[]> {
  const rows = await retrying(() => context.door.query(sql.subscriptions, account));
  return Array.from({ length: rows.count }, (_, row) => rows.text(row, 0));
}
