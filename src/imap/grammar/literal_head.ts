/** How a literal announces itself at the end of a line: RFC 9051 §4.3, RFC 7888, RFC 3516. */
import type { ImapLimits } from "../limits.ts";
import type { CommandFault } from "./fault.ts";
import { bad, tooBig } from "./item.ts";
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

/** What RFC 9051 §9 and RFC 7888 say against a literal's size, if anything. */
export function sizeRefusal(head: LiteralHead, limits: ImapLimits, tag: string): CommandFault | undefined {
  if (!head.valid) return bad("literal size", "The size of a literal is not a 63-bit number", tag);
  if (!head.nonSync || head.size <= limits.nonSyncLiteral) return undefined;
  return bad("literal not synchronized", "A literal this large must be synchronizing", tag);
}

/** RFC 5464 §4.3 has a code of its own for it, which tells what would be welcome. */
export function annotationTooLarge(limits: ImapLimits, tag: string | undefined): CommandFault {
  const code = { code: "METADATA MAXSIZE", value: limits.metadata } as const;
  const text = "The annotation is too large";
  return { rule: "annotation too large", text, fatal: false, tag, status: "NO", code };
}

/** Why an argument's literal is not welcome, if it is not. `count` and `octets`: literals before it. */
export function argumentRefusal(
  head: LiteralHead,
  limits: ImapLimits,
  count: number,
  octets: number,
  tag: string,
  command?: string,
): CommandFault | undefined {
  const refusal = sizeRefusal(head, limits, tag);
  if (refusal !== undefined) return refusal;
  if (command === "SETMETADATA" && limits.metadata > 0 && head.size > limits.metadata) {
    return annotationTooLarge(limits, tag);
  }
  if (head.size > limits.literal) return tooBig("literal too large", "A literal is too large", tag);
  if (count >= limits.literals) return tooBig("too many literals", "A command has too many literals", tag);
  if (octets + head.size <= limits.literalTotal) return undefined;
  return tooBig("literals too large", "The literals of a command are too large", tag);
}
