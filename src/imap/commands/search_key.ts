/** From the search keys that a client writes to those that the store understands (RFC 9051 §6.4.4). */
import type { AccountId, ModSeq } from "../../core/brands.ts";
import type { SearchKey } from "../../core/search.ts";
import type { UidSet } from "../../core/uidset.ts";
import { messageOfEmailId } from "../object_id.ts";
import { type SearchNode, STAR } from "../command.ts";
import type { Numbering } from "../numbering.ts";

const NOTHING: SearchKey = { key: "not", of: { key: "all" } };

/**
 * Turns sequence numbers and `$` into UIDs; the nesting is bounded by the parser. `user`: whose private annotations
 * are meant.
 */
export function searchKey(
  node: SearchNode,
  view: Numbering,
  saved: UidSet,
  user: AccountId,
): SearchKey {
  const { account } = view;
  switch (node.key) {
    case "ALL":
      return { key: "all" };
    case "AND":
      return { key: "and", of: node.of.map((of) => searchKey(of, view, saved, user)) };
    case "OR":
      return {
        key: "or",
        of: [searchKey(node.of[0], view, saved, user), searchKey(node.of[1], view, saved, user)],
      };
    case "NOT":
      return { key: "not", of: searchKey(node.of, view, saved, user) };
    case "SET":
      return { key: "uid", set: namedUids(node, view, saved) };
    case "FLAG":
      return { key: "flag", flag: node.flag, set: node.set };
    case "KEYWORD":
      return { key: "keyword", name: node.name, set: node.set };
    case "RECENT":
      // \Recent is never set here, so RECENT finds nothing and OLD everything (RFC 9051 Appendix E.11).
      return node.set ? NOTHING : { key: "all" };
    case "HEADER":
      return { key: "header", field: node.field, text: node.text };
    case "BODY":
      return { key: "body", text: node.text };
    case "TEXT":
      return { key: "text", text: node.text };
    case "DATE":
      return { key: "date", of: node.of, is: node.is, date: node.date };
    case "AGE":
      return { key: "age", is: node.is, seconds: node.seconds };
    case "SIZE":
      return { key: "size", is: node.is, octets: node.octets };
    case "ANNOTATION":
      return { key: "annotation", user, entry: node.entry, of: node.of, text: node.text };
    case "MODSEQ":
      return { key: "modseq", atLeast: node.atLeast as ModSeq };
    case "EMAILID": {
      const message = messageOfEmailId(account, node.id);
      return message === undefined ? NOTHING : { key: "message", message };
    }
    case "THREADID":
      // RFC 8474 §5.2: without thread identifiers no message matches.
      return NOTHING;
    default:
      return node satisfies never;
  }
}

/** True when a key anywhere in the criteria is MODSEQ, which switches CONDSTORE on (RFC 7162 §3.1.5). */
export function asksModSeq(node: SearchNode): boolean {
  return some(node, (leaf) => leaf.key === "MODSEQ");
}

/** True when a key anywhere in the criteria is a set of sequence numbers; `$` is none. */
export function asksSequence(node: SearchNode): boolean {
  return some(node, (leaf) => leaf.key === "SET" && leaf.by === "seq" && leaf.set.kind === "ranges");
}

/** True when the UIDs of a mailbox must be known to say what the criteria mean, or what they found. */
export function asksNumbering(node: SearchNode): boolean {
  return asksModSeq(node) || some(node, (leaf) =>
    leaf.key === "SET" && leaf.set.kind === "ranges" &&
    (leaf.by === "seq" || leaf.set.ranges.some(([low, high]) => low === STAR || high === STAR)));
}

function some(node: SearchNode, test: (leaf: SearchNode) => boolean): boolean {
  switch (node.key) {
    case "AND":
    case "OR":
      return node.of.some((each) => some(each, test));
    case "NOT":
      return some(node.of, test);
    default:
      return test(node);
  }
}

/** Numbers beyond the last message find nothing: clients search 1:* in empty mailboxes, too. */
function namedUids(node: SearchNode & { key: "SET" }, view: Numbering, saved: UidSet): UidSet {
  if (node.set.kind === "saved" || node.by === "uid") return view.resolve(node.set, node.by, saved)!;
  if (view.count === 0) return [];
  const ranges: [number, number][] = [];
  for (const [a, b] of node.set.ranges) {
    const first = a === STAR ? view.count : a, last = b === STAR ? view.count : b;
    const low = Math.min(first, last), high = Math.min(Math.max(first, last), view.count);
    if (low <= high) ranges.push([low, high]);
  }
  return view.resolve({ kind: "ranges", ranges }, "seq", saved)!;
}
