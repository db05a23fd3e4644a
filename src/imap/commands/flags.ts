/** Flags as text (RFC 9051 §2.3.2). */
import type { Gather } from "../../bytes/gather.ts";
import type { Context } from "./context.ts";
import { untagged } from "./untagged.ts";

/** The system flags that can be stored, by bit. */
const SYSTEM = ["\\Seen", "\\Answered", "\\Flagged", "\\Deleted", "\\Draft"] as const;

/** Every combination of system flags, written out once. */
const COMBINED: readonly string[] = Array.from(
  { length: 1 << SYSTEM.length },
  (_, bits) => SYSTEM.filter((_name, bit) => (bits >> bit & 1) === 1).join(" "),
);

/** Keywords that a mailbox may hold: beyond them PERMANENTFLAGS no longer says `\*`. */
const KEYWORDS = 256;

/** `(\Seen $Forwarded)`. */
export function writeFlags(
  out: Gather,
  flags: number,
  numbers: readonly number[],
  names: readonly string[],
): void {
  out.text(`(${flagText(flags, numbers, names)})`);
}

/** Flags without their parentheses. */
export function flagText(flags: number, numbers: readonly number[], names: readonly string[]): string {
  let text = COMBINED[flags & 31]!;
  for (const number of numbers) {
    const name = names[number];
    if (name !== undefined) text += text === "" ? name : " " + name;
  }
  return text;
}

/** FLAGS and PERMANENTFLAGS (RFC 9051 §7.3.5, §7.1). */
export function writeFlagsLine(cx: Context, keywords: readonly string[], readOnly: boolean): void {
  const all = [...SYSTEM, ...keywords].join(" ");
  untagged(cx, `FLAGS (${all})`);
  const permanent = readOnly ? "" : keywords.length < KEYWORDS ? `${all} \\*` : all;
  untagged(cx, `OK [PERMANENTFLAGS (${permanent})] Flags that are kept`);
}
