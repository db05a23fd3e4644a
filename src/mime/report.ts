/**
 * Reports that machines read: delivery status (RFC 3464), what became of a message at its reader's (RFC 8098),
 * complaints (RFC 5965), and the UTF-8 forms of the first two (RFC 6533).
 */
import { latin1, lowerAscii, octetsOf } from "../bytes/ascii.ts";
import { decodeWords } from "./encoded_word.ts";
import { FieldScanner } from "./field.ts";
import { oneLine } from "./header_text.ts";
import { MIME_LIMITS, REPORT_RECIPIENTS } from "./limits.ts";
import { isIdentity, type Part } from "./part.ts";
import { createTransferDecoder } from "./transfer.ts";

/** What a report is about. */
export type ReportKind = "delivery-status" | "disposition-notification" | "feedback-report";

/** One field, in the order of the report. */
export interface ReportField {
  /** Lower-case. */
  readonly name: string;
  /** Unfolded and decoded, comments included. */
  readonly value: string;
}

/** `type; text`: an address, a host, a status of another protocol. */
export interface Typed {
  /** Lower-case: `rfc822`, `utf-8`, `dns`, `smtp`, `x-…`; empty when the sender left it out. */
  readonly type: string;
  /** Without a comment at its end; `utf-8` addresses decoded (RFC 6533 §3). */
  readonly value: string;
}

/** What is said of one recipient. */
export interface RecipientReport {
  readonly originalRecipient: Typed | undefined;
  readonly finalRecipient: Typed | undefined;
  /** Lower-case: failed, delayed, delivered, relayed, expanded (RFC 3464 §2.3.3). */
  readonly action: string | undefined;
  /** The code of RFC 3463, `5.1.1`, without a comment. */
  readonly status: string | undefined;
  readonly remoteMta: Typed | undefined;
  readonly diagnostic: Typed | undefined;
  readonly fields: readonly ReportField[];
}

/** A report as its machine-readable part has it. */
export interface Report {
  readonly kind: ReportKind;
  /** Fields about the message or the report as a whole. */
  readonly fields: readonly ReportField[];
  /** A delivery status has one for each recipient; a disposition notification one; a complaint none. */
  readonly recipients: readonly RecipientReport[];
}

const KINDS: ReadonlyMap<string, ReportKind> = new Map([
  ["delivery-status", "delivery-status"],
  ["global-delivery-status", "delivery-status"],
  ["disposition-notification", "disposition-notification"],
  ["global-disposition-notification", "disposition-notification"],
  ["feedback-report", "feedback-report"],
]);

/** Fields that only stand in a recipient's group (RFC 3464 §2.3). */
const OF_RECIPIENT: ReadonlySet<string> = new Set(["original-recipient", "final-recipient", "action"]);

/** What kind of report a part is; undefined when it is none. */
export function reportKind(part: Part): ReportKind | undefined {
  return part.type === "message" ? KINDS.get(part.subtype) : undefined;
}

/**
 * The first part of a message that is a report (RFC 6522 §3: the second of a multipart/report); undefined when
 * there is none. Reports inside forwarded messages are not this message's.
 */
export function reportPart(root: Part): Part | undefined {
  const waiting: Part[] = [root];
  for (let part = waiting.pop(); part !== undefined; part = waiting.pop()) {
    if (reportKind(part) !== undefined) return part;
    if (part.type !== "multipart") continue;
    for (let i = part.children.length - 1; i >= 0; i--) waiting.push(part.children[i]!);
  }
  return undefined;
}

/**
 * Reads a report from its part's body, as it stands in the message (§ RFC 6522 wants it in 7bit; encoded ones are
 * decoded). Undefined when the part is no report. Never fails: fields that cannot be read are left out.
 */
export function parseReport(part: Part, octets: Uint8Array): Report | undefined {
  const kind = reportKind(part);
  if (kind === undefined) return undefined;
  const groups = fieldGroups(isIdentity(part.encoding) ? octets : decoded(part.encoding, octets));
  if (kind !== "delivery-status") {
    const fields = groups.flat();
    return { kind, fields, recipients: kind === "feedback-report" ? [] : [recipientReport(fields)] };
  }
  // RFC 3464 §2.1: the first group is about the message. Some senders leave it out.
  const [first = [], ...more] = groups;
  const bare = first.some(({ name }) => OF_RECIPIENT.has(name));
  const recipients = bare ? groups : more;
  return { kind, fields: bare ? [] : first, recipients: recipients.map(recipientReport) };
}

function decoded(encoding: string, octets: Uint8Array): Uint8Array {
  const decoder = createTransferDecoder(encoding);
  if (decoder === undefined) return octets;
  return octetsOf(latin1(decoder.push(octets)) + latin1(decoder.finish()));
}

/** Groups of fields that empty lines part; empty groups do not count. */
function fieldGroups(octets: Uint8Array): ReportField[][] {
  const groups: ReportField[][] = [];
  let at = 0;
  let left = MIME_LIMITS.fields * 4;
  while (at < octets.length && groups.length <= REPORT_RECIPIENTS && left > 0) {
    const scanner = new FieldScanner(octets.subarray(at));
    const group: ReportField[] = [];
    while (left > 0 && scanner.next()) {
      left--;
      const name = lowerAscii(latin1(scanner.octets, scanner.nameStart, scanner.nameEnd));
      group.push({ name, value: oneLine(decodeWords(scanner.value())) });
    }
    if (group.length > 0) groups.push(group);
    at += scanner.end;
    const lf = octets.indexOf(0x0a, at);
    if (lf < 0) break;
    at = lf + 1;
  }
  return groups;
}

function recipientReport(fields: readonly ReportField[]): RecipientReport {
  const text = (name: string) => fields.find((field) => field.name === name)?.value;
  const typedField = (name: string) => typed(text(name));
  return {
    originalRecipient: typedField("original-recipient"),
    finalRecipient: typedField("final-recipient"),
    action: word(text("action"))?.toLowerCase(),
    status: word(text("status")),
    remoteMta: typedField("remote-mta"),
    diagnostic: typedField("diagnostic-code"),
    fields,
  };
}

/** The first word of a value. */
function word(text: string | undefined): string | undefined {
  return text === undefined ? undefined : /^[^\s(;]+/.exec(text.trim())?.[0];
}

/** *(type ";") text */
function typed(text: string | undefined): Typed | undefined {
  if (text === undefined) return undefined;
  const semicolon = text.indexOf(";");
  const head = semicolon < 0 ? "" : text.slice(0, semicolon).trim().toLowerCase();
  const isType = head !== "" && /^[a-z0-9_.-]+$/.test(head);
  const type = isType ? head : "";
  const rest = (isType ? text.slice(semicolon + 1) : text).trim();
  const value = type === "dns" || type === "rfc822" || type === "utf-8" ? withoutComment(rest) : rest;
  return { type, value: type === "utf-8" ? utf8Address(value) : withoutBrackets(type, value) };
}

/** A comment behind an address or a host goes; one of a diagnostic code is the text itself. */
function withoutComment(text: string): string {
  return text.endsWith(")") && text.includes(" (") ? text.slice(0, text.indexOf(" (")).trim() : text;
}

/** RFC 3464 §2.3.2 wants a bare address; some senders put it into angle brackets. */
function withoutBrackets(type: string, value: string): string {
  const bracketed = type === "rfc822" && value.startsWith("<") && value.endsWith(">");
  return bracketed ? value.slice(1, -1) : value;
}

/** utf-8-addr-xtext (RFC 6533 §3): `\x{HEX}` is a character. */
function utf8Address(text: string): string {
  return text.replaceAll(/\\x\{([0-9A-Fa-f]{1,6})\}/g, (all, hex: string) => {
    const code = parseInt(hex, 16);
    const character = code >= 0x20 && code <= 0x10ffff && !(code >= 0xd800 && code < 0xe000);
    return character ? String.fromCodePoint(code) : all;
  });
}
