/** Mailboxes of others, and the lists that open them (RFC 4314). */
import { type AclEntry, formatRights, identifiersOf, rightsBy } from "../core/acl.ts";
import type { Identity } from "../core/auth.ts";
import type { AccountId, MailboxId } from "../core/brands.ts";
import { done, type Outcome, refused } from "../core/failure.ts";
import { EVERYBODY, type SharedMailbox } from "../core/store.ts";
import { notice } from "./changes.ts";
import type { StoreContext } from "./context.ts";
import { retrying } from "./failures.ts";
import { mailboxName } from "./names.ts";
import { call } from "./pg/door.ts";
import { advanceModSeq, lockAccount } from "./sql/account.ts";
import * as sql from "./sql/acl.ts";
import { mailboxById } from "./sql/mailbox.ts";

/** MailStore.sharedMailboxes. */
export async function sharedMailboxes(
  context: StoreContext,
  to: Identity,
): Promise<readonly SharedMailbox[]> {
  const most = context.limits.sharedMailboxes;
  const rows = await retrying(() =>
    context.door.query(sql.sharedMailboxes, identifiersOf(to.address), to.account, most)
  );
  return Array.from({ length: rows.count }, (_, row) => sql.sharedMailbox(rows, row));
}

/** MailStore.sharedMailbox. */
export async function sharedMailbox(
  context: StoreContext,
  to: Identity,
  owner: string,
  names: readonly string[],
): Promise<SharedMailbox | undefined> {
  const checked = names.map((name) => mailboxName(name, context.limits))
    .flatMap((name) => name.ok ? [name.value] : []);
  if (checked.length === 0) return undefined;
  const [local, domain] = partsOf(owner);
  const rows = await retrying(() =>
    context.door.query(sql.sharedMailboxByName, local, domain, checked, identifiersOf(to.address))
  );
  return rows.count === 0 ? undefined : sql.sharedMailbox(rows, 0);
}

/** MailStore.rights. */
export async function rights(
  context: StoreContext,
  to: Identity,
  account: AccountId,
  mailbox: MailboxId,
): Promise<number> {
  const rows = await retrying(() =>
    context.door.query(sql.rightsOf, account, mailbox, identifiersOf(to.address))
  );
  return rightsBy(sql.aclEntries(rows, 0, 0));
}

/** MailStore.acl. */
export async function acl(
  context: StoreContext,
  account: AccountId,
  mailbox: MailboxId,
): Promise<readonly AclEntry[]> {
  const rows = await retrying(() => context.door.query(sql.aclOf, account, mailbox));
  return sql.aclEntries(rows, 0, 0);
}

/** MailStore.setAcl. */
export async function setAcl(
  context: StoreContext,
  account: AccountId,
  mailbox: MailboxId,
  { identifier, rights }: AclEntry,
  op: "add" | "remove" | "replace",
): Promise<Outcome<void>> {
  const address = identifier.startsWith("-") ? identifier.slice(1) : identifier;
  const [local, domain] = partsOf(address);
  const result = await retrying(() =>
    context.door.transaction(async (tx) => {
      const [, there, grantee, list] = await tx.run(
        call(lockAccount, account),
        call(mailboxById, account, mailbox),
        call(sql.accountByAddress, local, domain),
        call(sql.aclOf, account, mailbox),
      );
      if (there!.count === 0) return refused("NONEXISTENT", "No such mailbox");
      const entries = sql.aclEntries(list!, 0, 0);
      const had = entries.find((entry) => entry.identifier === identifier);
      const before = had?.rights ?? 0;
      const after = op === "add" ? before | rights : op === "remove" ? before & ~rights : rights;
      const isSomebody = local === "" || grantee!.count > 0;
      if (after !== 0 && !isSomebody) return refused("NONEXISTENT", "No such account");
      if (after !== 0 && had === undefined && entries.length >= context.limits.aclEntries) {
        return refused("LIMIT", "The mailbox has too many entries in its access control list");
      }
      const [, advanced] = await tx.run(
        after === 0
          ? call(sql.dropAclEntry, account, mailbox, identifier)
          : call(sql.putAclEntry, account, mailbox, identifier, formatRights(after)),
        call(advanceModSeq, account),
      );
      const to = local === "" ? EVERYBODY : grantee!.count > 0 ? grantee!.int(0, 0) as AccountId : undefined;
      return done({ modSeq: advanced!.int(0, 0), to });
    })
  );
  if (!result.ok) return result;
  const { modSeq, to } = result.value;
  // Those who may see the mailbox now, or no longer, watch accounts of their own; 1 is news to nobody's count.
  const others = to === undefined ? [] : [notice(to, undefined, 1)];
  context.changes.publish([notice(account, undefined, modSeq), ...others]);
  return done(undefined);
}

/** `local@domain`; the local part may hold an `@`, and is empty where a whole domain is meant. */
function partsOf(address: string): readonly [local: string, domain: string] {
  const at = address.lastIndexOf("@");
  return [address.slice(0, Math.max(0, at)), address.slice(at + 1)];
}
