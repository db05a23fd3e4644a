/** Search keys that hold no other keys: RFC 9051 §9. */
import { Flag } from "../../core/store.ts";
import type { SearchNode } from "../command.ts";
import { searchAnnotation } from "./annotation.ts";
import type { Decode } from "./charset.ts";
import type { Cursor } from "./cursor.ts";
import { date } from "./date.ts";
import { flagKeyword } from "./flags.ts";
import { headerFldName } from "./section.ts";
import { sequenceSet } from "./sequence_set.ts";
import { utf8 } from "./octets.ts";
import { SEARCH_CHARSETS } from "./charset.ts";
import { astringOctets, atom, number64, nzNumber, quoted } from "./string.ts";

type Leaf = (c: Cursor, decode: Decode) => SearchNode | undefined;

/** Search keys by their first word; each function stands behind it. */
const LEAVES: ReadonlyMap<string, Leaf> = new Map<string, Leaf>([
  ["ALL", () => ({ key: "ALL" })],
  ["ANNOTATION", searchAnnotation],
  ["ANSWERED", flag(Flag.Answered, true)],
  ["DELETED", flag(Flag.Deleted, true)],
  ["DRAFT", flag(Flag.Draft, true)],
  ["FLAGGED", flag(Flag.Flagged, true)],
  ["SEEN", flag(Flag.Seen, true)],
  ["UNANSWERED", flag(Flag.Answered, false)],
  ["UNDELETED", flag(Flag.Deleted, false)],
  ["UNDRAFT", flag(Flag.Draft, false)],
  ["UNFLAGGED", flag(Flag.Flagged, false)],
  ["UNSEEN", flag(Flag.Seen, false)],
  // RFC 3501 only.
  ["NEW", () => ({
    key: "AND",
    of: [{ key: "RECENT", set: true }, { key: "FLAG", flag: Flag.Seen, set: false }],
  })],
  ["OLD", () => ({ key: "RECENT", set: false })],
  ["RECENT", () => ({ key: "RECENT", set: true })],
  ["KEYWORD", keyword(true)],
  ["UNKEYWORD", keyword(false)],
  ["BCC", header("Bcc")],
  ["CC", header("Cc")],
  ["FROM", header("From")],
  ["SUBJECT", header("Subject")],
  ["TO", header("To")],
  ["HEADER", anyHeader],
  ["BODY", text("BODY")],
  ["TEXT", text("TEXT")],
  ["BEFORE", dated("internal", "before")],
  ["ON", dated("internal", "on")],
  ["SINCE", dated("internal", "since")],
  ["SENTBEFORE", dated("sent", "before")],
  ["SENTON", dated("sent", "on")],
  ["SENTSINCE", dated("sent", "since")],
  // RFC 8514 §4.3.
  ["SAVEDBEFORE", dated("saved", "before")],
  ["SAVEDON", dated("saved", "on")],
  ["SAVEDSINCE", dated("saved", "since")],
  ["SAVEDATESUPPORTED", () => ({ key: "ALL" })],
  ["LARGER", size("larger")],
  ["SMALLER", size("smaller")],
  // RFC 5032 §3.
  ["OLDER", age("older")],
  ["YOUNGER", age("younger")],
  ["UID", uid],
  // RFC 9738 §3.2.
  ["UIDAFTER", beside((uid) => [uid + 1, MAX_UID])],
  ["UIDBEFORE", beside((uid) => [1, uid - 1])],
  ["MODSEQ", modSeq],
  // RFC 5466 §3.1.
  ["FILTER", filter],
  ["EMAILID", objectId("EMAILID")],
  ["THREADID", objectId("THREADID")],
]);

/** search-key without NOT, OR and parentheses. */
export function searchLeaf(c: Cursor, decode: Decode): SearchNode | undefined {
  const first = c.peek();
  if (first === 0x2a || first === 0x24 || (first >= 0x30 && first <= 0x39)) {
    const set = sequenceSet(c);
    return set === undefined ? undefined : { key: "SET", by: "seq", set };
  }
  const leaf = LEAVES.get(c.word());
  return leaf === undefined ? c.fail("search key", "No such SEARCH key") : leaf(c, decode);
}

function flag(bit: number, set: boolean): Leaf {
  const node: SearchNode = { key: "FLAG", flag: bit, set };
  return () => node;
}

/** ("KEYWORD" / "UNKEYWORD") SP flag-keyword */
function keyword(set: boolean): Leaf {
  return (c) => {
    const name = c.sp() ? flagKeyword(c) : undefined;
    return name === undefined ? undefined : { key: "KEYWORD", name, set };
  };
}

/** SP astring, decoded from the command's charset. */
function searchText(c: Cursor, decode: Decode): string | undefined {
  const octets = c.sp() ? astringOctets(c) : undefined;
  if (octets === undefined) return undefined;
  return decode(octets) ?? c.fail("charset", "A search text is not in the charset of the SEARCH");
}

function header(field: string): Leaf {
  return (c, decode) => {
    const value = searchText(c, decode);
    return value === undefined ? undefined : { key: "HEADER", field, text: value };
  };
}

/** "HEADER" SP header-fld-name SP astring */
function anyHeader(c: Cursor, decode: Decode): SearchNode | undefined {
  const field = c.sp() ? headerFldName(c) : undefined;
  if (field === undefined) return undefined;
  const value = searchText(c, decode);
  return value === undefined ? undefined : { key: "HEADER", field, text: value };
}

function text(key: "BODY" | "TEXT"): Leaf {
  return (c, decode) => {
    const value = searchText(c, decode);
    return value === undefined ? undefined : { key, text: value };
  };
}

function dated(of: "internal" | "sent" | "saved", is: "before" | "on" | "since"): Leaf {
  return (c) => {
    const day = c.sp() ? date(c) : undefined;
    return day === undefined ? undefined : { key: "DATE", of, is, date: day };
  };
}

/** ("LARGER" / "SMALLER") SP number64 */
function size(is: "larger" | "smaller"): Leaf {
  return (c) => {
    const octets = c.sp() ? number64(c) : undefined;
    return octets === undefined ? undefined : { key: "SIZE", is, octets };
  };
}

/** ("OLDER" / "YOUNGER") SP nz-number */
function age(is: "older" | "younger"): Leaf {
  return (c) => {
    const seconds = c.sp() ? nzNumber(c) : undefined;
    return seconds === undefined ? undefined : { key: "AGE", is, seconds };
  };
}

/** ("EMAILID" / "THREADID") SP objectid; objectid = 1*255(ALPHA / DIGIT / "_" / "-") (RFC 8474 §7) */
function objectId(key: "EMAILID" | "THREADID"): Leaf {
  return (c) => {
    const id = c.sp() ? atom(c) : undefined;
    if (id === undefined) return undefined;
    return /^[A-Za-z0-9_-]{1,255}$/.test(id) ? { key, id } : c.fail("object id", "Not an object identifier");
  };
}

/** The name of a stored search (RFC 5466 §4 filter-name): what an atom may hold, but no slash. */
export const FILTER_NAME = /^[!#$&'+,.0-9:;<=>?@A-Z^_`a-z|~-]{1,255}$/;

/**
 * "FILTER" SP filter-name
 *
 * RFC 5466 §3.1: it implies UTF-8, and another charset is an error.
 */
function filter(c: Cursor, decode: Decode): SearchNode | undefined {
  const name = c.sp() ? atom(c) : undefined;
  if (name === undefined) return undefined;
  if (!FILTER_NAME.test(name)) return c.fail("filter name", "Not the name of a filter");
  if (decode !== utf8) {
    const code = { code: "BADCHARSET", charsets: SEARCH_CHARSETS.slice(0, 2) } as const;
    return c.fail("charset", "FILTER goes with UTF-8 only", "BAD", code);
  }
  return { key: "FILTER", name: name.toLowerCase() };
}

/** "UID" SP sequence-set */
function uid(c: Cursor): SearchNode | undefined {
  const set = c.sp() ? sequenceSet(c) : undefined;
  return set === undefined ? undefined : { key: "SET", by: "uid", set };
}

/**
 * search-modsequence = "MODSEQ" [search-modseq-ext] SP mod-sequence-valzer
 * search-modseq-ext = SP entry-name SP entry-type-req
 * entry-type-req = "priv" / "shared" / "all"
 *
 * RFC 7162 §3.1.5. Metadata items have no mod-sequences of their own here: the entry says nothing more.
 */
function modSeq(c: Cursor): SearchNode | undefined {
  if (!c.sp()) return undefined;
  if (c.peek() === 0x22) {
    const entry = quoted(c);
    if (entry === undefined || !c.sp()) return undefined;
    if (!c.keyword("ALL") && !c.keyword("PRIV") && !c.keyword("SHARED")) return c.expected("an entry type");
    if (!c.sp()) return undefined;
  }
  const atLeast = number64(c);
  return atLeast === undefined ? undefined : { key: "MODSEQ", atLeast };
}

const MAX_UID = 0xffff_ffff;

/** SP uniqueid; `range` is what lies beside it, which may be nothing. */
function beside(range: (uid: number) => readonly [number, number]): Leaf {
  return (c) => {
    const uid = c.sp() ? nzNumber(c) : undefined;
    if (uid === undefined) return undefined;
    const [low, high] = range(uid);
    if (low > high) return { key: "NOT", of: { key: "ALL" } };
    return { key: "SET", by: "uid", set: { kind: "ranges", ranges: [[low, high]] } };
  };
}
