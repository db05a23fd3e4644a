/**
 * Which three characters stand beside each other in a text, as a Bloom filter: a search for text looks into those texts
 * alone that may hold it. An octet of filter for some four of text; long texts, which have nearly all there are, get none.
 */

/** Bits of a filter: powers of two, so that a hash's lower ones are its place in each. */
const MOST_BITS = 8192, LEAST_BITS = 512;
/** Set bits above which a filter says too little to be read. */
const FULL = MOST_BITS * 0.75;
/** A filter is made half as large while no more than this part of it would be set. */
const FILLED = 1 / 3;
/** Trigrams of a text that are looked for: the chance that all are there by accident is small by then. */
const LOOKED_FOR = 8;

/** Used again: it is a filter of the largest size while one is made. */
const scratch = new Uint8Array(MOST_BITS / 8);

/** The filter of a text; null when it would be too full. Bit n is bit n % 8, from the lowest, of octet n / 8. */
export function filterOf(text: string): Uint8Array | null {
  scratch.fill(0);
  let set = 0, first = text.charCodeAt(0), second = text.charCodeAt(1);
  for (let end = 2; end < text.length; end++) {
    const third = text.charCodeAt(end);
    const bit = hash(first, second, third) & (MOST_BITS - 1);
    first = second;
    second = third;
    const octet = bit >> 3, mask = 1 << (bit & 7);
    if ((scratch[octet]! & mask) !== 0) continue;
    if (++set > FULL) return null;
    scratch[octet]! |= mask;
  }
  let octets = scratch.length;
  for (; octets > LEAST_BITS / 8 && set <= octets / 2 * 8 * FILLED; octets /= 2) {
    for (let i = 0; i < octets / 2; i++) scratch[i]! |= scratch[i + octets / 2]!;
  }
  return scratch.slice(0, octets);
}

/** Hashes of trigrams of a text that is looked for, below 2^31: the lower bits of each are its place in a filter. */
export function hashesOf(text: string): readonly number[] {
  const step = Math.ceil(Math.max(1, (text.length - 2) / LOOKED_FOR));
  const hashes: number[] = [];
  for (let end = 2; end < text.length; end += step) hashes.push(hashAt(text, end));
  return hashes;
}

/** Of the three code units that end at `end`. */
function hashAt(text: string, end: number): number {
  return hash(text.charCodeAt(end - 2), text.charCodeAt(end - 1), text.charCodeAt(end));
}

/** What it gives is in the database: it never changes. */
function hash(first: number, second: number, third: number): number {
  const all = Math.imul(Math.imul(first, 0x01000193) ^ second, 0x01000193) ^ third;
  const mixed = Math.imul(all ^ (all >>> 15), 0x2c1b3c6d);
  return (mixed ^ (mixed >>> 12)) & 0x7fff_ffff;
}
