/** Strings, mirror of `grammar/string.ts`: RFC 9051 §4.3, §9. */
import type { Gather } from "../../bytes/gather.ts";
import { ASTRING_CHAR, ATOM_CHAR, CLASS } from "../grammar/octets.ts";

/** What the session's state changes about answers. */
export interface EncodeMode {
  /** Mailbox names and quoted strings may be UTF-8 (IMAP4rev2 or UTF8=ACCEPT enabled). */
  readonly utf8: boolean;
}

const ENCODER = new TextEncoder();
/** Longest quoted string; longer ones go as literals, which no client has a limit for. */
const QUOTED = 1000;

/** string = quoted / literal, by content. */
export function string(out: Gather, text: string, mode: EncodeMode): void {
  if (text.length > QUOTED || !canBeQuoted(text, mode.utf8)) return literal(out, ENCODER.encode(text));
  out.octet(0x22);
  if (text.includes('"') || text.includes("\\")) {
    for (const char of text) {
      if (char === '"' || char === "\\") out.octet(0x5c);
      out.text(char);
    }
  } else {
    out.text(text);
  }
  out.octet(0x22);
}

/** True without NUL, CR and LF, and without 8-bit characters unless they are welcome. */
function canBeQuoted(text: string, eightBit: boolean): boolean {
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === 0 || code === 0x0a || code === 0x0d || (code > 0x7e && (code === 0x7f || !eightBit))) {
      return false;
    }
  }
  return true;
}

/** nstring = string / nil */
export function nstring(out: Gather, text: string | null, mode: EncodeMode): void {
  if (text === null) out.text("NIL");
  else string(out, text, mode);
}

/** literal = "{" number64 "}" CRLF *CHAR8 */
export function literal(out: Gather, octets: Uint8Array): void {
  literalHead(out, octets.length);
  out.octets(octets);
}

/** What stands before a literal's octets; the caller sends these. */
export function literalHead(out: Gather, size: number): void {
  out.octet(0x7b).number(size).text("}\r\n");
}

/** What stands before a literal8's octets (RFC 3516 §7). */
export function literal8Head(out: Gather, size: number): void {
  out.text("~{").number(size).text("}\r\n");
}

/** astring = 1*ASTRING-CHAR / string; never `NIL` as an atom, which clients take for nothing. */
export function astring(out: Gather, text: string, mode: EncodeMode): void {
  if (allOf(text, ASTRING_CHAR) && !isNil(text)) out.text(text);
  else string(out, text, mode);
}

/** True when `text` can stand as an atom. */
export function isAtom(text: string): boolean {
  return allOf(text, ATOM_CHAR);
}

function allOf(text: string, classBit: number): boolean {
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code > 0x7f || (CLASS[code]! & classBit) === 0) return false;
  }
  return text.length > 0;
}

function isNil(text: string): boolean {
  return text.length === 3 && text.toUpperCase() === "NIL";
}
