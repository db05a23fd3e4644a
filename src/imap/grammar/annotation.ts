/** ANNOTATION in FETCH, STORE, APPEND, SEARCH and SORT: RFC 5257 §5. */
import type { AnnotationValue } from "../../core/annotation.ts";
import type { SortOrder } from "../../core/search.ts";
import type { AnnotationAttribute, FetchItem, SearchNode } from "../command.ts";
import type { Decode } from "./charset.ts";
import type { Cursor } from "./cursor.ts";
import { ascii, LIST_CHAR } from "./octets.ts";
import { astring, astringOctets, literal, nil, string, stringText } from "./string.ts";

/** Octets of a name. */
const ENTRY = 512;

const ATTRIBUTES: ReadonlySet<string> = new Set(
  ["value", "size"].flatMap((name) => [name, `${name}.priv`, `${name}.shared`]),
);

/** fetch-att =/ "ANNOTATION" SP "(" entries SP attribs ")"; behind ANNOTATION. */
export function fetchAnnotation(c: Cursor): FetchItem | undefined {
  if (!c.sp() || !c.expect(0x28)) return undefined;
  const entries = oneOrMore(c, entryMatch);
  const attributes = entries !== undefined && c.sp() ? oneOrMore(c, attribute) : undefined;
  if (entries === undefined || attributes === undefined || !c.expect(0x29)) return undefined;
  return { item: "ANNOTATION", entries, attributes };
}

/** att-annotate = "ANNOTATION" SP "(" entry-att *(SP entry-att) ")"; behind ANNOTATION. */
export function annotationValues(c: Cursor): readonly AnnotationValue[] | undefined {
  if (!c.sp() || !c.expect(0x28)) return undefined;
  const values = new Map<string, AnnotationValue>();
  do {
    const name = entry(c);
    if (name === undefined || !c.sp() || !c.expect(0x28)) return undefined;
    do {
      if (values.size >= 2 * c.limits.metadataEntries) return tooMany(c);
      const one = attValue(c, name);
      if (one === undefined) return undefined;
      values.set(`${one.shared ? "s" : "p"}${name}`, one);
    } while (c.take(0x20));
    if (!c.expect(0x29)) return undefined;
  } while (c.take(0x20));
  return c.expect(0x29) ? [...values.values()] : undefined;
}

/** search-key =/ "ANNOTATION" SP entry-match SP att-search SP value; behind ANNOTATION. */
export function searchAnnotation(c: Cursor, decode: Decode): SearchNode | undefined {
  const name = c.sp() ? entryMatch(c) : undefined;
  const asked = name !== undefined && c.sp() ? attribute(c) : undefined;
  if (name === undefined || asked === undefined) return undefined;
  if (asked.name !== "value") return c.fail("annotation attribute", "Only values can be searched");
  if (!c.sp()) return undefined;
  // NIL: messages that have no such value.
  if (nil(c)) return { key: "NOT", of: { key: "ANNOTATION", entry: name, of: asked.of, text: "" } };
  const octets = c.take(0x7e) ? literal(c, true) : astringOctets(c);
  if (octets === undefined) return undefined;
  const text = decode(octets);
  if (text === undefined) return c.fail("charset", "A search text is not in the charset of the SEARCH");
  return { key: "ANNOTATION", entry: name, of: asked.of, text };
}

/** sort-key =/ "ANNOTATION" SP entry SP att-sort; behind ANNOTATION. Whose private value it is is known later. */
export function sortAnnotation(
  c: Cursor,
): Omit<SortOrder, "reverse"> & { readonly shared: boolean } | undefined {
  const name = c.sp() ? entry(c) : undefined;
  const asked = name !== undefined && c.sp() ? attribute(c) : undefined;
  if (name === undefined || asked === undefined) return undefined;
  if (asked.name !== "value" || asked.of === "both") {
    return c.fail("annotation attribute", "Only value.priv and value.shared can be sorted by");
  }
  return { by: "annotation", value: { entry: name, user: undefined }, shared: asked.of === "shared" };
}

/** att-value = attrib SP value; the size follows from the value and cannot be set. */
function attValue(c: Cursor, name: string): AnnotationValue | undefined {
  const asked = attribute(c);
  if (asked === undefined || !c.sp()) return undefined;
  if (asked.name !== "value" || asked.of === "both") {
    return c.fail("annotation attribute", "Only value.priv and value.shared can be set");
  }
  const set = value(c);
  if (set === undefined) return undefined;
  if (set !== null && set.length > c.limits.metadata) {
    return c.fail("annotation too large", "The annotation is too large", "NO", { code: "ANNOTATE TOOBIG" });
  }
  // RFC 5257 §3.2.1.
  if (set !== null && /^\/[0-9.]+\/flags\//.test(name) && !(set.length === 1 && (set[0]! & 0xfe) === 0x30)) {
    return c.fail("annotation value", "A flag of a part is 0, 1 or NIL");
  }
  return { entry: name, shared: asked.of === "shared", value: set };
}

/** value = nstring / literal8; a copy, as it outlives the command's octets. */
function value(c: Cursor): Uint8Array | null | undefined {
  if (nil(c)) return null;
  const octets = c.take(0x7e) ? literal(c, true) : string(c);
  return octets?.slice();
}

/** entry = astring; a path without `*`, `%` and empty parts, of printable ASCII (§3.2). */
function entry(c: Cursor): string | undefined {
  const name = astring(c);
  if (name === undefined) return undefined;
  return isName(name) && !/[*%]/.test(name) ? name : badEntry(c);
}

/** entry-match = list-mailbox; a path that may hold `*` and `%`. */
function entryMatch(c: Cursor): string | undefined {
  const next = c.peek();
  let name: string | undefined;
  if (next === 0x22 || next === 0x7b) name = stringText(c);
  else {
    const start = c.run(LIST_CHAR);
    if (c.pos === start) return c.expected("the name of an annotation");
    name = ascii(c.octets, start, c.pos);
  }
  if (name === undefined) return undefined;
  const isPattern = /[*%]/.test(name) && name.length <= ENTRY && /^[!-~ ]+$/.test(name) &&
    !name.includes("//");
  return isPattern || isName(name) ? name : badEntry(c);
}

/** RFC 5257 §3.2.1: what is below `/flags` is reserved, and what begins with a digit is the number of a part. */
function isName(name: string): boolean {
  if (name.length > ENTRY || !/^(?:\/[!-.0-~ ]+)+$/.test(name)) return false;
  if (name === "/flags" || name.startsWith("/flags/")) return false;
  return !/^\/[0-9]/.test(name) || /^\/[1-9][0-9]{0,8}(?:\.[1-9][0-9]{0,8})*\/./.test(name);
}

function badEntry(c: Cursor): undefined {
  return c.fail("annotation entry", "Not the name of an annotation");
}

/** attrib = astring; in any case. */
function attribute(c: Cursor): AnnotationAttribute | undefined {
  const word = astring(c)?.toLowerCase();
  if (word === undefined) return undefined;
  if (!ATTRIBUTES.has(word)) return c.fail("annotation attribute", "No such attribute of annotations");
  const [name, of] = word.split(".") as ["value" | "size", "priv" | "shared" | undefined];
  return { name, of: of === undefined ? "both" : of === "priv" ? "private" : "shared" };
}

/** item / "(" item *(SP item) ")" */
function oneOrMore<T>(c: Cursor, item: (c: Cursor) => T | undefined): readonly T[] | undefined {
  if (!c.take(0x28)) {
    const only = item(c);
    return only === undefined ? undefined : [only];
  }
  const items: T[] = [];
  do {
    if (items.length === c.limits.metadataEntries) return tooMany(c);
    const one = item(c);
    if (one === undefined) return undefined;
    items.push(one);
  } while (c.take(0x20));
  return c.expect(0x29) ? items : undefined;
}

function tooMany(c: Cursor): undefined {
  return c.fail("too many annotations", "Too many annotations at once", "NO", { code: "LIMIT" });
}
