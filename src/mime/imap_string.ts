/** IMAP's `string` and `nstring` (RFC 9051 §9) on octets, in the form that every revision reads alike. */
import { latin1, octetsOf } from "../bytes/ascii.ts";
import { borrow, copyOf, giveBack } from "./scratch.ts";

const NOTHING = new Uint8Array(0);
const NIL = octetsOf("NIL");
const encoder = new TextEncoder();

/** Gathers octets of an answer in one growing buffer. It is used up by `take`. */
export class ImapWriter {
  #octets = borrow();
  #length = 0;

  /** Adds octets as they are. */
  octets(octets: Uint8Array): this {
    this.#room(octets.length);
    this.#octets.set(octets, this.#length);
    this.#length += octets.length;
    return this;
  }

  /** Octets so far. */
  get length(): number {
    return this.#length;
  }

  /** Adds octets that were added before, once more. */
  again(start: number, end: number): this {
    this.#room(end - start);
    this.#octets.copyWithin(this.#length, start, end);
    this.#length += end - start;
    return this;
  }

  /** Adds ASCII text as it is. */
  text(text: string): this {
    this.#room(text.length);
    for (let i = 0; i < text.length; i++) this.#octets[this.#length + i] = text.charCodeAt(i);
    this.#length += text.length;
    return this;
  }

  /** Adds octets as `nstring`, in the form that `string` has. */
  noctets(value: Uint8Array | undefined): this {
    if (value === undefined) return this.octets(NIL);
    const size = value.length;
    this.#room(size + 2);
    const out = this.#octets;
    let at = this.#length;
    out[at++] = 0x22;
    for (let i = 0; i < size; i++) {
      const c = value[i]!;
      if (c < 0x20 || c > 0x7e || c === 0x22 || c === 0x5c) return this.#literal(latin1(value));
      out[at++] = c;
    }
    out[at++] = 0x22;
    this.#length = at;
    return this;
  }

  /** Adds an octet string (a code unit per octet) as `nstring`. */
  nstring(value: string | undefined): this {
    return value === undefined ? this.octets(NIL) : this.string(value);
  }

  /**
   * Adds an octet string as `string`: quoted if all of it is printable ASCII without `"` and `\`, otherwise
   * a literal, which rev1 and rev2 clients read alike. NUL cannot be sent (CHAR8, RFC 9051 §9) and is left
   * out.
   */
  string(value: string): this {
    const size = value.length;
    this.#room(size + 2);
    const out = this.#octets;
    let at = this.#length;
    out[at++] = 0x22;
    for (let i = 0; i < size; i++) {
      const c = value.charCodeAt(i);
      if (c < 0x20 || c > 0x7e || c === 0x22 || c === 0x5c) return this.#literal(value);
      out[at++] = c;
    }
    out[at++] = 0x22;
    this.#length = at;
    return this;
  }

  #literal(value: string): this {
    const sent = value.includes("\0") ? value.replaceAll("\0", "") : value;
    this.text(`{${sent.length}}\r\n`);
    return this.text(sent);
  }

  /** What was gathered; a copy of exactly its size. */
  take(): Uint8Array {
    const taken = copyOf(this.#octets, this.#length);
    giveBack(this.#octets);
    this.#octets = NOTHING;
    this.#length = 0;
    return taken;
  }

  #room(more: number): void {
    if (this.#length + more <= this.#octets.length) return;
    const larger = new Uint8Array(Math.max(this.#octets.length * 2, this.#length + more));
    larger.set(this.#octets.subarray(0, this.#length));
    this.#octets = larger;
  }
}

/** Adds octets, or text as UTF-8, as IMAP `string`: quoted where that is safe, else a literal. */
export function imapString(value: Uint8Array | string, out: ImapWriter): void {
  out.string(latin1(typeof value === "string" ? encoder.encode(value) : value));
}

/** The same for `nstring`: undefined is NIL. */
export function imapNString(value: Uint8Array | string | undefined, out: ImapWriter): void {
  if (value === undefined) out.octets(NIL);
  else imapString(value, out);
}
