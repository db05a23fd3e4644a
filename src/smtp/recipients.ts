import type { Identity } from "../core/auth.ts";
import type { Directory, LocalTarget, MailAddress } from "../core/directory.ts";
import type { SmtpPolicy } from "./policy.ts";
import { REPLIES, type Reply } from "./reply.ts";

/** What the directory says of a recipient, as the protocol needs it. */
export type Resolved =
  | { readonly ok: true; readonly targets: readonly LocalTarget[]; readonly remote: readonly string[] }
  | Refused;

interface Refused {
  readonly ok: false;
  readonly reason: string;
  readonly reply: Reply;
}

/** Who asks for a recipient, and for what. */
export interface Asker {
  /** The size that the sender announced. */
  readonly size: number;
  /** Authenticated: told why mail to others does not work here; a stranger is told that we are no relay. */
  readonly known: boolean;
  /** Mail to other servers can be sent at all. */
  readonly queue: boolean;
  /** The peer's address. */
  readonly remote: string;
  readonly policy: SmtpPolicy;
}

/**
 * Finds where a recipient's mail goes: mailboxes here, other servers by an alias, or, for those who may, another
 * server because it is no domain of ours.
 *
 * @throws Unavailable
 */
export async function resolveRecipient(
  directory: Directory,
  address: MailAddress,
  asker: Asker,
): Promise<Resolved> {
  const found = await directory.resolve(address, asker.size);
  switch (found.kind) {
    case "local":
      if (found.remote.length > 0 && !asker.queue) {
        return { ok: false, reason: "foreign", reply: REPLIES.noOutbound };
      }
      return found.targets.length > 0 || found.remote.length > 0
        ? { ok: true, targets: found.targets, remote: found.remote }
        : { ok: false, reason: "unknown", reply: REPLIES.unknownRecipient };
    case "foreign": {
      const refusal = relayRefusal(address, found.domain, asker);
      if (refusal !== undefined) return { ok: false, reason: "foreign", reply: refusal };
      return { ok: true, targets: [], remote: [`${address.local}@${found.domain}`] };
    }
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

/** Why mail for somebody elsewhere is not taken, if it is not. */
function relayRefusal(
  { local }: MailAddress,
  domain: string | undefined,
  { known, queue, remote, policy }: Asker,
): Reply | undefined {
  if (known || policy.relays(remote)) {
    if (!queue) return REPLIES.noOutbound;
    return domain === undefined ? REPLIES.noLiteral : undefined;
  }
  if (domain === undefined || !queue || !policy.backupMx.has(domain)) return REPLIES.relayDenied;
  // The server that we stand in for may trust us, and take what these stand for as the way onward.
  return /[%!@]/.test(local) ? REPLIES.sourceRoute : undefined;
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
