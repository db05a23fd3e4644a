/**
 * Line ends searched four octets at a time: a quarter of what it takes to look at each, and lines are too short for
 * the runtime's own `indexOf` to be worth its call. The arithmetic is that of zero octets in a word (Warren,
 * Hacker's Delight, §6-1): it says whether there is one, the octets then say where.
 */

const CR = 0x0d, LF = 0x0a;
const TOPS = 0x80808080 | 0;

/** What the searches read words by; made once for octets that are searched many times. */
export function wordsOf({ buffer, byteOffset, length }: Uint8Array): DataView {
  return new DataView(buffer, byteOffset, length);
}

/** The index of the first CR or LF from `at` on, or the length. `words` are of the same octets. */
export function indexOfCrOrLf(octets: Uint8Array, words: DataView, at: number): number {
  const { length } = octets;
  const last = length - 4;
  while (at < length) {
    for (const upTo = Math.min(at + 4, length); at < upTo; at++) {
      const octet = octets[at]!;
      if (octet <= CR && (octet === CR || octet === LF)) return at;
    }
    for (; at <= last; at += 4) {
      const word = words.getInt32(at, true);
      // An octet below 0x0e, which may be a tab as well.
      if (((word - 0x0e0e0e0e) & ~word & TOPS) !== 0) break;
    }
  }
  return length;
}

/** The index of the first LF from `at` on, or -1. `words` are of the same octets. */
export function indexOfLfIn(octets: Uint8Array, words: DataView, at: number): number {
  const { length } = octets;
  const last = length - 4;
  while (at < length) {
    for (const upTo = Math.min(at + 4, length); at < upTo; at++) if (octets[at] === LF) return at;
    for (; at <= last; at += 4) {
      const word = words.getInt32(at, true) ^ 0x0a0a0a0a;
      if (((word - 0x01010101) & ~word & TOPS) !== 0) break;
    }
  }
  return -1;
}
