/** Search return options: RFC 4466 §2.6; RFC 4731; RFC 5182; RFC 5267; RFC 6203; RFC 9394. */
import type { Command, FetchItem, PartialRange, SearchOption, SearchReturn } from "../command.ts";
import type { Cursor } from "./cursor.ts";
import { fetchAtts } from "./notify.ts";
import { partialRange } from "./partial.ts";
import { ascii } from "./octets.ts";
import { nzNumber, quoted } from "./string.ts";

/**
 * search-return-opts = SP "RETURN" SP "(" [search-return-opt *(SP search-return-opt)] ")"
 *
 * Behind RETURN. An empty list means ALL (RFC 4731 §3.1).
 */
export function searchReturnOpts(c: Cursor): SearchReturn | undefined {
  if (!c.sp() || !c.expect(0x28)) return undefined;
  if (c.take(0x29)) return { options: ["ALL"], partial: undefined, update: [] };
  const options = new Set<SearchOption>();
  let partial: PartialRange | undefined;
  let update: readonly FetchItem[] = [];
  do {
    const word = c.word();
    switch (word) {
      case "MIN":
      case "MAX":
      case "ALL":
      case "COUNT":
      case "SAVE":
      case "CONTEXT":
      case "RELEVANCY":
        break;
      case "UPDATE": {
        // RFC 5465 §7; its example has a space, its syntax none.
        const items = c.take(0x28) || c.takeSpaceParen() ? fetchAtts(c) : [];
        if (items === undefined) return undefined;
        update = items;
        break;
      }
      case "PARTIAL":
        if (partial !== undefined) return c.fail("return option", "PARTIAL comes twice");
        partial = c.sp() ? partialRange(c) : undefined;
        if (partial === undefined) return undefined;
        break;
      default:
        return c.fail("return option", "No such SEARCH return option");
    }
    options.add(word);
  } while (c.take(0x20));
  // RFC 9394 §3.1.
  if (partial !== undefined && options.has("ALL")) {
    return c.fail("return option", "Either PARTIAL or ALL can be returned");
  }
  return c.expect(0x29) ? { options: [...options], partial, update } : undefined;
}

/** cancelupdate = "CANCELUPDATE" 1*(SP quoted) (RFC 5267 §5) */
export function cancelUpdate(c: Cursor): Command | undefined {
  const tags: string[] = [];
  while (tags.length === 0 || c.peek() === 0x20) {
    const octets = c.sp() ? quoted(c) : undefined;
    if (octets === undefined) return undefined;
    tags.push(ascii(octets, 0, octets.length));
  }
  return { name: "CANCELUPDATE", tags };
}

/**
 * message-batches = "UIDBATCHES" SP nz-number [SP nz-number ":" nz-number] (RFC 10022 §4)
 */
export function uidBatches(c: Cursor): Command | undefined {
  const size = c.sp() ? nzNumber(c) : undefined;
  if (size === undefined) return undefined;
  if (c.peek() !== 0x20) return { name: "UIDBATCHES", size, range: undefined };
  const first = c.sp() ? nzNumber(c) : undefined;
  if (first === undefined || !c.expect(0x3a)) return undefined;
  const last = nzNumber(c);
  if (last === undefined) return undefined;
  // RFC 10022 §3.1.5.
  if (first > last) return c.fail("batch range", "A range of batches goes up", "BAD", { code: "CLIENTBUG" });
  return { name: "UIDBATCHES", size, range: [first, last] };
}
