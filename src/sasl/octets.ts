import { Buffer, isUtf8 } from "node:buffer";
import { timingSafeEqual } from "node:crypto";

const encoder = new TextEncoder();

/** Text as UTF-8 octets. */
export function utf8(text: string): Uint8Array<ArrayBuffer> {
  return encoder.encode(text);
}

/** Octets as text; undefined when they are not valid UTF-8 (RFC 3629). Keeps a leading U+FEFF. */
export function textOf(octets: Uint8Array): string | undefined {
  if (!isUtf8(octets)) return undefined;
  return Buffer.from(octets.buffer, octets.byteOffset, octets.byteLength).toString("utf8");
}

/** Base64 text (RFC 4648 §4) of octets, padded. */
export function encodeBase64(octets: Uint8Array): string {
  return octets.toBase64();
}

/**
 * Octets of canonical base64 (RFC 4648 §4); undefined for anything else: foreign characters, white space,
 * missing or surplus padding, bits that are not zero behind the last octet.
 */
export function decodeBase64(text: string): Uint8Array<ArrayBuffer> | undefined {
  // fromBase64 skips ASCII white space and calls it "strict" all the same: count what it should have read.
  if (text.length % 4 !== 0) return undefined;
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) <= 0x20) return undefined;
  try {
    return Uint8Array.fromBase64(text, { lastChunkHandling: "strict" });
  } catch {
    return undefined;
  }
}

/** True when both hold the same octets; takes the same time wherever they differ. */
export function sameOctets(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && timingSafeEqual(a, b);
}
