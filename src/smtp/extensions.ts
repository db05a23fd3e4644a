import type { Identity } from "../core/auth.ts";
import type { OutboundDoor } from "../core/outbound.ts";
import type { AuthorizedUrls } from "../core/urlauth.ts";
import { PEER_ATTRIBUTES } from "./grammar/peer.ts";
import type { SmtpLimits } from "./limits.ts";
import type { Role } from "./session.ts";

/** What decides which extensions a client is offered. */
export interface Offer {
  readonly role: Role;
  readonly limits: SmtpLimits;
  /** STARTTLS could be done now. */
  readonly startTls: boolean;
  /** Mechanisms that could be used now; empty once somebody has authenticated. */
  readonly mechanisms: readonly string[];
  readonly secure: boolean;
  readonly identity: Identity | undefined;
  /** The peer itself, whoever it says it speaks for. */
  readonly peer: string;
  readonly queue: OutboundDoor | undefined;
  readonly urls: AuthorizedUrls | undefined;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/** A service extension (RFC 5321 §2.2). */
interface Extension {
  readonly keyword: string;
  readonly rfc: string;
  /** What stands behind the keyword in EHLO's reply, "" for nothing; undefined: not offered now. */
  readonly offer: (offer: Offer) => string | undefined;
}

const always = () => "";
const when = (condition: boolean) => condition ? "" : undefined;

/** What concerns mail that goes on: those who speak LMTP do that themselves. */
const relaying = ({ role, queue }: Offer) => when(role !== "lmtp" && queue !== undefined);

const administrator = ({ identity, limits }: Offer) =>
  when(identity !== undefined && limits.policy.administrators.has(identity.address));

/** What EHLO and LHLO announce, in this order. */
export const EXTENSIONS: readonly Extension[] = [
  { keyword: "PIPELINING", rfc: "2920", offer: always },
  { keyword: "SIZE", rfc: "1870", offer: ({ limits }) => String(limits.messageSize) },
  { keyword: "8BITMIME", rfc: "6152", offer: always },
  { keyword: "SMTPUTF8", rfc: "6531", offer: always },
  { keyword: "CHUNKING", rfc: "3030", offer: always },
  {
    keyword: "BURL",
    rfc: "4468",
    offer: ({ role, identity, urls }) =>
      role !== "lmtp" && identity !== undefined && urls !== undefined ? "imap" : undefined,
  },
  { keyword: "BINARYMIME", rfc: "3030", offer: always },
  { keyword: "ENHANCEDSTATUSCODES", rfc: "2034", offer: always },
  { keyword: "STARTTLS", rfc: "3207", offer: ({ startTls }) => startTls ? "" : undefined },
  {
    keyword: "AUTH",
    rfc: "4954",
    offer: ({ role, mechanisms }) =>
      role === "lmtp" || mechanisms.length === 0 ? undefined : mechanisms.join(" "),
  },
  { keyword: "DSN", rfc: "3461", offer: (offer) => offer.queue?.reports ? relaying(offer) : undefined },
  { keyword: "REQUIRETLS", rfc: "8689", offer: ({ secure }) => when(secure) },
  {
    keyword: "FUTURERELEASE",
    rfc: "4865",
    offer: ({ identity, queue, limits, now }) =>
      identity !== undefined && queue !== undefined && limits.hold > 0
        ? `${limits.hold} ${new Date(now + limits.hold * 1000).toISOString().slice(0, 19)}Z`
        : undefined,
  },
  { keyword: "DELIVERBY", rfc: "2852", offer: relaying },
  { keyword: "MT-PRIORITY", rfc: "6710", offer: relaying },
  {
    keyword: "NO-SOLICITING",
    rfc: "3865",
    offer: ({ role, limits }) => role === "lmtp" ? undefined : limits.policy.noSoliciting.join(","),
  },
  {
    keyword: "ETRN",
    rfc: "1985",
    offer: (offer) => offer.limits.policy.backupMx.size > 0 ? relaying(offer) : undefined,
  },
  { keyword: "VRFY", rfc: "5321 §3.5", offer: administrator },
  { keyword: "EXPN", rfc: "5321 §3.5", offer: administrator },
  {
    keyword: "XVERP",
    rfc: "",
    offer: (offer) =>
      offer.identity !== undefined || offer.limits.policy.relays(offer.peer) ? relaying(offer) : undefined,
  },
  {
    keyword: "XCLIENT",
    rfc: "",
    offer: ({ limits, peer }) => limits.policy.xclient(peer) ? PEER_ATTRIBUTES.XCLIENT.join(" ") : undefined,
  },
  {
    keyword: "XFORWARD",
    rfc: "",
    offer: ({ limits, peer }) =>
      limits.policy.xforward(peer) ? PEER_ATTRIBUTES.XFORWARD.join(" ") : undefined,
  },
  {
    keyword: "LIMITS",
    rfc: "9422",
    offer: ({ limits }) =>
      Number.isFinite(limits.messages)
        ? `RCPTMAX=${limits.recipients} MAILMAX=${limits.messages}`
        : `RCPTMAX=${limits.recipients}`,
  },
  { keyword: "HELP", rfc: "5321 §4.1.1.8", offer: always },
];

/** True when a client is offered the extension with this keyword. */
export function offers(keyword: string, offer: Offer): boolean {
  return EXTENSIONS.find((one) => one.keyword === keyword)?.offer(offer) !== undefined;
}

/** The lines of the reply to EHLO or LHLO. */
export function announce(hostname: string, offer: Offer): string[] {
  const lines = [`${hostname} greets you`];
  for (const extension of EXTENSIONS) {
    const value = extension.offer(offer);
    if (value !== undefined) lines.push(value === "" ? extension.keyword : `${extension.keyword} ${value}`);
  }
  return lines;
}
