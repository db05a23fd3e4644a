/**
 * SORT and THREAD: RFC 5256 §5; RFC 5957 §5; RFC 5267 §3; RFC 6203 §7; RFC 5257 §5; draft-ietf-morg-inthread (REFS).
 */
import type { AccountId } from "../../core/brands.ts";
import type { SortBy, SortOrder } from "../../core/search.ts";
import type { By, Command, SearchNode, SearchReturn, ThreadAlgorithm } from "../command.ts";
import { sortAnnotation } from "./annotation.ts";
import type { Cursor } from "./cursor.ts";
import { charset, mayRank, searchKeys } from "./search.ts";
import { searchReturnOpts } from "./search_return.ts";

/**
 * sort = ["UID" SP] "SORT" [SP search-return-opts] SP sort-criteria SP search-criteria
 *
 * Behind SORT.
 */
export function sort(c: Cursor, by: By): Command | undefined {
  if (!c.sp()) return undefined;
  let returns: SearchReturn | undefined;
  if (c.keyword("RETURN")) {
    returns = searchReturnOpts(c);
    if (returns === undefined || !c.sp()) return undefined;
  }
  const order = sortCriteria(c);
  if (order === undefined || !c.sp()) return undefined;
  const criteria = searchCriteria(c);
  if (criteria === undefined || !mayRank(c, returns, order, criteria)) return undefined;
  return { name: "SORT", by, returns, order, criteria };
}

/**
 * sort-criteria = "(" sort-criterion *(SP sort-criterion) ")"
 * sort-criterion = ["REVERSE" SP] sort-key
 *
 * A key that comes again decides nothing any more.
 */
function sortCriteria(c: Cursor): readonly SortOrder[] | undefined {
  if (!c.expect(0x28)) return undefined;
  const order = new Map<string, SortOrder>();
  do {
    let reverse = false;
    if (c.keyword("REVERSE")) {
      if (!c.sp()) return undefined;
      reverse = true;
    }
    if (c.keyword("ANNOTATION")) {
      const one = sortAnnotation(c);
      if (one === undefined) return undefined;
      const { shared, ...by } = one;
      const name = `${shared ? "s" : "p"}${by.value!.entry}`;
      // The private value is the user's, who is not known here.
      const value = shared ? by.value! : { ...by.value!, user: 0 as AccountId };
      if (!order.has(name)) order.set(name, { by: "annotation", value, reverse });
      continue;
    }
    const by = sortKey(c);
    if (by === undefined) return undefined;
    if (!order.has(by)) order.set(by, { by, reverse });
  } while (c.take(0x20));
  return c.expect(0x29) ? [...order.values()] : undefined;
}

/**
 * sort-key = "ARRIVAL" / "CC" / "DATE" / "FROM" / "SIZE" / "SUBJECT" / "TO" / "DISPLAYFROM" / "DISPLAYTO" /
 *            "RELEVANCY" (RFC 6203 §7) / "MODSEQ" / "UID" (Cyrus)
 */
function sortKey(c: Cursor): SortBy | undefined {
  const word = c.word().toLowerCase();
  switch (word) {
    case "arrival":
    case "cc":
    case "date":
    case "displayfrom":
    case "displayto":
    case "from":
    case "modseq":
    case "relevancy":
    case "size":
    case "subject":
    case "to":
    case "uid":
      return word;
    default:
      return c.fail("sort key", "No such SORT criterion");
  }
}

/** thread = ["UID" SP] "THREAD" SP thread-alg SP search-criteria; behind THREAD. */
export function thread(c: Cursor, by: By): Command | undefined {
  const algorithm = c.sp() ? threadAlg(c) : undefined;
  if (algorithm === undefined || !c.sp()) return undefined;
  const criteria = searchCriteria(c);
  return criteria === undefined ? undefined : { name: "THREAD", by, algorithm, criteria };
}

/** thread-alg = "ORDEREDSUBJECT" / "REFERENCES" / "REFS" */
function threadAlg(c: Cursor): ThreadAlgorithm | undefined {
  const word = c.word();
  switch (word) {
    case "ORDEREDSUBJECT":
    case "REFERENCES":
    case "REFS":
      return word;
    default:
      return c.fail("thread algorithm", "No such THREAD algorithm");
  }
}

/** search-criteria = charset 1*(SP search-key): unlike SEARCH, the charset always stands there. */
function searchCriteria(c: Cursor): SearchNode | undefined {
  const decode = charset(c);
  return decode === undefined || !c.sp() ? undefined : searchKeys(c, decode);
}
