/**
 * Tokens of structured fields (RFC 5322 §3.2, RFC 2045 §5.1) over unfolded octets. Never fails: what does
 * not fit is read in the way that loses least. Iterative, one pass, each octet is looked at a bounded number
 * of times.
 */
import { latin1 } from "../bytes/ascii.ts";

const ATOM = 1;
const TOKEN = 2;
const CLASSES = new Uint8Array(256);
for (let c = 0; c < 256; c++) {
  const text = String.fromCharCode(c);
  if (c <= 0x20 || c === 0x7f) continue;
  // 8-bit octets count as text: RFC 6532 mail is UTF-8, and old mail has anything.
  if (!'()<>[]:;@\\,."'.includes(text)) CLASSES[c]! |= ATOM;
  if (!'()<>@,;:\\"/[]?='.includes(text)) CLASSES[c]! |= TOKEN;
}

/** True for octets of a token (RFC 2045 §5.1), 8-bit ones too. */
export function isTokenOctet(c: number): boolean {
  return (CLASSES[c]! & TOKEN) !== 0;
}

/** A position in an unfolded field value. */
export class Lexer {
  readonly octets: Uint8Array;
  readonly end: number;
  pos = 0;
  /** Text of the comment that `skipCfws` passed last; undefined when there was none. */
  comment: string | undefined;

  constructor(octets: Uint8Array) {
    this.octets = octets;
    this.end = octets.length;
  }

  /** The octet at the position, -1 at the end. */
  peek(): number {
    return this.pos < this.end ? this.octets[this.pos]! : -1;
  }

  /** Passes white space and comments; true when there was something. Sets `comment`. */
  skipCfws(): boolean {
    const start = this.pos;
    this.comment = undefined;
    while (this.pos < this.end) {
      const c = this.octets[this.pos]!;
      if (c === 0x28) this.comment = this.#comment();
      else if (c === 0x20 || c === 0x09 || c === 0x0d || c === 0x0a) this.pos++;
      else break;
    }
    return this.pos > start;
  }

  /** A comment (RFC 5322 §3.2.2), nested ones with their parentheses; without an end it takes the rest. */
  #comment(): string {
    let depth = 1;
    let text = "";
    let kept = ++this.pos;
    for (; this.pos < this.end; this.pos++) {
      const c = this.octets[this.pos]!;
      if (c === 0x5c) {
        text += latin1(this.octets, kept, this.pos);
        kept = ++this.pos;
      } else if (c === 0x28) depth++;
      else if (c === 0x29 && --depth === 0) break;
    }
    text += latin1(this.octets, kept, Math.min(this.pos, this.end));
    this.pos = Math.min(this.pos + 1, this.end);
    return text;
  }

  /** A quoted string, from its opening quote, without its quoting; takes the rest if it has no end. */
  quotedString(): string {
    let text = "";
    let kept = ++this.pos;
    for (; this.pos < this.end; this.pos++) {
      const c = this.octets[this.pos]!;
      if (c === 0x22) break;
      if (c !== 0x5c) continue;
      text += latin1(this.octets, kept, this.pos);
      kept = ++this.pos;
    }
    text += latin1(this.octets, kept, Math.min(this.pos, this.end));
    this.pos = Math.min(this.pos + 1, this.end);
    return text;
  }

  /** A run of atom octets (RFC 5322 §3.2.3); empty when there is none. */
  atom(): string {
    return this.#run(ATOM);
  }

  /** A token (RFC 2045 §5.1); empty when there is none. */
  token(): string {
    return this.#run(TOKEN);
  }

  #run(mask: number): string {
    const start = this.pos;
    while (this.pos < this.end && (CLASSES[this.octets[this.pos]!]! & mask) !== 0) this.pos++;
    return latin1(this.octets, start, this.pos);
  }

  /** A domain literal whose `[` is at the position, with its brackets (RFC 5322 §3.4.1). */
  domainLiteral(): string {
    const start = this.pos;
    while (this.pos < this.end && this.octets[this.pos] !== 0x5d) this.pos++;
    this.pos = Math.min(this.pos + 1, this.end);
    return latin1(this.octets, start, this.pos);
  }
}
