/** Modifiers of FETCH: RFC 4466 §2.4; RFC 7162 §3.1.4.1, §3.2.6; RFC 9394 §3.3. */
import type { By, Command } from "../command.ts";
import type { Cursor } from "./cursor.ts";
import { partialRange } from "./partial.ts";
import { number64 } from "./string.ts";

/** What stands behind the items of a FETCH. */
type Modifiers = Pick<Extract<Command, { readonly name: "FETCH" }>, "changedSince" | "vanished" | "partial">;

/** None. */
export const NO_MODIFIERS: Modifiers = { changedSince: undefined, vanished: false, partial: undefined };

/**
 * fetch-modifiers = SP "(" fetch-modifier *(SP fetch-modifier) ")" (RFC 4466 §2.4)
 * fetch-modifier =/ "CHANGEDSINCE" SP mod-sequence-value / "VANISHED" (RFC 7162 §7)
 * fetch-modifier =/ "PARTIAL" SP partial-range (RFC 9394 §4)
 *
 * Each at most once.
 */
export function fetchModifiers(c: Cursor, by: By): Modifiers | undefined {
  let { changedSince, vanished, partial } = NO_MODIFIERS;
  do {
    if (c.keyword("CHANGEDSINCE")) {
      if (changedSince !== undefined) return twice(c);
      if (!c.sp()) return undefined;
      // iOS Mail 16.5.1 sends CHANGEDSINCE 0 on accounts that just got CONDSTORE; RFC 7162 §3.1.4.1 wants
      // >= 1. Taken as "all".
      changedSince = number64(c);
      if (changedSince === undefined) return undefined;
    } else if (c.keyword("VANISHED")) {
      if (vanished) return twice(c);
      vanished = true;
    } else if (c.keyword("PARTIAL")) {
      if (partial !== undefined) return twice(c);
      partial = c.sp() ? partialRange(c) : undefined;
      if (partial === undefined) return undefined;
    } else return c.fail("modifier", "No such FETCH modifier");
  } while (c.take(0x20));
  // RFC 7162 §3.2.6, RFC 9394 §3.3.
  if (vanished && by === "seq") return c.fail("modifier", "VANISHED is for UID FETCH only");
  if (partial !== undefined && by === "seq") return c.fail("modifier", "PARTIAL is for UID FETCH only");
  if (vanished && changedSince === undefined) return c.fail("modifier", "VANISHED needs CHANGEDSINCE");
  return c.expect(0x29) ? { changedSince, vanished, partial } : undefined;
}

function twice(c: Cursor): undefined {
  return c.fail("modifier", "A FETCH modifier comes twice");
}
