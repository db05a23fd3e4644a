/** Quoted-printable (RFC 2045 §6.7): a tolerant stream decoder and an encoder. */

const HEX = new Int8Array(256).fill(-1);
for (let i = 0; i < 16; i++) {
  HEX["0123456789ABCDEF".charCodeAt(i)] = i;
  HEX["0123456789abcdef".charCodeAt(i)] = i;
}

/** White space that may wait for its line to end; a longer run is given out as it stands. */
const HELD_WSP = 1024;
const enum State {
  Text,
  /** White space that is dropped if the line ends here. */
  Wsp,
  /** `=` was seen. */
  Equals,
  /** `=` and one hexadecimal digit. */
  Hex,
  /** `=` and white space: a soft break if the line ends here. */
  Soft,
  /** `=`, white space, CR. */
  SoftCr,
}

/**
 * Decodes quoted-printable as mail carries it: soft breaks go, white space before a line's end goes, a
 * broken `=XY` stays as it is. The same octets come out however the input is cut.
 */
export class QuotedPrintableDecoder {
  #state: State = State.Text;
  #held = new Uint8Array(HELD_WSP + 4);
  #length = 0;

  /** Decodes what is certain; a fresh array each time. */
  push(octets: Uint8Array): Uint8Array {
    const out = new Uint8Array(octets.length + this.#length);
    let at = 0;
    for (let i = 0; i < octets.length; i++) {
      const c = octets[i]!;
      if (this.#state === State.Text) {
        if (c === 0x3d) this.#hold(State.Equals, c);
        else if (c === 0x20 || c === 0x09) this.#hold(State.Wsp, c);
        else out[at++] = c;
        continue;
      }
      const used = this.#step(c);
      if (used === DROP) this.#length = 0;
      else if (used >= 0) {
        this.#length = 0;
        out[at++] = used;
      } else if (used === RELEASE) {
        at = this.#release(out, at);
        i--; // the octet begins afresh
      }
    }
    return out.subarray(0, at);
  }

  /** Ends the stream: what was held and is no soft break or trailing white space. */
  finish(): Uint8Array {
    const out = new Uint8Array(this.#length);
    const state = this.#state;
    const keep = state === State.Hex;
    const at = keep ? this.#release(out, 0) : 0;
    this.#state = State.Text;
    this.#length = 0;
    return out.subarray(0, at);
  }

  /** One octet in a state that holds some: HELD, DROP, RELEASE or the octet that was decoded. */
  #step(c: number): number {
    const wsp = c === 0x20 || c === 0x09;
    switch (this.#state) {
      case State.Wsp:
        if (wsp && this.#length < HELD_WSP) return this.#hold(State.Wsp, c);
        if (c !== 0x0d && c !== 0x0a) return RELEASE;
        this.#state = State.Text;
        return c;
      case State.Equals:
        if (HEX[c]! >= 0) return this.#hold(State.Hex, c);
        if (wsp) return this.#hold(State.Soft, c);
        return this.#lineEnd(c);
      case State.Soft:
        if (wsp && this.#length < HELD_WSP) return this.#hold(State.Soft, c);
        return this.#lineEnd(c);
      case State.SoftCr:
        if (c !== 0x0a) return RELEASE;
        this.#state = State.Text;
        return DROP;
      case State.Hex: {
        const low = HEX[c]!;
        if (low < 0) return RELEASE;
        this.#state = State.Text;
        return HEX[this.#held[1]!]! * 16 + low;
      }
      case State.Text:
        return RELEASE;
    }
  }

  #lineEnd(c: number): number {
    if (c === 0x0d) return this.#hold(State.SoftCr, c);
    if (c !== 0x0a) return RELEASE;
    this.#state = State.Text;
    return DROP;
  }

  #hold(state: State, c: number): number {
    this.#held[this.#length++] = c;
    this.#state = state;
    return HELD;
  }

  #release(out: Uint8Array, at: number): number {
    out.set(this.#held.subarray(0, this.#length), at);
    at += this.#length;
    this.#length = 0;
    this.#state = State.Text;
    return at;
  }
}

const HELD = -1;
const DROP = -2;
const RELEASE = -3;

const DIGITS = "0123456789ABCDEF";

/**
 * Text as quoted-printable: CRLF stays a line's end, lines are at most 76 octets, white space before a
 * line's end and every octet that is not printable ASCII is encoded. So is what relays and mailbox files
 * change at the beginning of a line: a dot, and `From ` (RFC 2049 §3).
 */
export function encodeQuotedPrintable(octets: Uint8Array): string {
  let out = "";
  let column = 0;
  for (let i = 0; i < octets.length; i++) {
    const c = octets[i]!;
    const next = octets[i + 1];
    if (c === 0x0d && next === 0x0a) {
      out += "\r\n";
      column = 0;
      i++;
      continue;
    }
    const ends = next === undefined || (next === 0x0d && octets[i + 2] === 0x0a);
    const plain = (c > 0x20 && c < 0x7f && c !== 0x3d) || ((c === 0x20 || c === 0x09) && !ends);
    if (column + (plain ? 1 : 3) > (ends ? 76 : 75)) {
      out += "=\r\n";
      column = 0;
    }
    if (plain && (column > 0 || !isChanged(octets, i))) {
      out += String.fromCharCode(c);
      column++;
    } else {
      out += "=" + DIGITS[c >> 4] + DIGITS[c & 15];
      column += 3;
    }
  }
  return out;
}

/** True where a line that begins here would be changed under way: `.` or `From `. */
function isChanged(octets: Uint8Array, at: number): boolean {
  const c = octets[at];
  return c === 0x2e ||
    (c === 0x46 && octets[at + 1] === 0x72 && octets[at + 2] === 0x6f && octets[at + 3] === 0x6d &&
      octets[at + 4] === 0x20);
}
