/** STORE: RFC 9051 §6.4.6, §9; RFC 7162 §3.1.3. */
import type { By, Command, FlagList } from "../command.ts";
import { annotationValues } from "./annotation.ts";
import type { Cursor } from "./cursor.ts";
import { flagList, flags } from "./flags.ts";
import { sequenceSet } from "./sequence_set.ts";
import { number64 } from "./string.ts";

/**
 * store = "STORE" SP sequence-set [store-modifiers] SP (store-att-flags / att-annotate)
 * store-modifiers = SP "(" store-modifier *(SP store-modifier) ")"
 * store-modifier =/ "UNCHANGEDSINCE" SP mod-sequence-valzer
 */
export function store(c: Cursor, by: By): Command | undefined {
  if (!c.sp()) return undefined;
  const set = sequenceSet(c);
  if (set === undefined) return undefined;
  let unchangedSince: number | undefined;
  if (c.takeSpaceParen()) {
    do {
      if (!c.keyword("UNCHANGEDSINCE")) return c.fail("modifier", "No such STORE modifier");
      if (unchangedSince !== undefined) return c.fail("modifier", "A STORE modifier comes twice");
      unchangedSince = c.sp() ? number64(c) : undefined;
      if (unchangedSince === undefined) return undefined;
    } while (c.take(0x20));
    if (!c.expect(0x29)) return undefined;
  }
  if (!c.sp()) return undefined;
  if (c.keyword("ANNOTATION")) {
    const annotations = annotationValues(c);
    return annotations && { name: "STORE", by, set, ...NO_FLAGS, unchangedSince, annotations };
  }
  const att = storeAttFlags(c);
  return att === undefined
    ? undefined
    : { name: "STORE", by, set, ...att, unchangedSince, annotations: undefined };
}

/** RFC 5257 §4.5: as with .SILENT. */
const NO_FLAGS: StoreAttFlags = { op: "add", silent: true, list: { flags: 0, keywords: [] } };

/** What STORE does with which flags. */
export interface StoreAttFlags {
  readonly op: "add" | "remove" | "replace";
  readonly silent: boolean;
  readonly list: FlagList;
}

/** store-att-flags = (["+" / "-"] "FLAGS" [".SILENT"]) SP (flag-list / (flag *(SP flag))) */
export function storeAttFlags(c: Cursor): StoreAttFlags | undefined {
  const op = c.take(0x2b) ? "add" : c.take(0x2d) ? "remove" : "replace";
  const silent = c.keyword("FLAGS.SILENT");
  if (!silent && !c.keyword("FLAGS")) return c.fail("store item", "No such STORE item");
  if (!c.sp()) return undefined;
  const list = c.peek() === 0x28 ? flagList(c) : flags(c);
  return list === undefined ? undefined : { op, silent, list };
}
