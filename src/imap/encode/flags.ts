/** Flags, mirror of `grammar/flags.ts`: RFC 9051 §2.3.2, §7.3.5. */
import type { Gather } from "../../bytes/gather.ts";
import { Flag } from "../../core/store.ts";

/** Every set of system flags as text, by its bits: 32 short strings beat five tests per message. */
const SYSTEM: readonly string[] = Array.from({ length: 32 }, (_, bits) => names(bits));

function names(bits: number): string {
  const set: string[] = [];
  if (bits & Flag.Answered) set.push("\\Answered");
  if (bits & Flag.Flagged) set.push("\\Flagged");
  if (bits & Flag.Deleted) set.push("\\Deleted");
  if (bits & Flag.Seen) set.push("\\Seen");
  if (bits & Flag.Draft) set.push("\\Draft");
  return set.join(" ");
}

/** flag-list = "(" [flag *(SP flag)] ")", from bits and keywords by their indexes. */
export function flagList(
  out: Gather,
  flags: number,
  keywords: readonly number[],
  names: readonly string[],
): void {
  const system = SYSTEM[flags & 31]!;
  out.octet(0x28).text(system);
  let first = system === "";
  for (const index of keywords) {
    const name = names[index];
    // Only when the store could not be asked for the name after the flags were written.
    if (name === undefined) continue;
    if (!first) out.octet(0x20);
    out.text(name);
    first = false;
  }
  out.octet(0x29);
}

/**
 * FLAGS and PERMANENTFLAGS: system flags, of which there is one at least, then keywords, then `\*` when more can be
 * made.
 */
export function allFlags(out: Gather, keywords: readonly string[], more: boolean, flags = 31): void {
  out.octet(0x28).text(SYSTEM[flags]!);
  for (const keyword of keywords) out.octet(0x20).text(keyword);
  if (more) out.text(" \\*");
  out.octet(0x29);
}

/** `* FLAGS (…)` (RFC 9051 §7.3.5). */
export function flagsLine(out: Gather, keywords: readonly string[]): void {
  out.text("* FLAGS ");
  allFlags(out, keywords, false);
  out.text("\r\n");
}
