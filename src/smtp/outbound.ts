/** What of a transaction leaves this server, and what its sender is to hear of the rest. */
import type { Identity } from "../core/auth.ts";
import type { MailAddress } from "../core/directory.ts";
import {
  Notify,
  NOTIFY_DEFAULT,
  type Outbound,
  type OutboundRecipient,
  type OutboundSuccess,
} from "../core/outbound.ts";
import type { MailParameters } from "./command.ts";
import type { Contents } from "./inspect.ts";
import { holdUntil, type Recipient, type Transaction } from "./session.ts";

/** What else decides it. */
export interface OutboundFacts {
  readonly identity: Identity | undefined;
  /** True for those whose wishes count: users, and servers that may relay. */
  readonly trusted: boolean;
  /** The session's id. */
  readonly session: string;
  readonly hostname: string;
  readonly contents: Contents;
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** The reverse-path under which forwarded mail goes on, where that is not the sender's. */
  readonly forwarder?: MailAddress | undefined;
  /** It can report what was delivered here. */
  readonly reports: boolean;
}

/** Which recipients get their copy now, and what is queued. */
export interface Plan {
  readonly here: readonly Recipient[];
  readonly outbound: Outbound | undefined;
}

/** All of the message goes by the queue, with those recipients that are ours. */
function waits({ hold, verp }: MailParameters): boolean {
  // It waits for its hour (RFC 4865 §4), or each copy has a return path of its own.
  return hold !== undefined || verp !== undefined;
}

/** True when something of the transaction will be queued. */
export function leaves(transaction: Transaction): boolean {
  return waits(transaction.parameters) ||
    transaction.recipients.some(({ remote }) => remote.length > 0);
}

/** True when a copy stays here at once. */
export function stays(transaction: Transaction): boolean {
  return !waits(transaction.parameters) &&
    transaction.recipients.some(({ targets }) => targets.length > 0);
}

/** The priority that is granted (RFC 6710 §5): nobody jumps the queue whom we do not know. */
export function priorityOf({ priority = 0 }: MailParameters, trusted: boolean): number {
  return trusted ? priority : Math.min(priority, 0);
}

/** The domain of the first recipient that an alias leads elsewhere; undefined where none does. */
export function forwardsThrough(transaction: Transaction): string | undefined {
  const forwarded = transaction.recipients.find(({ path, remote }) =>
    path.address !== undefined && remote.some((address) => address !== textOf(path.address!))
  );
  return forwarded?.path.address?.domain;
}

/** Sorts the recipients. */
export function planOf(transaction: Transaction, facts: OutboundFacts): Plan {
  const { parameters, recipients } = transaction;
  const out = new Map<string, OutboundRecipient>();
  const delivered: OutboundSuccess[] = [];
  const held = waits(parameters);
  for (const recipient of recipients) {
    const { parameters: { notify: asked, originalRecipient }, targets, remote } = recipient;
    const notify = asked ?? NOTIFY_DEFAULT;
    const { local, domain } = recipient.path.address!;
    // RFC 5321 §4.5.1: the postmaster without a domain.
    const address = `${local}@${domain === "" ? facts.hostname.toLowerCase() : domain}`;
    const isOne = targets.length + remote.length === 1;
    if (held) {
      // What several addresses stand behind now is asked again then.
      const elsewhere = isOne ? remote[0] : undefined;
      add(
        out,
        elsewhere === undefined
          ? { address, notify, originalRecipient, here: true }
          : { address: elsewhere, notify, originalRecipient },
      );
      continue;
    }
    // RFC 3461 §5.2.7.3 c: of an address with several behind it we tell that it was expanded, and nobody tells more.
    for (const address of remote) {
      add(out, { address, notify: isOne ? notify : notify & ~Notify.Success, originalRecipient });
    }
    if ((notify & Notify.Success) !== 0 && !(isOne && remote.length === 1)) {
      delivered.push({ address, notify, originalRecipient, action: isOne ? "delivered" : "expanded" });
    }
  }
  const told = facts.reports && transaction.from.address !== undefined ? delivered : [];
  const here = held ? [] : recipients;
  if (out.size === 0 && told.length === 0) return { here, outbound: undefined };
  const envelope = envelopeOf(transaction, facts, [...out.values()]);
  const outbound = { envelope, recipients: [...out.values()] };
  return { here, outbound: told.length === 0 ? outbound : { ...outbound, delivered: told } };
}

/** One copy for one address, however many lead to it: whatever one of them wants to hear is told. */
function add(out: Map<string, OutboundRecipient>, recipient: OutboundRecipient): void {
  const known = out.get(recipient.address);
  out.set(
    recipient.address,
    known === undefined ? recipient : { ...known, notify: known.notify | recipient.notify },
  );
}

function envelopeOf(
  { from, parameters, at }: Transaction,
  { identity, trusted, session, contents, now, forwarder }: OutboundFacts,
  recipients: readonly OutboundRecipient[],
): Outbound["envelope"] {
  const { requireTls, ret, envid, by, solicit, verp } = parameters;
  // What goes on under another name has its recipient in it already (SRS).
  const own = forwarder === undefined ||
    from.address !== undefined && textOf(forwarder) === textOf(from.address);
  const until = holdUntil(parameters.hold, at);
  const utf8 = parameters.smtputf8 && contents.eightBitHeader || isWide(from.address?.local ?? "") ||
    recipients.some(({ address }) => isWide(address.slice(0, address.lastIndexOf("@"))));
  return {
    reversePath: from.address === undefined ? "" : textOf(forwarder ?? from.address),
    body: parameters.body === "BINARYMIME" ? "BINARYMIME" : contents.eightBit ? "8BITMIME" : "7BIT",
    smtputf8: utf8,
    requireTls,
    // RFC 8689 §5: what must be encrypted on its way is not to come back whole.
    ret: requireTls && ret !== undefined ? "headers" : ret,
    envid,
    priority: priorityOf(parameters, trusted),
    holdUntil: until === undefined || until <= now ? undefined : until,
    deliverBy: by === undefined ? undefined : { at: at + by.seconds * 1000, mode: by.mode, trace: by.trace },
    submitter: identity?.account,
    session,
    ...(contents.tlsOptional && !requireTls ? { tlsOptional: true } : {}),
    ...(solicit.length === 0 ? {} : { solicit }),
    ...(verp === undefined || !own ? {} : { verp }),
  };
}

function textOf({ local, domain }: MailAddress): string {
  return `${local}@${domain}`;
}

/** True for text beyond ASCII: a domain can be written otherwise, a local part cannot (RFC 6531 §3.2). */
function isWide(text: string): boolean {
  for (let at = 0; at < text.length; at++) if (text.charCodeAt(at) > 0x7f) return true;
  return false;
}
