import type { Endpoint } from "../core/conn.ts";
import { formatPath } from "./grammar/path.ts";
import { stays } from "./outbound.ts";
import type { Role, Session, Transaction } from "./session.ts";

/** What the trace fields tell. */
export interface TraceFacts {
  readonly role: Role;
  readonly hello: Session["hello"];
  readonly secure: boolean;
  readonly authenticated: boolean;
  readonly remote: Endpoint;
  readonly hostname: string;
  /** The message's id here. */
  readonly id: string;
  readonly transaction: Transaction;
  /** RFC 6710 §4.5: the priority that was granted. */
  readonly priority: number;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/**
 * The fields that we put before a message, the first of them only for final delivery (RFC 5321 §4.4):
 *
 * Return-path-line = "Return-Path:" FWS Reverse-path <CRLF>
 * Time-stamp-line = "Received:" FWS Stamp <CRLF>
 * Stamp = From-domain By-domain Opt-info [CFWS] ";" FWS date-time
 *
 * Everything in them was checked by the grammar: no octet of the client's can begin a line of its own.
 */
export function traceFields(facts: TraceFacts): Uint8Array {
  const { transaction, hello, priority } = facts;
  const { solicit } = transaction.parameters;
  const only = transaction.recipients.length === 1 ? transaction.recipients[0] : undefined;
  const clauses = [
    `\tby ${facts.hostname} with ${protocolType(facts)} id ${facts.id}`,
    ...(priority === 0 ? [] : [`\tPRIORITY ${priority}`]),
    // RFC 3865 §2.6, each class on a line of its own.
    ...solicit.map((word) => `\t(solicitation ${word})`),
    ...(only === undefined ? [] : [`\tfor ${formatPath(only.path.address)}`]),
  ];
  const lines = [
    ...(stays(transaction) ? [`Return-Path: ${formatPath(transaction.from.address)}`] : []),
    `Received: from ${hello?.name ?? "unknown"}${peer(facts.remote)}`,
    `${clauses.join("\r\n")};`,
    `\t${dateTime(facts.now)}`,
  ];
  return new TextEncoder().encode(lines.join("\r\n") + "\r\n");
}

/** TCP-info = address-literal (RFC 5321 §4.4); nothing on unix sockets. */
function peer(remote: Endpoint): string {
  if (remote.port === 0) return "";
  return remote.address.includes(":") ? ` ([IPv6:${remote.address}])` : ` ([${remote.address}])`;
}

/** The `with` protocol type: RFC 5321 §4.4, RFC 3848, RFC 6531 §4.3. */
export function protocolType(
  facts: Pick<TraceFacts, "role" | "hello" | "secure" | "authenticated" | "transaction">,
): string {
  const utf8 = facts.transaction.parameters.smtputf8;
  const suffix = (facts.secure ? "S" : "") + (facts.authenticated ? "A" : "");
  if (facts.role === "lmtp") return (utf8 ? "UTF8LMTP" : "LMTP") + suffix;
  if (utf8) return "UTF8SMTP" + suffix;
  return facts.hello?.extended === true ? "ESMTP" + suffix : "SMTP";
}

const DAYS = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/** date-time of RFC 5322 §3.3, in UTC. */
export function dateTime(now: number): string {
  const date = new Date(now);
  const two = (n: number) => String(n).padStart(2, "0");
  return `${DAYS[date.getUTCDay()]}, ${date.getUTCDate()} ${
    MONTHS[date.getUTCMonth()]
  } ${date.getUTCFullYear()} ` +
    `${two(date.getUTCHours())}:${two(date.getUTCMinutes())}:${two(date.getUTCSeconds())} +0000`;
}
