/**
 * Collects an answer as octets: short parts are written into a buffer, long ones are kept by reference, and
 * `take()` hands over the pieces in order. No string is ever concatenated, no body copied.
 *
 * Who takes says by `reuse()` when all of it is sent, and the buffer serves the next gather of the thread; until
 * then, or where that is never said, what was taken stays as it is.
 */
export class Gather {
  #parts: Uint8Array[] = [];
  #partsSize = 0;
  #buffer: Uint8Array = NONE;
  /** The part of the buffer that is written and not yet among the parts. */
  #start = 0;
  #pos = 0;

  /** Octets so far. */
  get size(): number {
    return this.#partsSize + this.#pos - this.#start;
  }

  /** Writes text as UTF-8. No character is ever cut down to an octet (U+010D must not become CR). */
  text(text: string): this {
    const length = text.length;
    if (length > SHORT_TEXT) return this.#longText(text);
    if (this.#buffer.length - this.#pos < length) this.#room(length);
    const buffer = this.#buffer;
    let pos = this.#pos;
    for (let i = 0; i < length; i++) {
      const code = text.charCodeAt(i);
      // The part that was written stands beyond #pos and is overwritten.
      if (code > 0x7f) return this.#longText(text);
      buffer[pos++] = code;
    }
    this.#pos = pos;
    return this;
  }

  /** Writes one octet. */
  octet(octet: number): this {
    if (this.#pos === this.#buffer.length) this.#room(1);
    this.#buffer[this.#pos++] = octet;
    return this;
  }

  /** Writes a whole number from 0 to 2^53-1 in decimal. */
  number(n: number): this {
    if (n < 10) return this.octet(0x30 + n);
    if (this.#buffer.length - this.#pos < 16) this.#room(16);
    const buffer = this.#buffer;
    let digits = 1;
    for (let power = 10; power <= n; power *= 10) digits++;
    let at = this.#pos += digits;
    // Integer arithmetic is several times faster, and nearly every number here fits.
    while (n > 0x7fff_ffff) {
      const rest = Math.floor(n / 10);
      buffer[--at] = 0x30 + (n - rest * 10);
      n = rest;
    }
    for (let small = n | 0; small > 0; small = small / 10 | 0) buffer[--at] = 0x30 + small % 10;
    return this;
  }

  /**
   * Appends octets: short ones are copied, long ones kept by reference, so do not change them until they are
   * sent.
   */
  octets(octets: Uint8Array): this {
    const length = octets.length;
    if (length > BY_REFERENCE) {
      this.#endPart();
      this.#parts.push(octets);
      this.#partsSize += length;
    } else if (length > 0) {
      if (this.#buffer.length - this.#pos < length) this.#room(length);
      this.#buffer.set(octets, this.#pos);
      this.#pos += length;
    }
    return this;
  }

  /** Hands over what was collected, in order, and begins anew. */
  take(): Uint8Array[] {
    this.#endPart();
    const parts = this.#parts;
    this.#parts = [];
    this.#partsSize = 0;
    return parts;
  }

  /**
   * All that was ever taken is sent, and nobody looks at it again: the buffer serves others, unless more was
   * written to it since. Those that a long answer filled before it are left to the collector.
   */
  reuse(): void {
    if (this.size > 0) return;
    if (this.#buffer.length === SLAB && spare.length < SPARE) spare.push(this.#buffer);
    this.#buffer = NONE;
    this.#start = this.#pos = 0;
  }

  #longText(text: string): this {
    // UTF-8 takes at most three octets for one UTF-16 unit.
    const most = text.length * 3;
    if (this.#buffer.length - this.#pos < most) this.#room(most);
    this.#pos += ENCODER.encodeInto(text, this.#buffer.subarray(this.#pos)).written;
    return this;
  }

  #endPart(): void {
    if (this.#pos === this.#start) return;
    this.#parts.push(this.#buffer.subarray(this.#start, this.#pos));
    this.#partsSize += this.#pos - this.#start;
    this.#start = this.#pos;
  }

  /** A buffer with room for `need` octets. */
  #room(need: number): void {
    this.#endPart();
    this.#buffer = need <= SLAB ? spare.pop() ?? new Uint8Array(SLAB) : new Uint8Array(need);
    this.#start = this.#pos = 0;
  }
}

const NONE = new Uint8Array(0);
const ENCODER = new TextEncoder();
/** Octets of a slab: new ones are zeroed, which takes 3 µs at this size. */
const SLAB = 16_384;
/** Longest text that is written in a loop rather than by the runtime. */
const SHORT_TEXT = 64;
/** Shortest part that is not worth a copy: one more piece for the socket costs about as much. */
const BY_REFERENCE = 2048;
/** Slabs that no gather holds, and how many are kept. */
const spare: Uint8Array[] = [];
const SPARE = 16;
