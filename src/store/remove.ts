/** EXPUNGE and its kin: takes messages out of a mailbox. */
import type { AccountId, MailboxId, ModSeq } from "../core/brands.ts";
import { done, type Outcome, refused } from "../core/failure.ts";
import { Flag } from "../core/store.ts";
import { rangesOf, type UidSet } from "../core/uidset.ts";
import { notice } from "./changes.ts";
import type { StoreContext } from "./context.ts";
import { retrying } from "./failures.ts";
import { call } from "./pg/door.ts";
import { ALL_UIDS, rangeColumns } from "./ranges.ts";
import { lockAccount } from "./sql/account.ts";
import { mailboxKeywords, removeEntries } from "./sql/change.ts";

type Removed = Outcome<{ readonly removed: UidSet; readonly modSeq: ModSeq }>;

/** MailStore.expunge. */
export function expunge(
  context: StoreContext,
  account: AccountId,
  mailbox: MailboxId,
  uids: UidSet | "all",
): Promise<Removed> {
  return removeWith(context, account, mailbox, uids === "all" ? ALL_UIDS : uids, Flag.Deleted);
}

/** MailStore.remove. */
export function remove(
  context: StoreContext,
  account: AccountId,
  mailbox: MailboxId,
  uids: UidSet,
): Promise<Removed> {
  return removeWith(context, account, mailbox, uids, 0);
}

/** Removes messages that have some flags; large sets take several transactions. */
async function removeWith(
  context: StoreContext,
  account: AccountId,
  mailbox: MailboxId,
  uids: UidSet,
  flags: number,
): Promise<Removed> {
  const { changeRows } = context.limits;
  const { lows, highs } = rangeColumns(uids);
  const removed: number[] = [];
  let modSeq: number | undefined;
  for (let after = 0;;) {
    const [, known, rows] = await retrying(() =>
      context.door.run(
        call(lockAccount, account),
        call(mailboxKeywords, account, mailbox),
        call(removeEntries, account, mailbox, lows, highs, after, changeRows, flags),
      )
    );
    if (known!.count === 0) return refused("NONEXISTENT", "No such mailbox");
    const gone = rows!.ints(0, 0);
    for (const uid of gone) removed.push(uid);
    if (!rows!.isNull(0, 1)) {
      modSeq = rows!.int(0, 1);
      context.changes.publish([notice(account, mailbox, modSeq)]);
    }
    modSeq ??= known!.int(0, 1);
    if (gone.length < changeRows) return done({ removed: rangesOf(removed), modSeq: modSeq as ModSeq });
    after = gone[gone.length - 1]!;
  }
}
