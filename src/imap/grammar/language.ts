/** LANGUAGE and COMPARATOR: RFC 5255 §3.5, §4.10. */
import type { Command } from "../command.ts";
import type { Cursor } from "./cursor.ts";
import { astring } from "./string.ts";

/** language-cmd = "LANGUAGE" *(SP lang-range-quoted); lang-range-quoted = astring */
export function language(c: Cursor): Command | undefined {
  const ranges = astrings(c);
  return ranges && { name: "LANGUAGE", ranges };
}

/** comparator-cmd = "COMPARATOR" *(SP comp-order-quoted); comp-order-quoted = astring */
export function comparator(c: Cursor): Command | undefined {
  const wanted = astrings(c);
  return wanted && { name: "COMPARATOR", wanted };
}

/** Choices of one command. */
const CHOICES = 100;

/** *(SP astring) */
function astrings(c: Cursor): readonly string[] | undefined {
  const found: string[] = [];
  while (c.take(0x20)) {
    const one = astring(c);
    if (one === undefined) return undefined;
    if (found.length === CHOICES) return c.fail("choices", "Too many choices", "NO", { code: "LIMIT" });
    found.push(one);
  }
  return found;
}
