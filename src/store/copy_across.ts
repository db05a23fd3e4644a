/**
 * COPY to a mailbox of another account: the messages get rows of their own there, with the same octets behind
 * them. One transaction under the locks of both accounts.
 */
import type { AccountId, MailboxId } from "../core/brands.ts";
import { done, type Outcome, refused } from "../core/failure.ts";
import type { Copied, CopyTarget } from "../core/store.ts";
import type { UidSet } from "../core/uidset.ts";
import { keywordIndexes } from "./bits.ts";
import type { StoreContext } from "./context.ts";
import { addKeywords } from "./keywords.ts";
import { mailboxName } from "./names.ts";
import { call, type Transaction } from "./pg/door.ts";
import { rangeColumns } from "./ranges.ts";
import { accountState, lockAccount, lockAccounts, lockQuotaDomains, quotaRoom } from "./sql/account.ts";
import { annotationOctets, annotationsCopied, copyMessageAnnotations } from "./sql/annotation.ts";
import { copyEntriesAcross, copyScope } from "./sql/copy.ts";
import { mailboxById, mailboxByName, mailboxInfo } from "./sql/mailbox.ts";

/** What a copy did, and where. */
export interface CopiedTo extends Copied {
  readonly mailbox: MailboxId;
  readonly modSeq: number;
}

/** Copies in a transaction of the caller's. NONEXISTENT, TRYCREATE: no such target; OVERQUOTA: the target's. */
export async function copyAcross(
  context: StoreContext,
  tx: Transaction,
  account: AccountId,
  from: MailboxId,
  uids: UidSet,
  to: CopyTarget,
): Promise<Outcome<CopiedTo>> {
  const { user = account, annotates = true } = to;
  const name = mailboxName(to.mailbox, context.limits);
  if (!name.ok) return name;
  const { lows, highs } = rangeColumns(uids);
  const [, locked, , source, target, scope, room, annotated, annotations] = await tx.run(
    call(lockAccounts, [account, to.account]),
    call(lockAccount, to.account),
    call(lockQuotaDomains, [to.account]),
    call(mailboxById, account, from),
    call(mailboxByName, to.account, name.value),
    call(copyScope, account, from, lows, highs),
    call(quotaRoom, to.account),
    call(annotationsCopied, account, from, lows, highs, user, annotates),
    call(annotationOctets, to.account),
  );
  const state = accountState(locked!);
  if (state === undefined || source!.count === 0) return refused("NONEXISTENT", "No such mailbox");
  if (target!.count === 0) return refused("TRYCREATE", "No such mailbox");
  const count = scope!.int(0, 0), octets = scope!.int(0, 1);
  const over = !room!.isNull(0, 0) && octets > room!.int(0, 0) ||
    !room!.isNull(0, 1) && count > room!.int(0, 1);
  if (count > 0 && over) return refused("OVERQUOTA", "Quota exceeded");
  const copied = annotated!.int(0, 0);
  if (copied > 0 && annotations!.int(0, 0) + copied > context.limits.annotationTotal) {
    return refused("OVERQUOTA", "Annotations take too much room");
  }

  const there = mailboxInfo(target!, 0);
  const used = to.allowed.keywords ? keywordIndexes(scope!.bits(0, 2)) : [];
  const names = source!.texts(0, 9);
  const asked = used.map((i) => names[i]!);
  const mapped = await addKeywords(context, tx, to.account, there.id, there.keywords, asked);
  if (!mapped.ok) return mapped;

  const answer = { mailbox: there.id, uidValidity: there.uidValidity };
  if (count === 0) {
    return done({ ...answer, modSeq: state.modSeq, sources: new Uint32Array(), targets: new Uint32Array() });
  }
  const modSeq = state.modSeq + 1;
  const rows = await tx.query(
    copyEntriesAcross,
    account,
    from,
    lows,
    highs,
    to.account,
    there.id,
    modSeq,
    used,
    mapped.value,
    to.allowed.flags,
  );
  const sources = new Uint32Array(rows.ints(0, 0));
  const first = rows.int(0, 1);
  if (copied > 0) {
    const [uids, there_] = [rows.ints(0, 0), there.id];
    await tx.query(
      copyMessageAnnotations,
      account,
      from,
      uids,
      there_,
      first,
      modSeq,
      user,
      annotates,
      to.account,
    );
  }
  return done({ ...answer, modSeq, sources, targets: Uint32Array.from(sources, (_, i) => first + i) });
}
