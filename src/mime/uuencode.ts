/** uuencode as mail carries it: lines of at most 45 octets between `begin` and `end`. */
import { LOWER } from "../bytes/ascii.ts";

/** A line's length octet, 60 groups and line end; longer lines are no data. */
const LINE = 128;
const BEGIN = "begin ";
const END = "end";

/**
 * Decodes the first uuencoded file of a body; what stands around it is left out. The same octets come out
 * however the input is cut.
 */
export class UuDecoder {
  readonly #line = new Uint8Array(LINE);
  #length = 0;
  #state: "before" | "inside" | "after" = "before";

  /** Decodes the lines that are whole. */
  push(octets: Uint8Array): Uint8Array {
    const out = new Uint8Array(octets.length + LINE);
    let at = 0;
    for (let i = 0; i < octets.length; i++) {
      const c = octets[i]!;
      if (c === 0x0a) at = this.#endLine(out, at);
      else if (this.#length < LINE) this.#line[this.#length++] = c;
    }
    return out.subarray(0, at);
  }

  /** Decodes a last line without an end. */
  finish(): Uint8Array {
    const out = new Uint8Array(LINE);
    return out.subarray(0, this.#endLine(out, 0));
  }

  #endLine(out: Uint8Array, at: number): number {
    const line = this.#line.subarray(0, this.#length);
    this.#length = 0;
    if (this.#state === "before") {
      if (startsWith(line, BEGIN)) this.#state = "inside";
      return at;
    }
    if (this.#state === "after") return at;
    if (startsWith(line, END)) {
      this.#state = "after";
      return at;
    }
    return decodeLine(line, out, at);
  }
}

function startsWith(line: Uint8Array, word: string): boolean {
  if (line.length < word.length) return false;
  for (let i = 0; i < word.length; i++) if (LOWER[line[i]!] !== word.charCodeAt(i)) return false;
  return true;
}

/** One data line: its first octet says how many octets it holds. */
function decodeLine(line: Uint8Array, out: Uint8Array, at: number): number {
  const size = line.length === 0 ? 0 : (line[0]! - 0x20) & 0x3f;
  for (let done = 0, i = 1; done < size && i < line.length; i += 4) {
    const group = (six(line[i]) << 18) | (six(line[i + 1]) << 12) | (six(line[i + 2]) << 6) |
      six(line[i + 3]);
    for (let shift = 16; shift >= 0 && done < size; shift -= 8, done++) out[at++] = group >> shift;
  }
  return at;
}

function six(c: number | undefined): number {
  return c === undefined || c < 0x20 ? 0 : (c - 0x20) & 0x3f;
}
