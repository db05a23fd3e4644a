/** Commands of a transaction as this next hop understands them (RFC 5321 §4.1.1.2, §4.1.1.3). */
import { domainToASCII } from "node:url";
import {
  Notify,
  NOTIFY_DEFAULT,
  type OutboundEnvelope,
  type OutboundRecipient,
} from "../../core/outbound.ts";
import { formatPath } from "../grammar/path.ts";
import { toXtext } from "../grammar/xtext.ts";
import type { Extensions } from "./extensions.ts";

/** MAIL with its parameters, without CRLF. `size`: octets; `body`: as it will be sent. */
export function mailCommand(
  envelope: OutboundEnvelope,
  extensions: Extensions,
  about: { readonly size: number; readonly body: OutboundEnvelope["body"]; readonly now: number },
): string {
  const words = [`MAIL FROM:${wirePath(envelope.reversePath, envelope.smtputf8)}`];
  const offered = (keyword: string, word: string | undefined) => {
    if (word !== undefined && extensions.has(keyword)) words.push(word);
  };
  offered("SIZE", `SIZE=${about.size}`);
  if (about.body === "BINARYMIME") words.push("BODY=BINARYMIME");
  else offered("8BITMIME", about.body === "8BITMIME" ? "BODY=8BITMIME" : undefined);
  offered("SMTPUTF8", envelope.smtputf8 ? "SMTPUTF8" : undefined);
  offered("DSN", envelope.ret && `RET=${envelope.ret === "full" ? "FULL" : "HDRS"}`);
  offered("DSN", envelope.envid === undefined ? undefined : `ENVID=${toXtext(envelope.envid)}`);
  offered("REQUIRETLS", envelope.requireTls ? "REQUIRETLS" : undefined);
  offered("MT-PRIORITY", envelope.priority === 0 ? undefined : `MT-PRIORITY=${envelope.priority}`);
  offered("DELIVERBY", deliverBy(envelope, about.now));
  offered("NO-SOLICITING", envelope.solicit?.length ? `SOLICIT=${envelope.solicit.join(",")}` : undefined);
  offered("FUTURERELEASE", holdUntil(envelope, about.now));
  return words.join(" ");
}

/** RCPT with its parameters, without CRLF. */
export function rcptCommand(
  recipient: OutboundRecipient,
  envelope: OutboundEnvelope,
  extensions: Extensions,
): string {
  const command = `RCPT TO:${wirePath(recipient.address, envelope.smtputf8)}`;
  if (!extensions.has("DSN")) return command;
  const { notify, originalRecipient } = recipient;
  // What is the default anyway needs no word.
  const wish = notify === NOTIFY_DEFAULT ? "" : ` NOTIFY=${notifyWords(notify)}`;
  return command + wish + (originalRecipient === undefined ? "" : orcpt(originalRecipient));
}

/** True when the address cannot be written without SMTPUTF8: a domain has A-labels, a local part has none. */
export function needsUtf8(address: string): boolean {
  const at = address.lastIndexOf("@");
  return !isAscii(address.slice(0, Math.max(at, 0)));
}

function notifyWords(notify: number): string {
  const words = Object.entries(Notify).filter(([, bit]) => (notify & bit) !== 0).map(([name]) =>
    name.toUpperCase()
  );
  return words.length === 0 ? "NEVER" : words.join(",");
}

/** `addr-type;address`: only the address is xtext (RFC 3461 §4.2). */
function orcpt(original: string): string {
  const at = original.indexOf(";");
  return at < 1 ? "" : ` ORCPT=${toXtext(original.slice(0, at))};${toXtext(original.slice(at + 1))}`;
}

/** RFC 2852 §4: seconds that are left; none below zero in mode "return", where the queue gave up before. */
function deliverBy({ deliverBy }: OutboundEnvelope, now: number): string | undefined {
  if (deliverBy === undefined) return undefined;
  const left = Math.floor((deliverBy.at - now) / 1000);
  const seconds = Math.max(-999_999_999, Math.min(999_999_999, left));
  const returns = deliverBy.mode === "return";
  return `BY=${returns ? Math.max(1, seconds) : seconds};${returns ? "R" : "N"}${deliverBy.trace ? "T" : ""}`;
}

/** RFC 4865 §4.1, the form with a date. */
function holdUntil({ holdUntil }: OutboundEnvelope, now: number): string | undefined {
  if (holdUntil === undefined || holdUntil <= now) return undefined;
  return `HOLDUNTIL=${new Date(holdUntil).toISOString().replace(/\.\d+Z$/, "Z")}`;
}

/** A path as it goes over the wire: without SMTPUTF8 the domain in A-labels (RFC 6531 §3.2). */
function wirePath(address: string, utf8: boolean): string {
  if (address === "") return "<>";
  const at = address.lastIndexOf("@");
  const domain = address.slice(at + 1);
  const wire = utf8 || isAscii(domain) ? domain : domainToASCII(domain);
  return formatPath({ local: address.slice(0, at), domain: wire });
}

function isAscii(text: string): boolean {
  for (let at = 0; at < text.length; at++) if (text.charCodeAt(at) > 0x7f) return false;
  return true;
}
