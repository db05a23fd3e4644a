/**
 * COPY and MOVE. Within an account entries are made and removed, messages and octets stay where they are; to
 * another account see copy_across.ts.
 */
import { ALL_RIGHTS, allowedFlags } from "../core/acl.ts";
import type { AccountId, MailboxId } from "../core/brands.ts";
import { done, type Outcome, refused } from "../core/failure.ts";
import type { Copied, CopyTarget } from "../core/store.ts";
import type { UidSet } from "../core/uidset.ts";
import { keywordIndexes } from "./bits.ts";
import { notice } from "./changes.ts";
import type { StoreContext } from "./context.ts";
import { type CopiedTo, copyAcross } from "./copy_across.ts";
import { retrying } from "./failures.ts";
import { addKeywords } from "./keywords.ts";
import { mailboxName } from "./names.ts";
import { call, type Transaction } from "./pg/door.ts";
import { rangeColumns } from "./ranges.ts";
import { accountState, lockAccount, lockQuotaDomains, moveAccountOn, quotaRoom } from "./sql/account.ts";
import { annotationOctets, annotationsCopied, copyMessageAnnotations } from "./sql/annotation.ts";
import { removeEntries } from "./sql/change.ts";
import { copyEntries, copyScope } from "./sql/copy.ts";
import { mailboxById, mailboxByName, mailboxInfo } from "./sql/mailbox.ts";

/** MailStore.copy. */
export async function copy(
  context: StoreContext,
  account: AccountId,
  from: MailboxId,
  uids: UidSet,
  to: string | CopyTarget,
): Promise<Outcome<Copied>> {
  const target = targetOf(account, to);
  const result = await retrying(() =>
    context.door.transaction((tx) =>
      target.account === account
        ? copyWithin(context, tx, account, from, uids, target, true, target.user ?? account)
        : copyAcross(context, tx, account, from, uids, target)
    )
  );
  if (!result.ok) return result;
  const { mailbox, modSeq, ...copied } = result.value;
  if (copied.sources.length > 0) context.changes.publish([notice(target.account, mailbox, modSeq)]);
  return done(copied);
}

/** MailStore.move. */
export async function move(
  context: StoreContext,
  account: AccountId,
  from: MailboxId,
  uids: UidSet,
  to: string | CopyTarget,
): Promise<Outcome<Copied>> {
  const target = targetOf(account, to);
  const result = await retrying(() =>
    context.door.transaction(async (tx) => {
      const copied = target.account === account
        ? await copyWithin(context, tx, account, from, uids, target, false, target.user ?? account)
        : await copyAcross(context, tx, account, from, uids, target);
      if (!copied.ok || copied.value.sources.length === 0) return copied;
      const { modSeq } = await removeWithin(context, tx, account, from, rangesUpTo(uids, copied.value));
      return done({ ...copied.value, removedModSeq: modSeq });
    })
  );
  if (!result.ok) return result;
  const { mailbox, modSeq, sources, targets, uidValidity } = result.value;
  if (sources.length > 0) {
    const removed = "removedModSeq" in result.value ? result.value.removedModSeq as number : modSeq;
    context.changes.publish([notice(target.account, mailbox, modSeq), notice(account, from, removed)]);
  }
  return done({ uidValidity, sources, targets });
}

/** Everything that a message had goes along. */
function targetOf(account: AccountId, to: string | CopyTarget): CopyTarget {
  return typeof to === "string" ? { account, mailbox: to, allowed: allowedFlags(ALL_RIGHTS) } : to;
}

/** A move within one mailbox must not remove the copies that it just made. */
function rangesUpTo(uids: UidSet, copied: CopiedTo): UidSet {
  const last = copied.sources[copied.sources.length - 1]!;
  return uids.filter(([low]) => low <= last).map(([low, high]) => [low, Math.min(high, last)] as const);
}

/**
 * Copies in a transaction of the caller's, taking the account's lock. TRYCREATE: no such target;
 * OVERQUOTA, unless `counted` is false: what moves takes no more room in the end. Private annotations of `user`
 * are copied (RFC 5257 §4.6), without one those of all users.
 */
export async function copyWithin(
  context: StoreContext,
  tx: Transaction,
  account: AccountId,
  from: MailboxId,
  uids: UidSet,
  to: string | CopyTarget,
  counted: boolean,
  user: AccountId | null,
): Promise<Outcome<CopiedTo>> {
  const { mailbox, allowed, annotates = true } = targetOf(account, to);
  const name = mailboxName(mailbox, context.limits);
  if (!name.ok) return name;
  const { lows, highs } = rangeColumns(uids);
  const [locked, , source, target, scope, room, annotated, annotations] = await tx.run(
    call(lockAccount, account),
    call(lockQuotaDomains, [account]),
    call(mailboxById, account, from),
    call(mailboxByName, account, name.value),
    call(copyScope, account, from, lows, highs),
    call(quotaRoom, account),
    call(annotationsCopied, account, from, lows, highs, user, annotates),
    call(annotationOctets, account),
  );
  const state = accountState(locked!);
  if (state === undefined || source!.count === 0) return refused("NONEXISTENT", "No such mailbox");
  if (target!.count === 0) return refused("TRYCREATE", "No such mailbox");
  const count = scope!.int(0, 0), octets = scope!.int(0, 1);
  const over = !room!.isNull(0, 0) && octets > room!.int(0, 0) ||
    !room!.isNull(0, 1) && count > room!.int(0, 1);
  if (counted && count > 0 && over) return refused("OVERQUOTA", "Quota exceeded");
  const copied = annotated!.int(0, 0);
  if (counted && copied > 0 && annotations!.int(0, 0) + copied > context.limits.annotationTotal) {
    return refused("OVERQUOTA", "Annotations take too much room");
  }

  const there = mailboxInfo(target!, 0);
  const used = allowed.keywords ? keywordIndexes(scope!.bits(0, 2)) : [];
  const names = source!.texts(0, 9);
  const mapped = await addKeywords(
    context,
    tx,
    account,
    there.id,
    there.keywords,
    used.map((i) => names[i]!),
  );
  if (!mapped.ok) return mapped;

  const modSeq = state.modSeq + 1;
  const answer = { mailbox: there.id, uidValidity: there.uidValidity };
  if (count === 0) {
    return done({ ...answer, modSeq: state.modSeq, sources: new Uint32Array(), targets: new Uint32Array() });
  }
  const [rows] = await tx.run(
    call(copyEntries, account, from, lows, highs, there.id, modSeq, used, mapped.value, allowed.flags),
    call(moveAccountOn, account, modSeq, octets, count),
  );
  const sources = new Uint32Array(rows!.ints(0, 0));
  const first = rows!.int(0, 1);
  if (copied > 0) {
    await tx.query(
      copyMessageAnnotations,
      account,
      from,
      rows!.ints(0, 0),
      there.id,
      first,
      modSeq,
      user,
      annotates,
      account,
    );
  }
  return done({ ...answer, modSeq, sources, targets: Uint32Array.from(sources, (_, i) => first + i) });
}

/** Removes messages in a transaction that holds the account's lock, in several statements if they are many. */
export async function removeWithin(
  context: StoreContext,
  tx: Transaction,
  account: AccountId,
  mailbox: MailboxId,
  uids: UidSet,
): Promise<{ readonly modSeq: number }> {
  const { changeRows } = context.limits;
  const { lows, highs } = rangeColumns(uids);
  let modSeq = 0;
  for (let after = 0;;) {
    const rows = await tx.query(removeEntries, account, mailbox, lows, highs, after, changeRows, 0);
    if (!rows.isNull(0, 1)) modSeq = rows.int(0, 1);
    const gone = rows.ints(0, 0);
    if (gone.length < changeRows) return { modSeq };
    after = gone[gone.length - 1]!;
  }
}
