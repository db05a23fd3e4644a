/** Bodies of parts in a form that every way to the reader leaves as it is (RFC 2045 §6, RFC 2049 §3). */
import { encodeQuotedPrintable } from "../bytes/quoted_printable.ts";

/** Content-Transfer-Encodings that are written. */
export type ComposeEncoding = "7bit" | "8bit" | "quoted-printable" | "base64";

/** Octets of a line without its end (RFC 5322 §2.1.1). */
const LINE = 998;

/** What octets hold, as far as it matters under way. */
interface Traits {
  /** Octets above 127. */
  readonly eightBit: number;
  /** Octets that quoted-printable writes as three. */
  readonly special: number;
  /** Lines end in CRLF and are not too long, and there is no NUL. */
  readonly lines: boolean;
  /** A line begins with a dot or with `From `, which relays and mailbox files change. */
  readonly changed: boolean;
}

function traitsOf(octets: Uint8Array): Traits {
  let eightBit = 0, special = 0, lineStart = 0;
  let lines = true, changed = false;
  for (let i = 0; i < octets.length; i++) {
    const c = octets[i]!;
    if (i === lineStart && (c === 0x2e || (c === 0x46 && isFrom(octets, i)))) changed = true;
    if (c >= 0x80) eightBit++;
    if (c >= 0x7f || c === 0x3d || (c < 0x20 && c !== 0x0d && c !== 0x0a && c !== 0x09)) special++;
    if (c === 0x0a) {
      if (octets[i - 1] !== 0x0d || i === 0 || i - 1 - lineStart > LINE) lines = false;
      lineStart = i + 1;
    } else if (c === 0 || (c === 0x0d && octets[i + 1] !== 0x0a)) lines = false;
  }
  return { eightBit, special, lines: lines && octets.length - lineStart <= LINE, changed };
}

function isFrom(octets: Uint8Array, at: number): boolean {
  return octets[at + 1] === 0x72 && octets[at + 2] === 0x6f && octets[at + 3] === 0x6d &&
    octets[at + 4] === 0x20;
}

/** The encoding of text whose lines end in CRLF. `eightBit`: the way is clear for 8-bit octets. */
export function textEncoding(octets: Uint8Array, eightBit: boolean): ComposeEncoding {
  const traits = traitsOf(octets);
  if (traits.lines && !traits.changed) {
    if (traits.eightBit === 0) return "7bit";
    if (eightBit) return "8bit";
  }
  const quoted = octets.length + 2 * traits.special;
  return quoted <= octets.length * 4 / 3 ? "quoted-printable" : "base64";
}

/** The encoding of a message, which may not be encoded (RFC 2046 §5.2.1); undefined when it would have to be. */
export function messageEncoding(octets: Uint8Array): "7bit" | "8bit" | undefined {
  const traits = traitsOf(octets);
  return !traits.lines ? undefined : traits.eightBit === 0 ? "7bit" : "8bit";
}

const encoder = new TextEncoder();

/** Octets that are all there, encoded. */
export function encodeBody(encoding: ComposeEncoding, octets: Uint8Array): Uint8Array {
  switch (encoding) {
    case "7bit":
    case "8bit":
      return octets;
    case "quoted-printable":
      return encoder.encode(encodeQuotedPrintable(octets));
    case "base64": {
      const lines = new Base64Lines();
      const body = lines.push(octets);
      const rest = lines.finish();
      if (rest.length === 0) return body;
      const whole = new Uint8Array(body.length + rest.length);
      whole.set(body);
      whole.set(rest, body.length);
      return whole;
    }
  }
}

/** Octets of a base64 line before encoding: 76 after it (RFC 2045 §6.8). */
const QUANTA = 57;
const ENCODED = 76;

/** Base64 in lines, as a stream. */
export class Base64Lines {
  readonly #held = new Uint8Array(QUANTA);
  #length = 0;

  /** Lines that are full so far. */
  push(octets: Uint8Array): Uint8Array {
    const room = QUANTA - this.#length;
    if (octets.length < room) {
      this.#held.set(octets, this.#length);
      this.#length += octets.length;
      return new Uint8Array(0);
    }
    let from = 0;
    const rest = this.#length === 0 ? 0 : room;
    const whole = Math.floor((octets.length - rest) / QUANTA);
    const lines = whole + (rest > 0 ? 1 : 0);
    const out = new Uint8Array(lines * (ENCODED + 2));
    let at = 0;
    if (rest > 0) {
      this.#held.set(octets.subarray(0, rest), this.#length);
      at = writeLines(this.#held, out, at);
      from = rest;
    }
    const end = from + whole * QUANTA;
    writeLines(octets.subarray(from, end), out, at);
    this.#length = octets.length - end;
    this.#held.set(octets.subarray(end));
    return out;
  }

  /** The last line, without its end. */
  finish(): Uint8Array {
    const last = encoder.encode(this.#held.subarray(0, this.#length).toBase64());
    this.#length = 0;
    return last;
  }
}

function writeLines(octets: Uint8Array, out: Uint8Array, at: number): number {
  const text = encoder.encode(octets.toBase64());
  for (let from = 0; from < text.length; from += ENCODED) {
    out.set(text.subarray(from, from + ENCODED), at);
    at += ENCODED;
    out[at++] = 0x0d;
    out[at++] = 0x0a;
  }
  return at;
}
