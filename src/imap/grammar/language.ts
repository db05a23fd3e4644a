/** LANGUAGE: RFC 5255 §3.5. */
import type { Command } from "../command.ts";
import type { Cursor } from "./cursor.ts";
import { astring } from "./string.ts";

/** language-cmd = "LANGUAGE" *(SP lang-range-quoted); lang-range-quoted = astring */
export function language(c: Cursor): Command | undefined {
  const ranges: string[] = [];
  while (c.take(0x20)) {
    const range = astring(c);
    if (range === undefined) return undefined;
    if (ranges.length === 100) return c.fail("language", "Too many languages", "NO", { code: "LIMIT" });
    ranges.push(range);
  }
  return { name: "LANGUAGE", ranges };
}
