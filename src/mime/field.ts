/** Header blocks (RFC 5322 §2.2) as octets: walk over the fields, unfold their values. */
import { equalsFold, indexOfLf, isWsp } from "../bytes/ascii.ts";
import { MIME_LIMITS } from "./limits.ts";

/**
 * Walks over the fields of a header block. `next()` moves to the next field; the offsets then describe it.
 * Ends at the empty line, at the end of the octets, or at the limit of fields. Lines that are no field (no
 * colon, no name) are passed over with their continuation lines.
 */
export class FieldScanner {
  readonly octets: Uint8Array;
  /** Where the field's name begins. */
  nameStart = 0;
  /** Where the name ends; white space before the colon (RFC 5322 §4.5) is not part of it. */
  nameEnd = 0;
  /** Behind the colon. */
  valueStart = 0;
  /** Before the line end that ends the field; at most `field` octets after its beginning. */
  valueEnd = 0;
  /** Behind the line end that ends the field. */
  end = 0;
  #left: number;
  readonly #fieldLimit: number;

  constructor(octets: Uint8Array, limits = MIME_LIMITS) {
    this.octets = octets;
    this.#left = limits.fields;
    this.#fieldLimit = limits.field;
  }

  /** Moves to the next field; false when there is none. */
  next(): boolean {
    const octets = this.octets;
    const size = octets.length;
    for (;;) {
      const start = this.end;
      if (start >= size || this.#left === 0) return false;
      const first = octets[start]!;
      if (first === 0x0a || (first === 0x0d && octets[start + 1] === 0x0a)) return false;
      let colon = start;
      while (colon < size && octets[colon] !== 0x3a && octets[colon] !== 0x0a && octets[colon] !== 0x0d) {
        colon++;
      }
      let lf = indexOfLf(octets, colon);
      while (lf >= 0 && isWsp(octets[lf + 1])) lf = indexOfLf(octets, lf + 1);
      this.end = lf < 0 ? size : lf + 1;
      this.#left--;
      const last = lf < 0 ? size : lf > start && octets[lf - 1] === 0x0d ? lf - 1 : lf;
      const bound = Math.min(last, start + this.#fieldLimit);
      if (colon === start || colon >= bound || octets[colon] !== 0x3a || isWsp(first)) continue;
      let nameEnd = colon;
      while (nameEnd > start && isWsp(octets[nameEnd - 1])) nameEnd--;
      this.nameStart = start;
      this.nameEnd = nameEnd;
      this.valueStart = colon + 1;
      this.valueEnd = bound;
      return true;
    }
  }

  /** True when the field's name is `lower`, in any case. */
  is(lower: string): boolean {
    return equalsFold(this.octets, lower, this.nameStart, this.nameEnd);
  }

  /** The value, unfolded and trimmed: a view where nothing was folded, else a copy. */
  value(): Uint8Array {
    return unfold(this.octets, this.valueStart, this.valueEnd);
  }
}

/**
 * RFC 5322 §2.2.3: line ends go, the white space behind them stays. Bare CR and NUL go too (nothing that
 * comes from a header may break a line of a protocol), and white space at both ends.
 */
export function unfold(octets: Uint8Array, start = 0, end: number = octets.length): Uint8Array {
  while (start < end && isBlank(octets[start]!)) start++;
  while (end > start && isBlank(octets[end - 1]!)) end--;
  let i = start;
  while (i < end && !isDropped(octets[i]!)) i++;
  if (i === end) return octets.subarray(start, end);
  const out = new Uint8Array(end - start);
  out.set(octets.subarray(start, i));
  let at = i - start;
  for (; i < end; i++) if (!isDropped(octets[i]!)) out[at++] = octets[i]!;
  return out.subarray(0, at);
}

function isBlank(c: number): boolean {
  return c === 0x20 || c === 0x09 || isDropped(c);
}

function isDropped(c: number): boolean {
  return c === 0x0d || c === 0x0a || c === 0;
}

/** The first field of that name, unfolded; undefined when there is none. */
export function findField(header: Uint8Array, lower: string): Uint8Array | undefined {
  const fields = new FieldScanner(header);
  while (fields.next()) if (fields.is(lower)) return fields.value();
  return undefined;
}
