/** RENAME, with inferiors; INBOX gives its messages away and stays (RFC 9051 §6.3.6). */
import type { AccountId, MailboxId } from "../core/brands.ts";
import { done, type Outcome, refused } from "../core/failure.ts";
import { type ChangeNotice, SEPARATOR } from "../core/store.ts";
import { notice } from "./changes.ts";
import type { StoreContext } from "./context.ts";
import { copyWithin, removeWithin } from "./copy.ts";
import { retrying } from "./failures.ts";
import { addMailboxes } from "./mailboxes.ts";
import { mailboxName, parentNames } from "./names.ts";
import { call, type Transaction } from "./pg/door.ts";
import { accountState, lockAccount, moveAccountOn } from "./sql/account.ts";
import { mailboxByName, mailboxNames, renameMailboxes } from "./sql/mailbox.ts";
import { copyAnnotations } from "./sql/metadata.ts";
import { ALL_UIDS } from "./ranges.ts";

/** MailStore.renameMailbox. */
export async function renameMailbox(
  context: StoreContext,
  account: AccountId,
  from: string,
  to: string,
): Promise<Outcome<void>> {
  const source = mailboxName(from, context.limits), target = mailboxName(to, context.limits);
  if (!source.ok) return refused("NONEXISTENT", "No such mailbox");
  if (!target.ok) return target;
  const work = source.value === "INBOX" ? giveInboxAway : giveNames;
  const result = await retrying(async () => {
    // A refusal found after the first write must undo that write.
    try {
      return await context.door.transaction(async (tx) => {
        const outcome = await work(context, tx, account, source.value, target.value);
        if (!outcome.ok) throw new Refusal(outcome);
        return outcome;
      });
    } catch (thrown) {
      if (thrown instanceof Refusal) return thrown.outcome;
      throw thrown;
    }
  });
  if (!result.ok) return result;
  context.changes.publish(result.value);
  return done(undefined);
}

type Refused = Extract<Outcome<never>, { readonly ok: false }>;

class Refusal extends Error {
  constructor(readonly outcome: Refused) {
    super("refused");
  }
}

async function giveNames(
  context: StoreContext,
  tx: Transaction,
  account: AccountId,
  from: string,
  to: string,
): Promise<Outcome<readonly ChangeNotice[]>> {
  const [locked, rows] = await tx.run(call(lockAccount, account), call(mailboxNames, account));
  const state = accountState(locked!);
  if (state === undefined) return refused("NONEXISTENT", "No such account");
  const names = new Set(Array.from({ length: rows!.count }, (_, row) => rows!.text(row, 0)));
  const moving = [...names].filter((name) => name === from || name.startsWith(from + SEPARATOR));
  if (moving.length === 0) return refused("NONEXISTENT", "No such mailbox");
  if (names.has(to)) return refused("ALREADYEXISTS", "Mailbox exists");
  if (to.startsWith(from + SEPARATOR)) return refused("CANNOT", "A mailbox cannot become its own inferior");
  for (const name of moving) {
    const renamed = mailboxName(to + name.slice(from.length), context.limits);
    if (!renamed.ok) return renamed;
    if (names.has(renamed.value)) return refused("ALREADYEXISTS", "An inferior mailbox exists");
  }
  const parents = await addMailboxes(context, tx, account, state, parentNames(to), undefined);
  if (!parents.ok) return parents;
  const modSeq = parents.value.modSeq + 1;
  await tx.run(call(renameMailboxes, account, from, to), call(moveAccountOn, account, modSeq, 0, 0));
  return done([notice(account, undefined, modSeq)]);
}

async function giveInboxAway(
  context: StoreContext,
  tx: Transaction,
  account: AccountId,
  from: string,
  to: string,
): Promise<Outcome<readonly ChangeNotice[]>> {
  const [locked, inbox, there] = await tx.run(
    call(lockAccount, account),
    call(mailboxByName, account, from),
    call(mailboxByName, account, to),
  );
  const state = accountState(locked!);
  if (state === undefined || inbox!.count === 0) return refused("NONEXISTENT", "No such mailbox");
  if (there!.count > 0) return refused("ALREADYEXISTS", "Mailbox exists");
  const made = await addMailboxes(context, tx, account, state, [...parentNames(to), to], undefined);
  if (!made.ok) return made;
  const id = inbox!.int(0, 0) as MailboxId;
  const copied = await copyWithin(context, tx, account, id, ALL_UIDS, to, false, null);
  if (!copied.ok) return copied;
  const removed = await removeWithin(context, tx, account, id, ALL_UIDS);
  // RFC 5464 §4.1: INBOX keeps its annotations, and the new mailbox gets them as well.
  await tx.query(copyAnnotations, account, id, copied.value.mailbox);
  const modSeq = Math.max(removed.modSeq, copied.value.modSeq);
  return done([
    notice(account, undefined, modSeq),
    notice(account, id, removed.modSeq),
    notice(account, copied.value.mailbox, copied.value.modSeq),
  ]);
}
