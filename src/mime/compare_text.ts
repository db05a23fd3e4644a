/** Comparing texts under the comparators that IMAP offers (RFC 5255 §4, RFC 4790 §9). */
import { foldText } from "./fold_text.ts";

/** i;ascii-casemap (RFC 4790 §9.2): ASCII letters in capitals, all else as it is. */
export function foldAscii(text: string): string {
  return text.replace(/[a-z]+/g, (letters) => letters.toUpperCase());
}

/** What makes texts the same characters that a comparator takes for equal. */
export function foldOf(
  comparator: "i;unicode-casemap" | "i;ascii-casemap" | "i;octet",
): (text: string) => string {
  switch (comparator) {
    case "i;unicode-casemap":
      return foldText;
    case "i;ascii-casemap":
      return foldAscii;
    case "i;octet":
      return (text) => text;
    default:
      return comparator satisfies never;
  }
}

/** The order of folded texts: of their code points, which is that of their octets in UTF-8 (RFC 4790 §9.3). */
export function compareFolded(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let at = 0; at < length; at++) {
    const one = a.charCodeAt(at), other = b.charCodeAt(at);
    if (one === other) continue;
    // Surrogates stand for code points above all others.
    const high = isSurrogate(one), otherHigh = isSurrogate(other);
    return high === otherHigh ? one - other : high ? 1 : -1;
  }
  return a.length - b.length;
}

function isSurrogate(unit: number): boolean {
  return unit >= 0xd800 && unit <= 0xdfff;
}
