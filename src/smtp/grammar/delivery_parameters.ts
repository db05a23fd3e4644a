/** Parameters of MAIL and RCPT that say how a message is to be delivered, and what the sender wants to hear of it. */
import { ALPHA, asciiText, Cursor, DIGIT, octetTable } from "../../bytes/cursor.ts";
import { Notify } from "../../core/outbound.ts";
import type { MailParameters } from "../command.ts";
import { dateTime } from "./date_time.ts";
import { isDigits } from "./digits.ts";
import { utf8Xtext, xtext } from "./xtext.ts";

/** Octets of a parameter's value, as RFC 3461 §5.4 and RFC 3865 §2.2 bound them. */
const VALUES = { envid: 100, originalRecipient: 500, solicit: 1000 } as const;

/** RET: ret-value = "FULL" / "HDRS" (RFC 3461 §4.3). */
export function ret(value: string | undefined): MailParameters["ret"] {
  const upper = value?.toUpperCase();
  return upper === "FULL" ? "full" : upper === "HDRS" ? "headers" : undefined;
}

/** ENVID: xtext (RFC 3461 §4.4). */
export function envid(value: string | undefined): string | undefined {
  return value === undefined || value.length > VALUES.envid ? undefined : xtext(value);
}

const NOTIFY: ReadonlyMap<string, number> = new Map([
  ["SUCCESS", Notify.Success],
  ["FAILURE", Notify.Failure],
  ["DELAY", Notify.Delay],
]);

/**
 * notify-esmtp-value = "NEVER" / ( notify-list-element *( "," notify-list-element ) )
 * notify-list-element = "SUCCESS" / "FAILURE" / "DELAY"
 *
 * RFC 3461 §4.1, as bits.
 */
export function notify(value: string | undefined): number | undefined {
  if (value === undefined) return undefined;
  const upper = value.toUpperCase();
  if (upper === "NEVER") return 0;
  let bits = 0;
  for (const word of upper.split(",", 4)) {
    const bit = NOTIFY.get(word) ?? 0;
    // Each of them once.
    if (bit === 0 || (bits & bit) !== 0) return undefined;
    bits |= bit;
  }
  return upper.split(",").length > 3 ? undefined : bits;
}

const ATOM = octetTable("!#$%&'*-/?^_`{|}~" + ALPHA + DIGIT);

/**
 * ORCPT: original-recipient-address = addr-type ";" xtext
 *
 * RFC 3461 §4.2; an address of type `utf-8` is not xtext but has its own encoding (RFC 6533 §3).
 */
export function originalRecipient(value: string | undefined): string | undefined {
  if (value === undefined || value.length > VALUES.originalRecipient) return undefined;
  const semicolon = value.indexOf(";");
  if (semicolon < 1) return undefined;
  for (let at = 0; at < semicolon; at++) if (ATOM[value.charCodeAt(at)] !== 1) return undefined;
  const type = value.slice(0, semicolon).toLowerCase();
  const encoded = value.slice(semicolon + 1);
  const address = type === "utf-8" ? utf8Xtext(encoded) : xtext(encoded);
  return address === undefined || address === "" ? undefined : `${type};${address}`;
}

/** HOLDFOR: future-release-integer = 1*9DIGIT, more than 0 (RFC 4865 §4). */
export function holdFor(value: string | undefined): MailParameters["hold"] {
  if (value === undefined || value.length > 9 || value === "" || !isDigits(value)) return undefined;
  const seconds = Number(value);
  return seconds === 0 ? undefined : { seconds };
}

/** HOLDUNTIL: date-time of RFC 3339 §5.6 (RFC 4865 §4 and its erratum 2040). */
export function holdUntil(value: string | undefined): MailParameters["hold"] {
  const until = value === undefined ? undefined : dateTime(value);
  return until === undefined ? undefined : { until };
}

/**
 * by-value = by-time ";" by-mode [by-trace]
 * by-time = ["-" / "+"] 1*9digit
 * by-mode = "N" / "R"
 * by-trace = "T"
 *
 * RFC 2852 §4. A time that is over can only be told of, not returned for.
 */
export function by(value: string | undefined): MailParameters["by"] {
  if (value === undefined) return undefined;
  const semicolon = value.indexOf(";");
  const sign = value[0] === "-" || value[0] === "+" ? 1 : 0;
  const digits = value.slice(sign, Math.max(sign, semicolon));
  if (semicolon < 0 || digits === "" || digits.length > 9 || !isDigits(digits)) return undefined;
  const how = value.slice(semicolon + 1).toUpperCase();
  if (how !== "N" && how !== "R" && how !== "NT" && how !== "RT") return undefined;
  const seconds = value[0] === "-" ? -Number(digits) : Number(digits);
  const mode = how[0] === "R" ? "return" : "notify";
  if (mode === "return" && seconds <= 0) return undefined;
  return { seconds, mode, trace: how.length === 2 };
}

/** priority-value = (["-"] NZDIGIT) / "0" (RFC 6710 §4.1). */
export function priority(value: string | undefined): number | undefined {
  if (value === "0") return 0;
  const digit = value?.[0] === "-" ? value.slice(1) : value;
  if (digit?.length !== 1 || digit < "1" || digit > "9") return undefined;
  return Number(value);
}

const WORD = octetTable(ALPHA + DIGIT + ".-_:");

/**
 * Solicitation-keywords = word 0*("," word)
 * word = ALPHA 0*(wordchar)
 * wordchar = ("." / "-" / "_" / ":" / ALPHA / DIGIT)
 *
 * RFC 3865 §2.2.
 */
export function solicit(value: string | undefined): readonly string[] | undefined {
  if (value === undefined || value.length > VALUES.solicit) return undefined;
  const words: string[] = [];
  const c = new Cursor(new TextEncoder().encode(value));
  do {
    const start = c.at;
    if (!isLetter(c.peek()) || c.skipWhile(WORD) === 0) return undefined;
    words.push(asciiText(c.octets, start, c.at));
  } while (c.eat(0x2c));
  return c.done ? words : undefined;
}

/** XVERP: two of `-`, `=`, `+`; `+=` when left out (Postfix's VERP_README, verp_delimiter_filter). */
export function verp(value: string | undefined): string | undefined {
  if (value === undefined) return "+=";
  return /^[-=+]{2}$/.test(value) ? value : undefined;
}

function isLetter(octet: number): boolean {
  return (octet >= 0x41 && octet <= 0x5a) || (octet >= 0x61 && octet <= 0x7a);
}
