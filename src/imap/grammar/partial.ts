/** Places in a result: RFC 9394 §4. */
import type { PartialRange } from "../command.ts";
import type { Cursor } from "./cursor.ts";
import { nzNumber } from "./string.ts";

/**
 * partial-range = nz-number ":" nz-number / MINUS nz-number ":" MINUS nz-number (RFC 9394 §4)
 */
export function partialRange(c: Cursor): PartialRange | undefined {
  const from = place(c);
  if (from === undefined || !c.expect(0x3a)) return undefined;
  const to = place(c);
  if (to === undefined) return undefined;
  if (from < 0 !== to < 0) return c.fail("partial range", "Both ends must be counted from the same side");
  return { from, to };
}

function place(c: Cursor): number | undefined {
  const sign = c.take(0x2d) ? -1 : 1;
  const number = nzNumber(c);
  return number === undefined ? undefined : sign * number;
}
