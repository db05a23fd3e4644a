/** REPLACE (RFC 8508): a delivery and a removal that are one. */
import type { MailboxId, ModSeq, Uid } from "../core/brands.ts";
import { done, type Outcome, refused, Unavailable } from "../core/failure.ts";
import type { DeliveryTarget, MailStore, Placed, StagedMessage } from "../core/store.ts";
import { notice } from "./changes.ts";
import type { StoreContext } from "./context.ts";
import { retrying } from "./failures.ts";
import { annotateCalls, type Job, messageColumns, type Target, targetColumns } from "./job.ts";
import { checkKeywords, ensureKeywords } from "./keywords.ts";
import { Message, pieceColumns } from "./message.ts";
import { mailboxName } from "./names.ts";
import { call, type Rows } from "./pg/door.ts";
import { lockAccounts, lockQuotaDomains } from "./sql/account.ts";
import { removeEntries } from "./sql/change.ts";
import { deliver, putOctets, Status } from "./sql/deliver.ts";

/** The message that goes. */
type Replaced = Parameters<MailStore["replace"]>[2];

/** MailStore.replace. */
export async function replace(
  context: StoreContext,
  message: StagedMessage,
  to: DeliveryTarget,
  replaced: Replaced,
): Promise<Outcome<Placed>> {
  if (!(message instanceof Message)) throw new TypeError("Cannot deliver a message of another store");
  const name = mailboxName(to.mailbox, context.limits);
  if (!name.ok) return name;
  const keywords = checkKeywords(to.keywords ?? [], context.limits);
  if (!keywords.ok) return keywords;
  if (keywords.value.length > 0) {
    const made = await ensureKeywords(context, to.account, name.value, keywords.value);
    if (!made.ok) return made;
  }
  const target: Target = {
    item: 0,
    message,
    account: to.account,
    name: name.value,
    keywords: keywords.value.length > 0 ? keywords.value.join(" ").toLowerCase() : null,
    wanted: to,
    outcome: undefined,
    lost: false,
  };
  try {
    const { placed, removedModSeq } = await retrying(() => replaceWithin(context, target, replaced));
    message.fate = "delivered";
    context.changes.publish([
      notice(replaced.account, replaced.mailbox, removedModSeq),
      notice(to.account, placed.mailbox, placed.modSeq),
    ]);
    return done(placed);
  } catch (thrown) {
    if (thrown instanceof Refusal) return thrown.outcome;
    if (thrown instanceof Unavailable) message.fate = "unknown";
    throw thrown;
  }
}

type Refused = Extract<Outcome<never>, { readonly ok: false }>;

/** Undoes the transaction. */
class Refusal extends Error {
  constructor(readonly outcome: Refused) {
    super("refused");
  }
}

/** The removal comes first, so that its room may be used again. */
async function replaceWithin(
  context: StoreContext,
  target: Target,
  replaced: Replaced,
): Promise<{ readonly placed: Placed; readonly removedModSeq: number }> {
  const { account, message } = target;
  const uid = [replaced.uid];
  const job: Job = {
    targets: [target],
    parcels: [],
    along: [],
    atomic: true,
    messages: 1,
    octets: 0,
    resolve: () => {},
    reject: () => {},
  };
  return await context.door.transaction(async (tx) => {
    const [, , removed, rows] = await tx.run(
      call(lockAccounts, [account, replaced.account]),
      call(lockQuotaDomains, [account]),
      call(removeEntries, replaced.account, replaced.mailbox, uid, uid, 0, 1, 0),
      call(deliver, ...targetColumns([job], [message], context.world.now()), ...messageColumns([message])),
      ...annotateCalls([target]),
    );
    if (removed!.isNull(0, 1)) throw new Refusal(refused("EXPUNGEISSUED", "The message is gone"));
    const placed = placedBy(rows!);
    if (message.pieces !== undefined) await tx.query(putOctets, ...pieceColumns([message]));
    return { placed, removedModSeq: removed!.int(0, 1) };
  });
}

function placedBy(rows: Rows): Placed {
  if (!rows.isNull(0, 3)) {
    return {
      mailbox: rows.int(0, 1) as MailboxId,
      uidValidity: rows.int(0, 2),
      uid: rows.int(0, 3) as Uid,
      modSeq: rows.int(0, 4) as ModSeq,
    };
  }
  switch (rows.int(0, 0)) {
    case Status.NoAccount:
      throw new Refusal(refused("NONEXISTENT", "No such account"));
    case Status.NoMailbox:
      throw new Refusal(refused("TRYCREATE", "No such mailbox"));
    case Status.OverQuota:
      throw new Refusal(refused("OVERQUOTA", "Quota exceeded"));
    case Status.NotStaged:
      throw new Unavailable("Cannot deliver: the staged octets are gone");
    default:
      // A keyword that was there a moment ago: the mailbox was made anew meanwhile.
      throw new Unavailable("Cannot deliver: the mailbox changes too fast");
  }
}
