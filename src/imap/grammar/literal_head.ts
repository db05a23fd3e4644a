/** How a literal announces itself at the end of a line: RFC 9051 §4.3, RFC 7888, RFC 3516. */
import { atLeast2to63, decimal } from "./string.ts";

/** What `{n}`, `{n+}`, `~{n}` or `~{n+}` says. */
export interface LiteralHead {
  /** Where it begins: the `{` or the `~`. */
  readonly at: number;
  /** Octets that follow; Infinity above 2^53-1. */
  readonly size: number;
  /** The client sends them without waiting (`+`). */
  readonly nonSync: boolean;
  /** literal8. */
  readonly binary: boolean;
  /** False for 2^63 and more, which number64 does not allow. */
  readonly valid: boolean;
}

/** Octets that the longest head takes that is recognized: `~{`, 20 digits, `+}`. */
export const LITERAL_HEAD = 24;

/**
 * The literal head that ends `octets[start, end)`, a line without its CRLF; undefined when none does.
 *
 * More than 20 digits are no head: then the line is one that the grammar refuses.
 */
export function literalHead(octets: Uint8Array, start: number, end: number): LiteralHead | undefined {
  let at = end - 1;
  if (at < start || octets[at] !== 0x7d) return undefined;
  at--;
  const nonSync = at >= start && octets[at] === 0x2b;
  if (nonSync) at--;
  const digitsEnd = at + 1;
  const least = Math.max(start, digitsEnd - 20);
  while (at >= least && octets[at]! >= 0x30 && octets[at]! <= 0x39) at--;
  const digitsStart = at + 1;
  if (digitsStart === digitsEnd || at < start || octets[at] !== 0x7b) return undefined;
  const binary = at > start && octets[at - 1] === 0x7e;
  return {
    at: binary ? at - 1 : at,
    size: decimal(octets, digitsStart, digitsEnd, Number.MAX_SAFE_INTEGER),
    nonSync,
    binary,
    valid: !atLeast2to63(octets, digitsStart, digitsEnd),
  };
}
