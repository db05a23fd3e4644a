/** Line ends between files, which have LF, and messages, which have CRLF (RFC 5322 §2.3). Streams. */

const CR = 13, LF = 10;
const HELD_CR = Uint8Array.of(CR);

/** Makes every line end CRLF; CRLF stays, and so does a CR that ends no line. */
export class CrlfMaker {
  #afterCr = false;

  /** The octets with their line ends; the same array where nothing was to do. */
  convert(octets: Uint8Array): Uint8Array {
    let bare = 0;
    let afterCr = this.#afterCr;
    for (let at = octets.indexOf(LF); at >= 0; at = octets.indexOf(LF, at + 1)) {
      if (at === 0 ? !afterCr : octets[at - 1] !== CR) bare++;
    }
    afterCr = this.#afterCr;
    if (octets.length > 0) this.#afterCr = octets[octets.length - 1] === CR;
    if (bare === 0) return octets;
    const out = new Uint8Array(octets.length + bare);
    let from = 0, filled = 0;
    for (let at = octets.indexOf(LF); at >= 0; at = octets.indexOf(LF, at + 1)) {
      if (at === 0 ? afterCr : octets[at - 1] === CR) continue;
      out.set(octets.subarray(from, at), filled);
      filled += at - from;
      out[filled++] = CR;
      from = at;
    }
    out.set(octets.subarray(from), filled);
    return out;
  }
}

/** Makes every CRLF an LF; a CR that ends no line stays. */
export class LfMaker {
  #held = false;

  /** The octets with their line ends; a CR at the end waits for what follows it. */
  convert(octets: Uint8Array): Uint8Array {
    if (octets.length === 0) return octets;
    const out = new Uint8Array(octets.length + 1);
    let filled = 0;
    if (this.#held && octets[0] !== LF) out[filled++] = CR;
    this.#held = octets[octets.length - 1] === CR;
    const end = this.#held ? octets.length - 1 : octets.length;
    let from = 0;
    for (let at = octets.indexOf(CR); at >= 0 && at < end; at = octets.indexOf(CR, at + 1)) {
      if (octets[at + 1] !== LF) continue;
      out.set(octets.subarray(from, at), filled);
      filled += at - from;
      from = at + 1;
    }
    out.set(octets.subarray(from, end), filled);
    return out.subarray(0, filled + end - from);
  }

  /** What still waits. */
  finish(): Uint8Array {
    const held = this.#held;
    this.#held = false;
    return held ? HELD_CR : HELD_CR.subarray(1);
  }
}
