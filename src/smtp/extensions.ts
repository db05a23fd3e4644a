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
}

/** A service extension (RFC 5321 §2.2). */
interface Extension {
  readonly keyword: string;
  readonly rfc: string;
  /** What stands behind the keyword in EHLO's reply, "" for nothing; undefined: not offered now. */
  readonly offer: (offer: Offer) => string | undefined;
}

const always = () => "";

/** What EHLO and LHLO announce, in this order. */
export const EXTENSIONS: readonly Extension[] = [
  { keyword: "PIPELINING", rfc: "2920", offer: always },
  { keyword: "SIZE", rfc: "1870", offer: ({ limits }) => String(limits.messageSize) },
  { keyword: "8BITMIME", rfc: "6152", offer: always },
  { keyword: "SMTPUTF8", rfc: "6531", offer: always },
  { keyword: "CHUNKING", rfc: "3030", offer: always },
  { keyword: "BINARYMIME", rfc: "3030", offer: always },
  { keyword: "ENHANCEDSTATUSCODES", rfc: "2034", offer: always },
  { keyword: "STARTTLS", rfc: "3207", offer: ({ startTls }) => startTls ? "" : undefined },
  {
    keyword: "AUTH",
    rfc: "4954",
    offer: ({ role, mechanisms }) =>
      role === "lmtp" || mechanisms.length === 0 ? undefined : mechanisms.join(" "),
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

/** The lines of the reply to EHLO or LHLO. */
export function announce(hostname: string, offer: Offer): string[] {
  const lines = [`${hostname} greets you`];
  for (const extension of EXTENSIONS) {
    const value = extension.offer(offer);
    if (value !== undefined) lines.push(value === "" ? extension.keyword : `${extension.keyword} ${value}`);
  }
  return lines;
}
