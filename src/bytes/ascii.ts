/** ASCII on octets: compare, trim and search without making strings, and short slices to text when needed. */
import { Buffer } from "node:buffer";

/** Octet → the same octet with A–Z made a–z. */
export const LOWER: Uint8Array = Uint8Array.from(
  { length: 256 },
  (_, c) => c >= 0x41 && c <= 0x5a ? c + 32 : c,
);

interface Slices {
  latin1Slice(start: number, end: number): string;
  utf8Slice(start: number, end: number): string;
}
const slices = Buffer.prototype as unknown as Slices;
const latin1Slice = slices.latin1Slice;
const utf8Slice = slices.utf8Slice;

/** One code unit per octet (an "octet string"): nothing is lost, whatever the octets are. */
export function latin1(octets: Uint8Array, start = 0, end: number = octets.length): string {
  return start >= end ? "" : latin1Slice.call(octets as unknown as Slices, start, end);
}

/** UTF-8 to text; broken sequences become U+FFFD. */
export function utf8(octets: Uint8Array, start = 0, end: number = octets.length): string {
  return start >= end ? "" : utf8Slice.call(octets as unknown as Slices, start, end);
}

/** The octets of an octet string: each code unit's low 8 bits. */
export function octetsOf(text: string): Uint8Array {
  const octets = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) octets[i] = text.charCodeAt(i);
  return octets;
}

/** True for SP and HTAB (RFC 5234 WSP). */
export function isWsp(c: number | undefined): boolean {
  return c === 0x20 || c === 0x09;
}

/** True when `octets[start..end)` is `lower` in any case; `lower` must be lower-case ASCII. */
export function equalsFold(
  octets: Uint8Array,
  lower: string,
  start = 0,
  end: number = octets.length,
): boolean {
  if (end - start !== lower.length) return false;
  for (let i = 0; i < lower.length; i++) {
    if (LOWER[octets[start + i]!] !== lower.charCodeAt(i)) return false;
  }
  return true;
}

/** True when the octets at `at` are those of `text`, an octet string. */
export function standsAt(octets: Uint8Array, text: string, at = 0): boolean {
  if (octets.length - at < text.length) return false;
  for (let i = 0; i < text.length; i++) if (octets[at + i] !== text.charCodeAt(i)) return false;
  return true;
}

/** A–Z made a–z in an octet string, everything else untouched (no Unicode folding: K is not U+212A). */
export function lowerAscii(text: string): string {
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i);
    if ((c >= 0x41 && c <= 0x5a) || c >= 0x80) return foldFrom(text);
  }
  return text;
}

function foldFrom(text: string): string {
  let out = "";
  let kept = 0;
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i);
    if (c < 0x41 || c > 0x5a) continue;
    out += text.slice(kept, i) + String.fromCharCode(c + 32);
    kept = i + 1;
  }
  return out + text.slice(kept);
}

/** Where `octet` stands in `octets[from..end)`, or -1. */
export function indexOfOctet(octets: Uint8Array, octet: number, from: number, end: number): number {
  if (end >= octets.length) return octets.indexOf(octet, from);
  return octets.subarray(0, end).indexOf(octet, from);
}
