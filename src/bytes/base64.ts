/** Base64 (RFC 4648 §4): strict for the protocols, and a tolerant stream decoder for mail (RFC 2045 §6.8). */
import { latin1 } from "./ascii.ts";

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const PAD = 64;
const OTHER = 255;
const NOTHING = new Uint8Array(0);
const VALUES = new Uint8Array(256).fill(OTHER);
for (let i = 0; i < 64; i++) VALUES[ALPHABET.charCodeAt(i)] = i;
VALUES[0x3d] = PAD;

/** Octets as base64 text, padded, in one line. */
export function encodeBase64(octets: Uint8Array): string {
  return octets.toBase64();
}

/** Strict decoding: no white space, padding required; undefined when `text` is not base64. */
export function decodeBase64(text: string): Uint8Array | undefined {
  if (text.length % 4 !== 0) return undefined;
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i);
    if (c > 255 || VALUES[c] === OTHER) return undefined;
  }
  try {
    return Uint8Array.fromBase64(text, { lastChunkHandling: "strict" });
  } catch {
    return undefined; // SyntaxError is how the runtime says "not base64"
  }
}

/**
 * Decodes base64 as mail carries it: line ends, white space and foreign octets are skipped, `=` ends a
 * quantum and decoding goes on after it (bodies that were glued together), a missing end is no error.
 * The same octets come out however the input is cut.
 */
export class Base64Decoder {
  #bits = 0;
  #count = 0;

  /** Decodes what is whole; a fresh array each time. */
  push(octets: Uint8Array): Uint8Array {
    const out = new Uint8Array(((octets.length + 3) >> 2) * 3 + 3);
    let from = 0;
    let written = 0;
    if (this.#count !== 0) {
      while (from < octets.length && this.#count !== 0) written = this.#take(octets[from++]!, out, written);
    }
    if (this.#count === 0 && octets.length - from >= 64) {
      const fast = decodeWhole(octets, from, out.subarray(written));
      if (fast !== undefined) {
        from += fast.read;
        written += fast.written;
      }
    }
    while (from < octets.length) written = this.#take(octets[from++]!, out, written);
    return out.subarray(0, written);
  }

  /** Ends the stream: what an unfinished quantum still holds. */
  finish(): Uint8Array {
    if (this.#count === 0) return NOTHING;
    const out = new Uint8Array(3);
    return out.subarray(0, this.#take(0x3d, out, 0));
  }

  #take(octet: number, out: Uint8Array, at: number): number {
    const value = VALUES[octet]!;
    if (value < 64) {
      this.#bits = (this.#bits << 6) | value;
      if (++this.#count < 4) return at;
      out[at++] = this.#bits >> 16;
      out[at++] = this.#bits >> 8;
      out[at++] = this.#bits;
    } else if (value === PAD) {
      if (this.#count === 3) {
        out[at++] = this.#bits >> 10;
        out[at++] = this.#bits >> 2;
      } else if (this.#count === 2) out[at++] = this.#bits >> 4;
    } else return at;
    this.#bits = 0;
    this.#count = 0;
    return at;
  }
}

/** The runtime's own decoder (5 GB/s); undefined when it refuses, then the table loop decides. */
function decodeWhole(octets: Uint8Array, from: number, out: Uint8Array) {
  try {
    return out.setFromBase64(latin1(octets, from), { lastChunkHandling: "stop-before-partial" });
  } catch {
    return undefined; // SyntaxError: foreign octets or padding in the middle
  }
}
