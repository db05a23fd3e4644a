/** GETQUOTA, GETQUOTAROOT, SETQUOTA (RFC 9208 §4.1). */
import { Right } from "../../core/acl.ts";
import type { AccountId } from "../../core/brands.ts";
import type { Command } from "../command.ts";
import { quotaLine, type QuotaResource, quotaRootLine } from "../encode/mod.ts";
import { isForeign } from "../namespace.ts";
import { reach } from "../reach.ts";
import { accountOf, type Completion, type Context, failed, no, ok, seekerOf } from "./context.ts";

type Named<Name> = Extract<Command, { readonly name: Name }>;

/** One quota root for all mailboxes of an account. */
function rootOf(cx: Context): string {
  return `#user/${cx.session.identity!.address}`;
}

/** What a quota root uses and may use. */
export async function getQuota(cx: Context, command: Named<"GETQUOTA">): Promise<Completion> {
  if (command.root !== rootOf(cx)) return no("No such quota root", { code: "NONEXISTENT" });
  await tellQuota(cx, accountOf(cx), rootOf(cx));
  return ok("GETQUOTA completed");
}

/**
 * The quota root of a mailbox, which need not exist if it would be one's own (RFC 9208 §4.1.2). What is put into
 * another's mailbox counts there, so whoever may read it hears how much room is left.
 */
export async function getQuotaRoot(cx: Context, command: Named<"GETQUOTAROOT">): Promise<Completion> {
  let account = accountOf(cx), root = rootOf(cx), name = command.mailbox;
  if (isForeign(command.mailbox)) {
    const found = await reach(seekerOf(cx), command.mailbox, Right.Read);
    if (!found.ok) return failed(found.failure);
    ({ account, name } = found.value);
    root = `#user/${found.value.owner}`;
  }
  quotaRootLine(cx.out.gather, name, root, cx.session.mode);
  await tellQuota(cx, account, root);
  return ok("GETQUOTAROOT completed");
}

/** Limits are the administrator's: QUOTASET is not announced. */
export function setQuota(cx: Context, command: Named<"SETQUOTA">): Completion {
  return command.root === rootOf(cx)
    ? no("Only an administrator sets limits", { code: "NOPERM" })
    : no("No such quota root", { code: "NONEXISTENT" });
}

async function tellQuota(cx: Context, account: AccountId, root: string): Promise<void> {
  const { store } = cx.services;
  const use = await store.quota(account);
  const mailboxes = await store.mailboxes(account);
  const resources: QuotaResource[] = [];
  const add = (name: QuotaResource["name"], usage: number, limit: number | undefined) => {
    if (limit !== undefined) resources.push({ name, usage, limit });
  };
  // RFC 9208 §5.1: in units of 1024 octets, begun ones counted on both sides.
  const units = (octets: number) => Math.ceil(octets / 1024);
  add("STORAGE", units(use.octets), use.octetLimit === undefined ? undefined : units(use.octetLimit));
  add("MESSAGE", use.messages, use.messageLimit);
  add("MAILBOX", mailboxes.length, use.mailboxLimit);
  quotaLine(cx.out.gather, root, resources, cx.session.mode);
}
