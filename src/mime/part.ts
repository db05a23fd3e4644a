/** The tree of a message's parts: what BODYSTRUCTURE says, and where in the message each part lies. */
import type { Parameter } from "./parameter.ts";

/**
 * One part. Offsets are octets in the whole message: the header is [headerStart, bodyStart) with the empty
 * line, the body [bodyStart, bodyEnd) without the line end that belongs to the next boundary. Children lie
 * inside their parent's body, in order. Strings that come from the message are octet strings (a code unit
 * per octet), unfolded and not decoded.
 */
export interface Part {
  /** Lower-case. */
  readonly type: string;
  /** Lower-case. */
  readonly subtype: string;
  /** Content-Type's parameters as they stand; `parameterText` decodes. */
  readonly params: readonly Parameter[];
  /** Content-ID. */
  readonly id: string | undefined;
  /** Content-Description. */
  readonly description: string | undefined;
  /** Content-Transfer-Encoding, lower-case; `7bit` when there is none. */
  readonly encoding: string;
  readonly disposition: Disposition | undefined;
  /** Content-Language. */
  readonly language: readonly string[];
  /** Content-Location. */
  readonly location: string | undefined;
  /** Content-MD5. */
  readonly md5: string | undefined;
  readonly headerStart: number;
  readonly bodyStart: number;
  readonly bodyEnd: number;
  /** Line ends in the body. */
  readonly lines: number;
  /** multipart: its parts; message/rfc822 and message/global: the message's root; else none. */
  readonly children: readonly Part[];
  /** message/rfc822 and message/global: the message's ENVELOPE, encoded. */
  readonly envelope: Uint8Array | undefined;
}

/** Content-Disposition (RFC 2183). */
export interface Disposition {
  /** Lower-case. */
  readonly type: string;
  readonly params: readonly Parameter[];
}

/** True for parts whose one child is a whole message (RFC 2046 §5.2.1, RFC 6532 §3.7). */
export function isMessage(part: Part): boolean {
  return part.type === "message" && part.children.length === 1;
}

/** A part under construction. */
export type PartDraft = { -readonly [Key in keyof Part]: Key extends "children" ? PartDraft[] : Part[Key] };

/** A part as it is before its header is known (RFC 2045 §5.2, RFC 2046 §5.1.5 for digests). */
export function draftPart(start: number, type: string, subtype: string): PartDraft {
  return {
    type,
    subtype,
    params: NO_LIST,
    id: undefined,
    description: undefined,
    encoding: "7bit",
    disposition: undefined,
    language: NO_LIST,
    location: undefined,
    md5: undefined,
    headerStart: start,
    bodyStart: start,
    bodyEnd: start,
    lines: 0,
    children: [],
    envelope: undefined,
  };
}

const NO_LIST: readonly never[] = [];

/** True for the types whose body is a whole message. */
export function isMessageType(part: PartDraft): boolean {
  return part.type === "message" && (part.subtype === "rfc822" || part.subtype === "global");
}

/** The encodings that containers may have (RFC 2046 §5.1, §5.2.1). */
export function isIdentity(encoding: string): boolean {
  return encoding === "7bit" || encoding === "8bit" || encoding === "binary";
}

/** Something in a message that breaks MIME's rules or that two readers may read differently. */
export interface Defect {
  /** Stable name, used by filters. */
  readonly kind: DefectKind;
  /** Octets from the message's beginning to the header of the part that has it. */
  readonly offset: number;
}

/** What may be wrong with a part. */
export type DefectKind =
  | "header too large"
  | "header without end"
  | "bad content-type"
  | "repeated content-type"
  | "repeated transfer-encoding"
  | "repeated boundary"
  | "multipart without boundary"
  | "multipart without end"
  | "multipart without parts"
  | "encoded container"
  | "too deep"
  | "too many parts";
