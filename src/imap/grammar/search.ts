/** SEARCH: RFC 9051 §6.4.4, §9; RFC 3501; RFC 4731; RFC 5182; RFC 5032; RFC 7162 §3.1.5; RFC 7377; RFC 8514. */
import type { SortOrder } from "../../core/search.ts";
import { someKey } from "../search_nodes.ts";
import type { By, Command, MailboxFilter, SearchNode, SearchReturn } from "../command.ts";
import { type Decode, SEARCH_CHARSETS, searchDecoder } from "./charset.ts";
import type { Cursor } from "./cursor.ts";
import { filterMailboxes } from "./mailbox_filter.ts";
import { utf8 } from "./octets.ts";
import { searchLeaf } from "./search_key.ts";
import { searchReturnOpts } from "./search_return.ts";
import { astring } from "./string.ts";

/** search = "SEARCH" [search-return-opts] SP search-program */
export function search(c: Cursor, by: By): Command | undefined {
  const asked = c.sp() ? returnsAndProgram(c) : undefined;
  return asked === undefined ? undefined : { name: "SEARCH", by, ...asked };
}

/**
 * esearch = "ESEARCH" [SP esearch-source-opts] [SP search-return-opts] SP search-program
 * esearch-source-opts = "IN" SP "(" source-mbox [SP "(" scope-options ")"] ")" (RFC 7377 §4)
 *
 * No scope option was ever defined.
 */
export function esearch(c: Cursor): Command | undefined {
  if (!c.sp()) return undefined;
  let sources: MailboxFilter[] | undefined;
  if (c.keyword("IN")) {
    if (!c.sp() || !c.expect(0x28)) return undefined;
    sources = [];
    do {
      const filter = filterMailboxes(c);
      if (filter === undefined) return undefined;
      if (filter.kind === "selected-delayed") return c.fail("mailbox filter", "No such choice of mailboxes");
      sources.push(filter);
    } while (c.take(0x20));
    if (!c.expect(0x29) || !c.sp()) return undefined;
  }
  const asked = returnsAndProgram(c);
  return asked === undefined ? undefined : { name: "ESEARCH", by: "uid", sources, ...asked };
}

/**
 * [search-return-opts SP] search-program
 *
 * search-program = ["CHARSET" SP charset SP] search-key *(SP search-key)
 */
function returnsAndProgram(
  c: Cursor,
): { readonly returns: SearchReturn | undefined; readonly criteria: SearchNode } | undefined {
  let returns: SearchReturn | undefined;
  if (c.keyword("RETURN")) {
    returns = searchReturnOpts(c);
    if (returns === undefined || !c.sp()) return undefined;
  }
  // Without CHARSET RFC 3501 means US-ASCII and RFC 9051 UTF-8, which holds it.
  let decode: Decode | undefined = utf8;
  if (c.keyword("CHARSET")) {
    decode = c.sp() ? charset(c) : undefined;
    if (decode === undefined || !c.sp()) return undefined;
  }
  const criteria = searchKeys(c, decode);
  if (criteria === undefined || !mayRank(c, returns, [], criteria)) return undefined;
  return { returns, criteria };
}

/** search-program, to the end of what the cursor holds: the value of a filter (RFC 5466 §3.2). */
export function searchProgram(c: Cursor): SearchNode | undefined {
  let decode: Decode | undefined = utf8;
  if (c.keyword("CHARSET")) {
    decode = c.sp() ? charset(c) : undefined;
    if (decode === undefined || !c.sp()) return undefined;
    // Stored searches are UTF-8.
    if (decode !== utf8) return c.fail("charset", "A filter is in UTF-8");
  }
  return searchKeys(c, decode);
}

/** charset = atom / quoted */
export function charset(c: Cursor): Decode | undefined {
  const name = astring(c);
  if (name === undefined) return undefined;
  return searchDecoder(name) ??
    c.fail("charset", "That charset is not offered", "NO", { code: "BADCHARSET", charsets: SEARCH_CHARSETS });
}

/**
 * RFC 6203 §4, §6: relevancy is asked for only where a key is FUZZY. A filter may hold one; that is looked at when
 * it is known. Fails otherwise.
 */
export function mayRank(
  c: Cursor,
  returns: SearchReturn | undefined,
  order: readonly SortOrder[],
  criteria: SearchNode,
): boolean {
  const ranks = returns?.options.includes("RELEVANCY") || order.some(({ by }) => by === "relevancy");
  if (!ranks || someKey(criteria, ({ key }) => key === "FUZZY" || key === "FILTER")) return true;
  c.fail("relevancy", "Without FUZZY nothing has a relevancy");
  return false;
}

/** What waits for its keys. `or`: how many keys it takes; more than two for ORs directly within it. */
type Frame =
  | { readonly kind: "and"; readonly of: SearchNode[] }
  | { readonly kind: "or"; readonly of: SearchNode[]; wanted: number }
  | { readonly kind: "not" }
  | { readonly kind: "fuzzy" };

/**
 * search-key *(SP search-key), to the command's end, with
 *
 * search-key =/ "NOT" SP search-key / "OR" SP search-key SP search-key /
 *               "FUZZY" SP search-key / "(" search-key *(SP search-key) ")"
 *
 * On an explicit stack, bounded by `searchDepth`. NOT NOT x is x, FUZZY FUZZY x is FUZZY x, and an OR directly within an OR shares its
 * level (clients write a choice of n as n-1 nested ORs); the tree is built balanced, so that whoever walks it
 * needs few levels.
 */
export function searchKeys(c: Cursor, decode: Decode): SearchNode | undefined {
  const stack: Frame[] = [{ kind: "and", of: [] }];
  for (let count = 0;; count++) {
    if (count === c.limits.searchKeys) {
      return c.fail("too many search keys", "A SEARCH has too many keys", "NO", { code: "LIMIT" });
    }
    const opened = open(c, stack);
    if (opened === undefined) return undefined;
    if (opened) continue;
    const leaf = searchLeaf(c, decode);
    if (leaf === undefined) return undefined;
    const whole = close(c, stack, leaf);
    if (whole !== undefined || c.fault !== undefined) return whole;
  }
}

/** Passes a parenthesis, NOT, OR or FUZZY, if one is here, and puts it on the stack; undefined is a fault. */
function open(c: Cursor, stack: Frame[]): boolean | undefined {
  const top = stack[stack.length - 1]!;
  if (c.take(0x28)) {
    stack.push({ kind: "and", of: [] });
  } else if (c.keyword("NOT")) {
    if (!c.sp()) return undefined;
    if (top.kind === "not") stack.pop();
    else stack.push({ kind: "not" });
  } else if (c.keyword("OR")) {
    if (!c.sp()) return undefined;
    if (top.kind === "or") top.wanted++;
    else stack.push({ kind: "or", of: [], wanted: 2 });
  } else if (c.keyword("FUZZY")) {
    if (!c.sp()) return undefined;
    if (top.kind !== "fuzzy") stack.push({ kind: "fuzzy" });
  } else {
    return false;
  }
  if (stack.length - 1 > c.limits.searchDepth) {
    return c.fail("too deep", "A SEARCH is nested too deep", "BAD", { code: "LIMIT" });
  }
  return true;
}

/** Gives a whole key to what waits for it, as far up as that makes something whole. */
function close(c: Cursor, stack: Frame[], key: SearchNode): SearchNode | undefined {
  for (;;) {
    const top = stack[stack.length - 1]!;
    if (top.kind === "not") {
      key = { key: "NOT", of: key };
      stack.pop();
      continue;
    }
    if (top.kind === "fuzzy") {
      key = { key: "FUZZY", of: key };
      stack.pop();
      continue;
    }
    top.of.push(key);
    if (top.kind === "or") {
      if (top.of.length < top.wanted) {
        c.sp();
        return undefined;
      }
      key = anyOf(top.of);
      stack.pop();
      continue;
    }
    if (stack.length === 1) {
      if (c.pos === c.end) return allOf(top.of);
      c.sp();
      return undefined;
    }
    if (!c.take(0x29)) {
      c.sp();
      return undefined;
    }
    key = allOf(top.of);
    stack.pop();
  }
}

function allOf(of: readonly SearchNode[]): SearchNode {
  return of.length === 1 ? of[0]! : { key: "AND", of };
}

/** A balanced tree of ORs. */
function anyOf(of: readonly SearchNode[]): SearchNode {
  let level = of;
  while (level.length > 1) {
    const next: SearchNode[] = [];
    for (let i = 0; i + 1 < level.length; i += 2) next.push({ key: "OR", of: [level[i]!, level[i + 1]!] });
    if (level.length % 2 === 1) next.push(level[level.length - 1]!);
    level = next;
  }
  return level[0]!;
}
