/** Reports on delivery (RFC 3464) as messages. Pure. */
import {
  compose,
  composeReport,
  type Composition,
  formatDate,
  newMessageId,
  type StatusFields,
} from "../mime/mod.ts";

/** What happened to a recipient (RFC 3464 §2.3.3). */
export type Action = "failed" | "delayed" | "delivered" | "relayed" | "expanded";

/** One recipient of a report. */
export interface ReportedRecipient {
  readonly address: string;
  /** `addr-type;address`. */
  readonly originalRecipient: string | undefined;
  readonly action: Action;
  /** RFC 3463, e.g. `5.1.1`. */
  readonly status: string;
  /** What the next hop said, `550 5.1.1 …`; undefined when nobody said anything. */
  readonly diagnostic: string | undefined;
  /** For people: why, where no next hop said it. */
  readonly reason: string | undefined;
  readonly remote: string | undefined;
  /** Milliseconds since the epoch. */
  readonly lastAttempt: number | undefined;
}

/** A report to be made. */
export interface Dsn {
  readonly hostname: string;
  readonly now: number;
  readonly random: (n: number) => Uint8Array;
  /** To whom. */
  readonly reversePath: string;
  readonly envid: string | undefined;
  readonly arrivedAt: number;
  /** Until when delayed ones are tried. */
  readonly expiresAt: number;
  /** The Message-ID of the original. */
  readonly messageId: string | undefined;
  readonly recipients: readonly ReportedRecipient[];
  /** The whole message, or its header. */
  readonly original: { readonly octets: Uint8Array; readonly headerOnly: boolean } | undefined;
  /** The reader takes UTF-8 in headers (RFC 6533). */
  readonly utf8: boolean;
}

/** Composes one. Auto-Submitted as RFC 3834 §5 has it, so that no automaton answers. */
export function composeDsn(dsn: Dsn): Composition {
  const at = dsn.reversePath.lastIndexOf("@");
  const local = dsn.reversePath.slice(0, at), domain = dsn.reversePath.slice(at + 1);
  const ids = dsn.messageId === undefined ? [] : [dsn.messageId];
  return compose(
    [
      {
        kind: "addresses",
        name: "From",
        list: [{ name: "Mail Delivery System", local: "MAILER-DAEMON", domain: dsn.hostname }],
      },
      { kind: "addresses", name: "To", list: [{ local, domain }] },
      { kind: "text", name: "Subject", text: subject(dsn.recipients) },
      { kind: "words", name: "Date", value: formatDate(dsn.now) },
      { kind: "ids", name: "Message-ID", ids: [newMessageId(dsn.random, dsn.hostname)] },
      { kind: "ids", name: "In-Reply-To", ids },
      { kind: "ids", name: "References", ids },
      { kind: "words", name: "Auto-Submitted", value: "auto-replied" },
    ],
    composeReport({
      type: "delivery-status",
      text: text(dsn),
      groups: [messageFields(dsn), ...dsn.recipients.map((one) => recipientFields(one, dsn))],
      ...(dsn.original === undefined ? {} : { original: dsn.original }),
      utf8: dsn.utf8,
    }),
    { random: dsn.random, utf8: dsn.utf8 },
  );
}

function subject(recipients: readonly ReportedRecipient[]): string {
  const has = (action: Action) => recipients.some((one) => one.action === action);
  if (has("failed")) return "Undelivered Mail Returned to Sender";
  return has("delayed") ? "Delayed Mail (still being retried)" : "Successful Mail Delivery Report";
}

const WHAT: Readonly<Record<Action, string>> = {
  failed: "could not be delivered to",
  delayed: "has not been delivered yet to",
  delivered: "was delivered to",
  relayed: "was handed on, without further reports, to",
  expanded: "was delivered to a list or alias, without further reports, to",
};

function text(dsn: Dsn): string {
  const lines = [`This is the mail system at ${dsn.hostname}.`, ""];
  for (const action of ["failed", "delayed", "delivered", "relayed", "expanded"] as const) {
    const some = dsn.recipients.filter((one) => one.action === action);
    if (some.length === 0) continue;
    lines.push(`Your message ${WHAT[action]}:`, "");
    for (const { address, remote, diagnostic, reason } of some) {
      lines.push(`  ${address}`);
      if (reason !== undefined) lines.push(`    ${reason}`);
      if (diagnostic !== undefined) {
        lines.push(`    ${remote === undefined ? "The last answer was" : `${remote} said`}: ${diagnostic}`);
      }
    }
    lines.push("");
  }
  if (dsn.recipients.some((one) => one.action === "delayed")) {
    lines.push(
      `It will be tried until ${formatDate(dsn.expiresAt)}. You need not send it again.`,
      "",
    );
  }
  return lines.join("\n");
}

/** RFC 3464 §2.2. */
function messageFields(dsn: Dsn): StatusFields {
  return [
    ...(dsn.envid === undefined ? [] : [["Original-Envelope-Id", dsn.envid] as const]),
    ["Reporting-MTA", `dns; ${dsn.hostname}`],
    ["Arrival-Date", formatDate(dsn.arrivedAt)],
  ];
}

/** RFC 3464 §2.3; `utf-8` addresses: RFC 6533 §3. */
function recipientFields(one: ReportedRecipient, dsn: Dsn): StatusFields {
  const ascii = /^[ -~]*$/.test(one.address);
  const { originalRecipient, remote, diagnostic, lastAttempt } = one;
  return [
    ...(originalRecipient === undefined
      ? []
      : [["Original-Recipient", originalRecipient.replace(";", "; ")] as const]),
    [
      "Final-Recipient",
      `${ascii ? "rfc822" : "utf-8"}; ${ascii || dsn.utf8 ? one.address : escaped(one.address)}`,
    ],
    ["Action", one.action],
    ["Status", one.status],
    ...(remote === undefined ? [] : [["Remote-MTA", `dns; ${remote}`] as const]),
    ...(diagnostic === undefined ? [] : [["Diagnostic-Code", `smtp; ${diagnostic}`] as const]),
    ...(lastAttempt === undefined ? [] : [["Last-Attempt-Date", formatDate(lastAttempt)] as const]),
    ...(one.action === "delayed" ? [["Will-Retry-Until", formatDate(dsn.expiresAt)] as const] : []),
  ];
}

/** utf-8-addr-xtext (RFC 6533 §3): what an ASCII report says instead of UTF-8. */
function escaped(address: string): string {
  return Array.from(address, (char) => {
    const point = char.codePointAt(0)!;
    return point > 0x20 && point < 0x7f && !"+=\\".includes(char)
      ? char
      : `\\x{${point.toString(16).toUpperCase().padStart(2, "0")}}`;
  }).join("");
}
