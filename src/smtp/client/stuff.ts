const CR = 0x0d, LF = 0x0a, DOT = 0x2e;
const CRLF = Uint8Array.of(CR, LF);
const ONE_DOT = Uint8Array.of(DOT);
/** A line that is folded goes on with a space, so that a header field stays one. */
const FOLD = Uint8Array.of(CR, LF, 0x20);
const END = Uint8Array.of(DOT, CR, LF);

/**
 * A message as DATA carries it: dots at the beginning of lines doubled (RFC 5321 §4.5.2), every CR or LF that
 * stands alone made CRLF before that is looked at, lines folded that are longer than the RFC's 998 octets, the
 * end CRLF.CRLF and nowhere else. So nothing that a message holds can be taken for the end of one by anybody,
 * whatever they take for a line's end (SMTP smuggling).
 *
 * What comes out are views on what went in.
 */
export class DataWriter {
  readonly #line: number;
  /** Octets of the line so far. */
  #column = 0;
  /** The last octet was a CR that was not written yet. */
  #cr = false;

  /** @param line octets of the longest line, without its CRLF */
  constructor(line: number) {
    this.#line = line;
  }

  /** The next octets of the message. */
  push(chunk: Uint8Array): Uint8Array[] {
    const out: Uint8Array[] = [];
    const length = chunk.length;
    let run = 0;
    let at = 0;
    const put = (upTo: number, ours: Uint8Array) => {
      if (upTo > run) out.push(chunk.subarray(run, upTo));
      out.push(ours);
      run = at;
    };
    if (this.#cr && length > 0) {
      this.#cr = false;
      this.#column = 0;
      if (chunk[0] === LF) at = run = 1;
      out.push(CRLF);
    }
    while (at < length) {
      if (this.#column === 0 && chunk[at] === DOT) put(at, ONE_DOT);
      const stop = Math.min(length, at + this.#line - this.#column);
      const end = newline(chunk, at, stop);
      this.#column += end - at;
      at = end;
      if (at === length) break;
      const octet = chunk[at];
      if (octet === CR && at + 1 === length) {
        this.#cr = true;
        if (at > run) out.push(chunk.subarray(run, at));
        return out;
      }
      if (octet === CR && chunk[at + 1] === LF) {
        at += 2;
        this.#column = 0;
      } else if (octet === CR || octet === LF) {
        at++;
        this.#column = 0;
        put(at - 1, CRLF);
      } else {
        // No character of UTF-8 is torn apart, unless its beginning was sent already.
        for (let back = 0; back < 3 && at - 1 > run && (chunk[at]! & 0xc0) === 0x80; back++) at--;
        this.#column = 1;
        put(at, FOLD);
      }
    }
    if (length > run) out.push(chunk.subarray(run, length));
    return out;
  }

  /** What ends the message. */
  finish(): Uint8Array[] {
    return this.#cr || this.#column > 0 ? [CRLF, END] : [END];
  }
}

/** The index of the first CR or LF in `octets[at..end)`, or `end`. */
function newline(octets: Uint8Array, at: number, end: number): number {
  for (; at < end; at++) {
    const octet = octets[at]!;
    if (octet <= CR && (octet === CR || octet === LF)) return at;
  }
  return end;
}
