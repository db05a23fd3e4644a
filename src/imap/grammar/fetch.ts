/** FETCH: RFC 9051 §6.4.5, §9; RFC 3501 §9; RFC 7162 §3.1.4. */
import type { By, Command, FetchItem } from "../command.ts";
import { fetchAnnotation } from "./annotation.ts";
import type { Cursor } from "./cursor.ts";
import { fetchModifiers, NO_MODIFIERS } from "./fetch_modifier.ts";
import { partial, section, sectionBinary } from "./section.ts";
import { sequenceSet } from "./sequence_set.ts";

const FAST: readonly FetchItem[] = [{ item: "FLAGS" }, { item: "INTERNALDATE" }, { item: "RFC822.SIZE" }];
const ALL: readonly FetchItem[] = [...FAST, { item: "ENVELOPE" }];
const FULL: readonly FetchItem[] = [...ALL, { item: "BODY" }];

/**
 * fetch = "FETCH" SP sequence-set SP ("ALL" / "FULL" / "FAST" / fetch-att /
 *         "(" fetch-att *(SP fetch-att) ")") [fetch-modifiers]
 */
export function fetch(c: Cursor, by: By): Command | undefined {
  if (!c.sp()) return undefined;
  const set = sequenceSet(c);
  if (set === undefined || !c.sp()) return undefined;
  const items = fetchItems(c);
  if (items === undefined) return undefined;
  const modifiers = c.takeSpaceParen() ? fetchModifiers(c, by) : NO_MODIFIERS;
  return modifiers === undefined ? undefined : { name: "FETCH", by, set, items, ...modifiers };
}

function fetchItems(c: Cursor): readonly FetchItem[] | undefined {
  if (!c.take(0x28)) {
    if (c.keyword("ALL")) return ALL;
    if (c.keyword("FAST")) return FAST;
    if (c.keyword("FULL")) return FULL;
    const only = fetchAtt(c);
    return only === undefined ? undefined : [only];
  }
  const items: FetchItem[] = [];
  do {
    if (items.length === c.limits.fetchItems) {
      return c.fail("too many items", "A FETCH asks for too many items", "NO", { code: "LIMIT" });
    }
    const next = fetchAtt(c);
    if (next === undefined) return undefined;
    items.push(next);
  } while (c.take(0x20));
  return c.expect(0x29) ? items : undefined;
}

/**
 * fetch-att = "ENVELOPE" / "FLAGS" / "INTERNALDATE" / "RFC822.SIZE" / "BODY" ["STRUCTURE"] / "UID" /
 *             "BODY" section [partial] / "BODY.PEEK" section [partial] /
 *             "BINARY" [".PEEK"] section-binary [partial] / "BINARY.SIZE" section-binary
 *
 * RFC 3501 §9 adds "RFC822" [".HEADER" / ".SIZE" / ".TEXT"], RFC 7162 §7 adds "MODSEQ".
 */
export function fetchAtt(c: Cursor): FetchItem | undefined {
  switch (c.peek() & ~0x20) {
    case 0x46: // F
      if (c.keyword("FLAGS")) return { item: "FLAGS" };
      break;
    case 0x55: // U
      if (c.keyword("UID")) return { item: "UID" };
      break;
    case 0x42: // B
      return bodyAtt(c);
    case 0x52: // R
      if (c.keyword("RFC822.SIZE")) return { item: "RFC822.SIZE" };
      if (c.keyword("RFC822.HEADER")) return { item: "RFC822.HEADER" };
      if (c.keyword("RFC822.TEXT")) return { item: "RFC822.TEXT" };
      if (c.keyword("RFC822")) return { item: "RFC822" };
      break;
    default:
      if (c.keyword("ANNOTATION")) return fetchAnnotation(c);
      if (c.keyword("ENVELOPE")) return { item: "ENVELOPE" };
      if (c.keyword("EMAILID")) return { item: "EMAILID" };
      if (c.keyword("INTERNALDATE")) return { item: "INTERNALDATE" };
      if (c.keyword("MODSEQ")) return { item: "MODSEQ" };
      if (c.keyword("PREVIEW")) return preview(c);
      if (c.keyword("SAVEDATE")) return { item: "SAVEDATE" };
      if (c.keyword("SNIPPET")) return snippet(c);
      if (c.keyword("THREADID")) return { item: "THREADID" };
  }
  return c.fail("fetch item", "No such FETCH item");
}

/** "PREVIEW" [SP "(" preview-mod *(SP preview-mod) ")"], behind its name; preview-mod = "LAZY" (RFC 8970 §6) */
function preview(c: Cursor): FetchItem | undefined {
  if (c.takeSpaceParen()) {
    do {
      if (!c.keyword("LAZY")) return c.fail("preview modifier", "No such PREVIEW modifier");
    } while (c.take(0x20));
    if (!c.expect(0x29)) return undefined;
  }
  return { item: "PREVIEW" };
}

/**
 * "SNIPPET" [SP "(" snippet-alg *(SP snippet-alg) ")"], behind its name; snippet-alg = "FUZZY" / "LAZY=FUZZY"
 *
 * Of draft-slusarz-imap-fetch-snippet, which became RFC 8970. As with PREVIEW, LAZY asks for no less.
 */
function snippet(c: Cursor): FetchItem | undefined {
  if (c.takeSpaceParen()) {
    do {
      if (!c.keyword("FUZZY") && !c.keyword("LAZY=FUZZY")) {
        return c.fail("snippet algorithm", "No such SNIPPET algorithm");
      }
    } while (c.take(0x20));
    if (!c.expect(0x29)) return undefined;
  }
  return { item: "SNIPPET" };
}

function bodyAtt(c: Cursor): FetchItem | undefined {
  if (c.keyword("BODYSTRUCTURE")) return { item: "BODYSTRUCTURE" };
  if (c.keyword("BODY")) return c.peek() === 0x5b ? bodySection(c, false) : { item: "BODY" };
  if (c.keyword("BODY.PEEK")) return bodySection(c, true);
  if (c.keyword("BINARY.SIZE")) {
    const part = sectionBinary(c);
    return part === undefined ? undefined : { item: "BINARY.SIZE", part };
  }
  const peek = c.keyword("BINARY.PEEK");
  if (!peek && !c.keyword("BINARY")) return c.fail("fetch item", "No such FETCH item");
  const part = sectionBinary(c);
  if (part === undefined) return undefined;
  const octets = c.peek() === 0x3c ? partial(c) : undefined;
  return c.fault === undefined ? { item: "BINARY", peek, part, partial: octets } : undefined;
}

function bodySection(c: Cursor, peek: boolean): FetchItem | undefined {
  const spec = section(c);
  if (spec === undefined) return undefined;
  const octets = c.peek() === 0x3c ? partial(c) : undefined;
  return c.fault === undefined ? { item: "BODY[]", peek, section: spec, partial: octets } : undefined;
}
