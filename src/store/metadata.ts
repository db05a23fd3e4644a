/** Annotations of mailboxes, and of the server as one account sees it (RFC 5464). */
import type { AccountId, MailboxId } from "../core/brands.ts";
import { done, type Outcome, refused } from "../core/failure.ts";
import type { Annotation, AnnotationDepth } from "../core/store.ts";
import { notice } from "./changes.ts";
import type { StoreContext } from "./context.ts";
import { retrying } from "./failures.ts";
import { call } from "./pg/door.ts";
import { accountState, advanceModSeq, lockAccount } from "./sql/account.ts";
import { mailboxById, touchMailbox } from "./sql/mailbox.ts";
import { annotations, dropAnnotations, putAnnotations, usedAnnotations } from "./sql/metadata.ts";

/** What stands for the server in the column `mailbox_id`. */
const SERVER = 0;

/** MailStore.metadata. */
export async function metadata(
  context: StoreContext,
  account: AccountId,
  of: MailboxId | "server" | "all",
  entries: readonly string[],
  depth: AnnotationDepth,
): Promise<readonly Annotation[]> {
  const mailbox = of === "all" ? null : of === "server" ? SERVER : of;
  const levels = depth === "infinity" ? 2 : depth;
  const rows = await retrying(() => context.door.query(annotations, account, mailbox, entries, levels));
  return Array.from({ length: rows.count }, (_, row) => {
    const id = rows.int(row, 0);
    return {
      mailbox: id === SERVER ? undefined : id as MailboxId,
      entry: rows.text(row, 1),
      value: rows.octets(row, 2),
    };
  });
}

/** MailStore.setMetadata. */
export async function setMetadata(
  context: StoreContext,
  account: AccountId,
  of: MailboxId | "server",
  changes: ReadonlyMap<string, Uint8Array | null>,
): Promise<Outcome<void>> {
  const { metadataOctets, metadataEntries, metadataTotal } = context.limits;
  const mailbox = of === "server" ? SERVER : of;
  const gone: string[] = [], names: string[] = [], values: Uint8Array[] = [];
  for (const [entry, value] of changes) {
    if (value === null) gone.push(entry);
    else if (value.length > metadataOctets) return refused("TOOBIG", "The annotation is too large");
    else {
      names.push(entry);
      values.push(value);
    }
  }
  try {
    const modSeq = await retrying(() =>
      context.door.transaction(async (tx) => {
        const [locked, there, , , used] = await tx.run(
          call(lockAccount, account),
          call(mailboxById, account, mailbox),
          call(dropAnnotations, account, mailbox, [...gone, ...names]),
          call(putAnnotations, account, mailbox, names, values),
          call(usedAnnotations, account, mailbox),
        );
        if (accountState(locked!) === undefined || of !== "server" && there!.count === 0) {
          throw new Refusal(refused("NONEXISTENT", "No such mailbox"));
        }
        const tooMany = used!.int(0, 0) > metadataEntries || used!.int(0, 1) > metadataTotal;
        // Whoever only takes away may do so, even where limits were set lower meanwhile.
        if (tooMany && names.length > 0) throw new Refusal(refused("LIMIT", "Too many annotations"));
        // RFC 7162 §3.2: annotations have no mod-sequence of their own, but move their mailbox's on.
        const [advanced] = await tx.run(call(advanceModSeq, account));
        const modSeq = advanced!.int(0, 0);
        if (of !== "server") await tx.run(call(touchMailbox, account, of, modSeq));
        return modSeq;
      })
    );
    context.changes.publish([notice(account, of === "server" ? undefined : of, modSeq)]);
    return done(undefined);
  } catch (thrown) {
    if (thrown instanceof Refusal) return thrown.outcome;
    throw thrown;
  }
}

/** Undoes the transaction. */
class Refusal extends Error {
  constructor(readonly outcome: Extract<Outcome<never>, { readonly ok: false }>) {
    super("refused");
  }
}
