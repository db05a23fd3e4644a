/** Octets looked at in one go: what a piece may be copied into when dots have to be doubled. */
const WINDOW = 65_536;
const LF = 0x0a, DOT = 0x2e;

/**
 * Dot-stuffing (RFC 1939 §3) and the end of a multi-line answer, over pieces cut anywhere.
 *
 * A dot is doubled behind every LF, a bare one too. RFC 5322 knows no bare LF, but imported messages hold
 * some, clients exist that take it as the end of a line (Python's poplib), and for those an undoubled
 * LF-dot-CRLF would end the message and let its rest speak as the server.
 */
export class DotStuffer {
  /** A message begins at the beginning of a line. */
  #last = LF;
  #beforeLast = 0x0d;

  /** The octets to send for a piece: views on it where no dot is doubled, copies of at most 128 KiB else. */
  *stuff(piece: Uint8Array): Iterable<Uint8Array> {
    for (let start = 0; start < piece.length; start += WINDOW) {
      yield this.#window(piece.subarray(start, start + WINDOW));
    }
  }

  /** What ends the answer: the message's last line end where it has none, then the dot. */
  end(): string {
    return this.#last === LF && this.#beforeLast === 0x0d ? ".\r\n" : "\r\n.\r\n";
  }

  #window(octets: Uint8Array): Uint8Array {
    let dots = 0;
    for (let at = octets.indexOf(DOT); at >= 0; at = octets.indexOf(DOT, at + 1)) {
      if ((at === 0 ? this.#last : octets[at - 1]) === LF) dots++;
    }
    const out = dots === 0 ? octets : this.#doubled(octets, dots);
    this.#beforeLast = octets.length > 1 ? octets[octets.length - 2]! : this.#last;
    this.#last = octets[octets.length - 1]!;
    return out;
  }

  /** Octet by octet: a message of dots alone costs no more than any other. */
  #doubled(octets: Uint8Array, dots: number): Uint8Array {
    const out = new Uint8Array(octets.length + dots);
    let last = this.#last, to = 0;
    for (let i = 0; i < octets.length; i++) {
      const octet = octets[i]!;
      if (octet === DOT && last === LF) out[to++] = DOT;
      out[to++] = last = octet;
    }
    return out;
  }
}

/** Where TOP stops (RFC 1939 §7): the header, the empty line and so many lines of the body. */
export class TopCut {
  #header: number;
  #lines: number;

  /** `headerSize` counts the empty line. */
  constructor(headerSize: number, lines: number) {
    this.#header = headerSize;
    this.#lines = lines;
  }

  /** The part of the next piece that is still wanted. */
  cut(piece: Uint8Array): Uint8Array {
    let at = Math.min(this.#header, piece.length);
    this.#header -= at;
    while (this.#lines > 0 && at < piece.length) {
      const end = piece.indexOf(LF, at);
      if (end < 0) return piece;
      this.#lines--;
      at = end + 1;
    }
    return piece.subarray(0, at);
  }

  /** True when no further octet is wanted. */
  get done(): boolean {
    return this.#header === 0 && this.#lines === 0;
  }
}
