import type { Identity } from "../core/auth.ts";
import type { Directory, LocalTarget, MailAddress } from "../core/directory.ts";
import { REPLIES, type Reply } from "./reply.ts";

/** What the directory says of a recipient, as the protocol needs it. */
export type Resolved =
  | { readonly ok: true; readonly targets: readonly LocalTarget[] }
  | { readonly ok: false; readonly reason: string; readonly reply: Reply };

/**
 * Finds the mailboxes of a recipient. `size` is what the sender announced. An authenticated client is told why
 * mail to others does not work here; a stranger is told that we are no relay.
 *
 * @throws Unavailable
 */
export async function resolveRecipient(
  directory: Directory,
  address: MailAddress,
  size: number,
  known: boolean,
): Promise<Resolved> {
  const found = await directory.resolve(address, size);
  switch (found.kind) {
    case "local":
      return found.targets.length > 0
        ? { ok: true, targets: found.targets }
        : { ok: false, reason: "unknown", reply: REPLIES.unknownRecipient };
    case "foreign":
      return { ok: false, reason: "foreign", reply: known ? REPLIES.noOutbound : REPLIES.relayDenied };
    case "unknown":
      return { ok: false, reason: "unknown", reply: REPLIES.unknownRecipient };
    case "disabled":
      return { ok: false, reason: "disabled", reply: REPLIES.disabled };
    case "over-quota":
      return { ok: false, reason: "over-quota", reply: REPLIES.overQuota };
    case "loop":
      return { ok: false, reason: "loop", reply: REPLIES.aliasLoop };
    default:
      return found satisfies never;
  }
}

/**
 * May this user send as that address? Yes, if its mail comes to the user: the account's own address, an alias,
 * a list with the user on it, `user+detail`. The null sender is everybody's (RFC 6409 §6.1 lets a server check).
 *
 * @throws Unavailable
 */
export async function ownsSender(
  directory: Directory,
  identity: Identity,
  sender: MailAddress | undefined,
): Promise<boolean> {
  if (sender === undefined || `${sender.local}@${sender.domain}` === identity.address) return true;
  const found = await directory.resolve(sender, 0);
  return found.kind === "local" && found.targets.some(({ account }) => account === identity.account);
}
