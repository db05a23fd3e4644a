/** GETQUOTA, GETQUOTAROOT, SETQUOTA (RFC 9208 §4.1). */
import { Right } from "../../core/acl.ts";
import type { Identity } from "../../core/auth.ts";
import type { AccountId } from "../../core/brands.ts";
import type { Command } from "../command.ts";
import { quotaLine, type QuotaResource, quotaRootLine } from "../encode/mod.ts";
import { isForeign } from "../namespace.ts";
import { reach } from "../reach.ts";
import { accountOf, type Completion, type Context, failed, no, ok, seekerOf } from "./context.ts";

type Named<Name> = Extract<Command, { readonly name: Name }>;

/** Resources whose limits an administrator sets; those of the others are the server's. */
const SETTABLE: ReadonlySet<string> = new Set(["STORAGE", "MESSAGE"]);

const PREFIX = "#user/";

/** One quota root for all mailboxes of an account. */
function rootOf(cx: Context): string {
  return PREFIX + cx.session.identity!.address;
}

function isAdministrator(cx: Context): boolean {
  const own = cx.session.identity!.address.toLowerCase();
  return (cx.services.limits.administrators ?? []).some((address) => address.toLowerCase() === own);
}

/** Whose root it is: the user's own, or for an administrator anybody's; undefined for no root that is to be seen. */
async function accountFor(cx: Context, root: string): Promise<Identity | undefined> {
  if (root === rootOf(cx)) return cx.session.identity;
  if (!root.startsWith(PREFIX) || !isAdministrator(cx)) return undefined;
  const found = await cx.services.auth.identify(root.slice(PREFIX.length));
  return found?.address === root.slice(PREFIX.length) ? found : undefined;
}

/** What a quota root uses and may use. */
export async function getQuota(cx: Context, command: Named<"GETQUOTA">): Promise<Completion> {
  const owner = await accountFor(cx, command.root);
  if (owner === undefined) return no("No such quota root", { code: "NONEXISTENT" });
  await tellQuota(cx, owner.account, command.root);
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

/** Replaces all limits of a root: those that are not named are lifted (RFC 9208 §4.1.3). Administrators only. */
export async function setQuota(cx: Context, command: Named<"SETQUOTA">): Promise<Completion> {
  const owner = await accountFor(cx, command.root);
  if (owner === undefined) return no("No such quota root", { code: "NONEXISTENT" });
  if (!isAdministrator(cx)) return no("Only an administrator sets limits", { code: "NOPERM" });
  for (const resource of command.limits.keys()) {
    if (!SETTABLE.has(resource)) return no(`The limit of ${resource} cannot be set`, { code: "CANNOT" });
  }
  const units = command.limits.get("STORAGE"), messages = command.limits.get("MESSAGE");
  const octets = units === undefined ? undefined : Math.min(units * 1024, Number.MAX_SAFE_INTEGER);
  const there = await cx.services.store.setQuota(owner.account, { octets, messages });
  if (!there) return no("No such quota root", { code: "NONEXISTENT" });
  await tellQuota(cx, owner.account, command.root);
  return ok("SETQUOTA completed");
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
  const annotations = await store.annotations.use(account);
  add("ANNOTATION-STORAGE", units(annotations.octets), units(annotations.octetLimit));
  quotaLine(cx.out.gather, root, resources, cx.session.mode);
}
