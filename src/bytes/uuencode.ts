/**
 * uuencode (POSIX.1 `uuencode`), as mail carries it: lines of at most 45 octets between `begin` and `end`.
 * Never an RFC; old mail has it in text and as Content-Transfer-Encoding `x-uuencode`.
 */
import { latin1, standsAt } from "./ascii.ts";

/** A line's length octet, 63 octets in 21 groups, a checksum and line end fit; the rest of a line is no data. */
const LINE = 128;

/** What a `begin` line says. */
export interface UuBegin {
  /** `begin-base64` (POSIX.1-2001): the lines between are base64 and end with `====`. */
  readonly base64: boolean;
  /** The file's name; an octet string. */
  readonly name: string;
}

/**
 * "begin" ["-base64"] SP mode SP name. The word is lower-case, as every encoder writes it: an upper-case line
 * could be data.
 */
export function uuBegin(line: Uint8Array): UuBegin | undefined {
  if (line[0] !== 0x62 || !standsAt(line, "begin")) return undefined;
  const base64 = standsAt(line, "begin-base64");
  let at = base64 ? 12 : 5;
  if (line[at++] !== 0x20) return undefined;
  while (line[at] === 0x20) at++;
  const mode = at;
  while (at < line.length && line[at]! >= 0x30 && line[at]! <= 0x37) at++;
  if (at === mode || at > mode + 6) return undefined;
  if (at < line.length && line[at] !== 0x20 && line[at] !== 0x0d) return undefined;
  return { base64, name: latin1(line, at).trim() };
}

/** True for the line `end`: exactly that, because `END…` is data (a line of 37 octets). */
export function isUuEnd(line: Uint8Array): boolean {
  return standsAt(line, "end") && isBlankFrom(line, 3);
}

/**
 * How many octets a line of data holds; -1 when it cannot be one. A line may lack the blanks at its end that
 * a relay took away, and have up to two more characters (checksums of old encoders).
 */
export function uuLineSize(line: Uint8Array): number {
  let end = line.length;
  if (end > 0 && line[end - 1] === 0x0d) end--;
  if (end === 0) return -1;
  const size = (line[0]! - 0x20) & 0x3f;
  if (end - 1 > Math.ceil(size / 3) * 4 + 2) return -1;
  for (let i = 0; i < end; i++) if (line[i]! < 0x20 || line[i]! > 0x60) return -1;
  return size;
}

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
    for (let from = 0; from < octets.length && this.#state !== "after";) {
      const lf = octets.indexOf(0x0a, from);
      const end = lf < 0 ? octets.length : lf;
      const kept = Math.min(end - from, LINE - this.#length);
      this.#line.set(octets.subarray(from, from + kept), this.#length);
      this.#length += kept;
      if (lf >= 0) at = this.#endLine(out, at);
      from = end + 1;
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
      const begin = uuBegin(line);
      if (begin !== undefined && !begin.base64) this.#state = "inside";
      return at;
    }
    if (this.#state === "inside" && !isUuEnd(line)) return decodeLine(line, out, at);
    this.#state = "after";
    return at;
  }
}

function isBlankFrom(line: Uint8Array, from: number): boolean {
  for (let i = from; i < line.length; i++) if (line[i]! !== 0x0d && line[i]! !== 0x20) return false;
  return true;
}

/**
 * One data line: its first octet says how many octets it holds. Damaged characters give damaged octets, so
 * that what follows keeps its place.
 */
function decodeLine(line: Uint8Array, out: Uint8Array, at: number): number {
  const size = line.length === 0 || line[0] === 0x0d ? 0 : (line[0]! - 0x20) & 0x3f;
  for (let done = 0, i = 1; done < size; i += 4) {
    const group = (six(line[i]) << 18) | (six(line[i + 1]) << 12) | (six(line[i + 2]) << 6) |
      six(line[i + 3]);
    for (let shift = 16; shift >= 0 && done < size; shift -= 8, done++) out[at++] = group >> shift;
  }
  return at;
}

function six(c: number | undefined): number {
  return c === undefined || c < 0x20 ? 0 : (c - 0x20) & 0x3f;
}
