/**
 * Texts under comparators other than i;unicode-casemap (RFC 5255 §4.7). What is stored for SEARCH and SORT is folded,
 * so these read the messages again: rarely asked for, they cost nobody else anything.
 */
import type { AccountId, MailboxId } from "../core/brands.ts";
import { done, type Outcome, refused } from "../core/failure.ts";
import type { Comparator, SearchKey, SortBy, SortOrder } from "../core/search.ts";
import type { FetchRow, OctetRange } from "../core/store.ts";
import { rangesOf, type UidSet } from "../core/uidset.ts";
import { compareFolded, foldAscii, foldOf, headerText, type SortKeys, sortKeys } from "../mime/mod.ts";
import { annotationText, StoreAnnotations } from "./annotations.ts";
import { charsetOf } from "./charset.ts";
import type { StoreContext } from "./context.ts";
import { fetch } from "./fetch.ts";
import { octets } from "./octets.ts";
import { join } from "../bytes/join.ts";
import { SHARED } from "./sql/annotation.ts";
import { textOf } from "./text.ts";

type ExactKey = Extract<SearchKey, { readonly key: "header" | "body" | "text" }> & {
  readonly match: Exclude<Comparator, "i;unicode-casemap">;
};

/** True when a key compares texts otherwise than by i;unicode-casemap. */
export function isExact(key: SearchKey): boolean {
  return exactKeys(key).length > 0;
}

function exactKeys(key: SearchKey): readonly ExactKey[] {
  switch (key.key) {
    case "and":
    case "or":
      return key.of.flatMap(exactKeys);
    case "not":
      return exactKeys(key.of);
    case "header":
    case "body":
    case "text":
      return key.match === undefined || key.match === "fuzzy" ? [] : [key as ExactKey];
    default:
      return [];
  }
}

/**
 * The same key with the messages that match in place of what only their octets tell. `search`: UIDs that match a
 * key without such parts. LIMIT: it took too long.
 */
export async function withoutExact(
  context: StoreContext,
  account: AccountId,
  mailbox: MailboxId,
  key: SearchKey,
  search: (key: SearchKey) => Promise<Outcome<Uint32Array>>,
): Promise<Outcome<SearchKey>> {
  const keys = exactKeys(key);
  const candidates = await search({ key: "or", of: either(keys.map(superset)) });
  if (!candidates.ok) return candidates;
  const found = new Map(keys.map((each) => [each, [] as number[]]));
  const needsBody = keys.some(({ key }) => key !== "header");
  const until = context.world.ticks() + context.limits.searchIndexMs;
  const wanted = { facts: true, structure: needsBody };
  const fallback = await charsetOf(context, account);
  for await (const rows of fetch(context, account, mailbox, rangesOf(candidates.value), wanted)) {
    for (const row of rows) {
      const text = needsBody
        ? await wholeText(context, account, row, fallback)
        : await headerOf(context, account, row, fallback);
      if (text === undefined) continue;
      for (const [each, uids] of found) if (matches(each, text)) uids.push(row.uid);
    }
    if (context.world.ticks() > until) return refused("LIMIT", "Search takes too long");
  }
  return done(replaced(key, found));
}

/** A choice of at least two keys. */
function either(keys: readonly SearchKey[]): readonly [SearchKey, SearchKey] {
  const [first, ...rest] = keys as [SearchKey, ...SearchKey[]];
  return [first, rest.length === 0 ? first : rest.length === 1 ? rest[0]! : { key: "or", of: either(rest) }];
}

/**
 * A key that the index answers and that finds all that the exact one finds: a run of ASCII in the text stands in the
 * folded text as well, in capitals, whatever marks stand around it.
 */
function superset(key: ExactKey): SearchKey {
  const { match: _, ...folded } = key;
  const runs = key.text.match(/[\x20-\x7e]+/g) ?? [];
  const longest = runs.reduce((best, run) => run.length > best.length ? run : best, "");
  return longest === "" && key.text !== "" ? { key: "all" } : { ...folded, text: longest };
}

function replaced(key: SearchKey, found: ReadonlyMap<SearchKey, readonly number[]>): SearchKey {
  switch (key.key) {
    case "and":
      return { key: "and", of: key.of.map((each) => replaced(each, found)) };
    case "or":
      return { key: "or", of: [replaced(key.of[0], found), replaced(key.of[1], found)] };
    case "not":
      return { key: "not", of: replaced(key.of, found) };
    default: {
      const uids = found.get(key);
      return uids === undefined ? key : { key: "uid", set: rangesOf(uids) };
    }
  }
}

interface Text {
  readonly header: string;
  readonly body: string;
}

async function wholeText(
  context: StoreContext,
  account: AccountId,
  row: FetchRow,
  fallback: string,
): Promise<Text | undefined> {
  const reading = { fold: (text: string) => text, fallback };
  return await textOf(context, account, row.message, row.headerSize, row.structure!, undefined, reading);
}

async function headerOf(
  context: StoreContext,
  account: AccountId,
  row: FetchRow,
  fallback: string,
): Promise<Text | undefined> {
  for await (const [, header] of headers(context, account, [row])) {
    return { header: headerText(header, fallback), body: "" };
  }
  return undefined;
}

function matches(key: ExactKey, { header, body }: Text): boolean {
  const fold = foldOf(key.match);
  const text = fold(key.text);
  if (key.key === "body") return fold(body).includes(text);
  if (key.key === "text") return fold(header).includes(text) || fold(body).includes(text);
  // Names of fields have no case under any comparator (RFC 5322 §1.2.2).
  const name = foldAscii(`${key.field}:`);
  return header.split("\n").some((line) =>
    foldAscii(line.slice(0, name.length)) === name && fold(line.slice(name.length)).includes(text)
  );
}

/** Octets of one header that are read: as many as MIME parsing itself looks at. */
const HEADER_OCTETS = 262_144;

/** Headers of messages, in their order; of those that are there. */
async function* headers(
  context: StoreContext,
  account: AccountId,
  rows: readonly FetchRow[],
): AsyncGenerator<readonly [row: FetchRow, header: Uint8Array]> {
  for (let at = 0; at < rows.length; at++) {
    const ranges = rows.slice(at).map(({ message, headerSize }): OctetRange => ({
      message,
      start: 0,
      end: Math.min(headerSize, HEADER_OCTETS),
    }));
    let pieces: Uint8Array[] = [], whole = 0;
    // A message that is gone ends the reading: what lies behind it is read anew.
    for await (const piece of octets(context, account, ranges)) {
      pieces.push(piece.octets);
      if (!piece.last) continue;
      yield [rows[at + piece.index]!, pieces.length === 1 ? pieces[0]! : join(pieces)];
      pieces = [];
      whole = piece.index + 1;
    }
    at += whole;
  }
}

/** Keys of messages under a comparator, by their UIDs. LIMIT: it took too long. */
export async function exactSortKeys(
  context: StoreContext,
  account: AccountId,
  mailbox: MailboxId,
  uids: UidSet,
  comparator: Comparator,
): Promise<Outcome<ReadonlyMap<number, { readonly row: FetchRow; readonly keys: SortKeys }>>> {
  const found = new Map<number, { row: FetchRow; keys: SortKeys }>();
  const fold = foldOf(comparator);
  const fallback = await charsetOf(context, account);
  const until = context.world.ticks() + context.limits.searchIndexMs;
  for await (const rows of fetch(context, account, mailbox, uids, { facts: true })) {
    for await (const [row, header] of headers(context, account, rows)) {
      found.set(row.uid, { row, keys: sortKeys(header, fold, fallback) });
    }
    if (context.world.ticks() > until) return refused("LIMIT", "This takes too long");
  }
  return done(found);
}

/** Puts UIDs, ascending, in order under a comparator; `scores` for relevancy. LIMIT: it took too long. */
export async function exactOrder(
  context: StoreContext,
  account: AccountId,
  mailbox: MailboxId,
  uids: Uint32Array,
  order: readonly SortOrder[],
  comparator: Comparator,
  scores: ReadonlyMap<number, number>,
): Promise<Outcome<Uint32Array>> {
  const read = await exactSortKeys(context, account, mailbox, rangesOf(uids), comparator);
  if (!read.ok) return read;
  const annotated = await annotatedWith(context, account, mailbox, uids, order, foldOf(comparator));
  const messages = Array.from(uids).filter((uid) => read.value.has(uid)).map((uid) => {
    const { row, keys } = read.value.get(uid)!;
    const values = order.map((one) =>
      one.by === "annotation"
        ? annotated.get(one)!.get(uid) ?? ""
        : valueOf(one.by, row, keys, scores.get(uid) ?? 0)
    );
    return { uid, values };
  });
  messages.sort((a, b) => {
    for (const [i, { reverse }] of order.entries()) {
      const one = a.values[i]!, other = b.values[i]!;
      const by = typeof one === "number" ? one - (other as number) : compareFolded(one, other as string);
      if (by !== 0) return reverse ? -by : by;
    }
    return a.uid - b.uid;
  });
  return done(Uint32Array.from(messages, ({ uid }) => uid));
}

/** Values of the annotations that criteria name, by UID; none of what is no text. */
async function annotatedWith(
  context: StoreContext,
  account: AccountId,
  mailbox: MailboxId,
  uids: Uint32Array,
  order: readonly SortOrder[],
  fold: (text: string) => string,
): Promise<ReadonlyMap<SortOrder, ReadonlyMap<number, string>>> {
  const found = new Map<SortOrder, ReadonlyMap<number, string>>();
  for (const one of order) {
    if (one.by !== "annotation") continue;
    const { entry, user } = one.value!;
    const of = { account, mailbox, user: user ?? SHARED as AccountId };
    const texts = new Map<number, string>();
    for (const each of await new StoreAnnotations(context).read(of, rangesOf(uids))) {
      if (each.entry !== entry || each.shared !== (user === undefined)) continue;
      const text = annotationText(each.value);
      if (text !== undefined) texts.set(each.uid, fold(text));
    }
    found.set(one, texts);
  }
  return found;
}

function valueOf(
  by: Exclude<SortBy, "annotation">,
  row: FetchRow,
  keys: SortKeys,
  score: number,
): string | number {
  switch (by) {
    case "arrival":
      return row.internalDate;
    case "cc":
    case "from":
    case "subject":
    case "to":
      return keys[by];
    case "date":
      return keys.sentAt ?? row.internalDate;
    case "displayfrom":
      return keys.displayFrom;
    case "displayto":
      return keys.displayTo;
    case "modseq":
      return row.modSeq;
    case "relevancy":
      return -score;
    case "size":
      return row.size;
    case "uid":
      return row.uid;
    default:
      return by satisfies never;
  }
}
