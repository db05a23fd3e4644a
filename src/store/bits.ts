/** Keywords as bits: bit `i` of `entry.keywords` is the mailbox's keyword `i`, first bit highest. */

/** Octets of the column `entry.keywords`. */
export const KEYWORD_OCTETS = 32;

/** The bits of some keywords, as `bit(256)`. */
export function keywordBits(indexes: readonly number[]): Uint8Array {
  const bits = new Uint8Array(KEYWORD_OCTETS);
  for (const i of indexes) bits[i >> 3] = bits[i >> 3]! | 0x80 >> (i & 7);
  return bits;
}

const NONE: readonly number[] = Object.freeze([]);

/** The indexes of set bits, ascending. */
export function keywordIndexes(bits: Uint8Array | undefined): readonly number[] {
  if (bits === undefined) return NONE;
  const indexes: number[] = [];
  for (let i = 0; i < bits.length; i++) {
    const octet = bits[i]!;
    if (octet === 0) continue;
    for (let bit = 0; bit < 8; bit++) if (octet & 0x80 >> bit) indexes.push(i * 8 + bit);
  }
  return indexes;
}

/** Octets of one element that `bit_send` writes: a length of 4 octets, then the bits. */
const PACKED = 4 + KEYWORD_OCTETS;

/** The indexes of the `at`-th of several `bit(256)` that `bit_send` wrote one after the other. */
export function packedIndexes(packed: Uint8Array, at: number): readonly number[] {
  return keywordIndexes(packed.subarray(at * PACKED + 4, (at + 1) * PACKED));
}
