/** STORE: changes flags and keywords. */
import type { AccountId, MailboxId, ModSeq, Uid } from "../core/brands.ts";
import { done, type Outcome, refused } from "../core/failure.ts";
import type { FlagChange, FlagRow } from "../core/store.ts";
import { rangesOf, type UidSet } from "../core/uidset.ts";
import { keywordBits, keywordIndexes } from "./bits.ts";
import { notice } from "./changes.ts";
import type { StoreContext } from "./context.ts";
import { retrying } from "./failures.ts";
import type { FlagLane } from "./flag_lane.ts";
import { keywordIndexesIn } from "./keywords.ts";
import { call } from "./pg/door.ts";
import { rangeColumns } from "./ranges.ts";
import { lockAccount } from "./sql/account.ts";
import { FlagOp, mailboxKeywords, setFlags as changeFlags } from "./sql/change.ts";
import { relaxCommit } from "./sql/relax.ts";

/** The bits of Flag; others in a change are left out. */
const ALL_FLAGS = 31;

/**
 * MailStore.setFlags. Large sets take several transactions: a reader may see some messages changed before
 * others, as STORE allows.
 */
export async function setFlags(
  context: StoreContext,
  lane: FlagLane,
  account: AccountId,
  mailbox: MailboxId,
  uids: UidSet,
  change: FlagChange,
): Promise<Outcome<{ readonly changed: readonly FlagRow[]; readonly modified: UidSet }>> {
  const { changeRows } = context.limits;
  let bits = keywordBits([]);
  const allowed = change.allowed ?? { flags: ALL_FLAGS, keywords: true };
  const flags = change.flags & allowed.flags & ALL_FLAGS;
  if (change.keywords.length > 0 && allowed.keywords) {
    const found = await keywordIndexesIn(context, account, mailbox, change.keywords, change.op !== "remove");
    if (!found.ok) return found;
    bits = keywordBits(found.value);
  }
  const { lows, highs } = rangeColumns(uids);
  const changed: FlagRow[] = [];
  const modified: number[] = [];
  const op = FlagOp[change.op === "replace" && !allowed.keywords ? "replaceFlagsOnly" : change.op];
  const rest = [op, flags, bits, change.unchangedSince ?? null, allowed.flags] as const;
  const one = lows.length === 1 && lows[0] === highs[0] ? lows[0]! : undefined;
  for (let after = 0;;) {
    const rows = one === undefined
      ? (await retrying(() =>
        context.door.run(
          ...(context.relaxedFlags ? [call(relaxCommit)] : []),
          call(lockAccount, account),
          call(changeFlags, account, mailbox, lows, highs, after, changeRows, ...rest),
        )
      )).at(-1)!
      : await lane.change(account, mailbox, one, ...rest);
    // Nothing was found to change: only then it is asked why.
    if (rows.count === 0 && after === 0 && !await isThere(context, account, mailbox)) {
      return refused("NONEXISTENT", "No such mailbox");
    }
    const written: FlagRow[] = [];
    for (let row = 0; row < rows.count; row++) {
      const uid = rows.int(row, 0) as Uid;
      after = uid;
      if (rows.bool(row, 4)) {
        modified.push(uid);
        continue;
      }
      const now = {
        uid,
        flags: rows.int(row, 1),
        keywords: keywordIndexes(rows.bits(row, 2)),
        modSeq: rows.int(row, 3) as ModSeq,
      };
      changed.push(now);
      if (rows.bool(row, 5)) written.push(now);
    }
    const newest = written[0]?.modSeq;
    if (newest !== undefined) {
      context.changes.publish([{
        ...notice(account, mailbox, newest),
        flags: { after: newest - 1 as ModSeq, rows: written },
      }]);
    }
    if (one !== undefined || rows.count < changeRows) return done({ changed, modified: rangesOf(modified) });
  }
}

async function isThere({ door }: StoreContext, account: AccountId, mailbox: MailboxId): Promise<boolean> {
  return (await retrying(() => door.query(mailboxKeywords, account, mailbox))).count > 0;
}
