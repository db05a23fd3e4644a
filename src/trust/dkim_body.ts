const SPACE = 0x20, TAB = 0x09, CR = 0x0d, LF = 0x0a;

/**
 * A body in its relaxed form (RFC 6376 §3.4.4), while it streams: runs of white space are one space, none at
 * the end of a line, no empty lines at the end.
 */
export class RelaxedBody {
  readonly #out: (octets: Uint8Array) => void;
  #buffer = new Uint8Array(8192);
  #used = 0;
  /** White space was seen, and nothing behind it yet. */
  #space = false;
  /** The last octet was a CR. */
  #cr = false;
  /** Line ends that count only if more comes. */
  #lines = 0;
  #empty = true;

  /** @param out gets the canonical octets; views, valid until it returns */
  constructor(out: (octets: Uint8Array) => void) {
    this.#out = out;
  }

  /** The next octets of the body. */
  push(chunk: Uint8Array): void {
    for (let at = 0; at < chunk.length; at++) {
      const octet = chunk[at]!;
      if (this.#cr) {
        this.#cr = false;
        if (octet === LF) {
          this.#lines++;
          this.#space = false;
          continue;
        }
        this.#put(CR);
      }
      if (octet === CR) this.#cr = true;
      else if (octet === SPACE || octet === TAB) this.#space = true;
      else this.#put(octet);
    }
  }

  /** The body is over. */
  finish(): void {
    if (this.#cr) this.#put(CR);
    // A body that has anything ends with one CRLF, one that has nothing stays so.
    if (!this.#empty) {
      this.#octet(CR);
      this.#octet(LF);
    }
    this.#flush();
  }

  #put(octet: number): void {
    for (; this.#lines > 0; this.#lines--) {
      this.#octet(CR);
      this.#octet(LF);
    }
    if (this.#space) {
      this.#space = false;
      this.#octet(SPACE);
    }
    this.#empty = false;
    this.#octet(octet);
  }

  #octet(octet: number): void {
    if (this.#used === this.#buffer.length) this.#flush();
    this.#buffer[this.#used++] = octet;
  }

  #flush(): void {
    if (this.#used > 0) this.#out(this.#buffer.subarray(0, this.#used));
    this.#used = 0;
  }
}
