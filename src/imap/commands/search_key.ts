/** From the search keys that a client writes to those that the store understands (RFC 9051 §6.4.4). */
import type { AccountId, ModSeq } from "../../core/brands.ts";
import { type Comparator, COMPARATORS, type SearchKey, type TextMatch } from "../../core/search.ts";
import type { UidSet } from "../../core/uidset.ts";
import { messageOfEmailId } from "../object_id.ts";
import { type SearchNode, STAR } from "../command.ts";
import type { Numbering } from "../numbering.ts";
import { someKey } from "../search_nodes.ts";
import { accountOf, type Context } from "./context.ts";

const NOTHING: SearchKey = { key: "not", of: { key: "all" } };

/** What search keys mean to a session. */
export interface Meaning {
  readonly numbering: Numbering;
  /** `$` (RFC 5182 §2.1). */
  readonly saved: UidSet;
  readonly comparator: Comparator;
  /** Whose private annotations are meant: who asks, whoever has the mailbox. */
  readonly user: AccountId;
}

/** What they mean to this session, in its selected mailbox or by another numbering. */
export function meaningOf(cx: Context, numbering: Numbering = cx.session.selected!.view): Meaning {
  const { saved, comparator } = cx.session;
  return { numbering, saved, comparator, user: accountOf(cx) };
}

/** Turns sequence numbers and `$` into UIDs; the nesting is bounded by the parser. */
export function searchKey(node: SearchNode, meaning: Meaning): SearchKey {
  return keyOf(node, meaning, meaning.comparator === COMPARATORS[0] ? {} : { match: meaning.comparator });
}

/** `how`: how texts are looked for. */
function keyOf(node: SearchNode, meaning: Meaning, how: { readonly match?: TextMatch }): SearchKey {
  const { numbering: { account }, user } = meaning;
  switch (node.key) {
    case "ALL":
      return { key: "all" };
    case "AND":
      return { key: "and", of: node.of.map((of) => keyOf(of, meaning, how)) };
    case "OR":
      return {
        key: "or",
        of: [keyOf(node.of[0], meaning, how), keyOf(node.of[1], meaning, how)],
      };
    case "NOT":
      return { key: "not", of: keyOf(node.of, meaning, how) };
    case "FUZZY":
      // RFC 6203 §5: what is no text is matched exactly.
      return keyOf(node.of, meaning, { match: "fuzzy" });
    case "FILTER":
      throw new Error("Cannot search: a filter was not resolved");
    case "SET":
      return { key: "uid", set: namedUids(node, meaning) };
    case "FLAG":
      return { key: "flag", flag: node.flag, set: node.set };
    case "KEYWORD":
      return { key: "keyword", name: node.name, set: node.set };
    case "RECENT":
      // \Recent is never set here, so RECENT finds nothing and OLD everything (RFC 9051 Appendix E.11).
      return node.set ? NOTHING : { key: "all" };
    case "HEADER":
      return { key: "header", field: node.field, text: node.text, ...how };
    case "BODY":
      return { key: "body", text: node.text, ...how };
    case "TEXT":
      return { key: "text", text: node.text, ...how };
    case "DATE":
      return { key: "date", of: node.of, is: node.is, date: node.date };
    case "AGE":
      return { key: "age", is: node.is, seconds: node.seconds };
    case "SIZE":
      return { key: "size", is: node.is, octets: node.octets };
    case "ANNOTATION":
      return { key: "annotation", user, entry: node.entry, of: node.of, text: node.text, ...how };
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
  return someKey(node, (leaf) => leaf.key === "MODSEQ");
}

/** True when a key anywhere in the criteria is a set of sequence numbers; `$` is none. */
export function asksSequence(node: SearchNode): boolean {
  return someKey(node, (leaf) => leaf.key === "SET" && leaf.by === "seq" && leaf.set.kind === "ranges");
}

/** True when the UIDs of a mailbox must be known to say what the criteria mean, or what they found. */
export function asksNumbering(node: SearchNode): boolean {
  return asksModSeq(node) || someKey(node, (leaf) =>
    leaf.key === "SET" && leaf.set.kind === "ranges" &&
    (leaf.by === "seq" || leaf.set.ranges.some(([low, high]) => low === STAR || high === STAR)));
}

/** Numbers beyond the last message find nothing: clients search 1:* in empty mailboxes, too. */
function namedUids(node: SearchNode & { key: "SET" }, { numbering: view, saved }: Meaning): UidSet {
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
