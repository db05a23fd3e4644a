/** SORT and THREAD over the in-memory store, by the headers of its messages. */
import {
  type Comparator,
  COMPARATORS,
  type SearchKey,
  type SortOrder,
  type ThreadRow,
} from "../../src/core/search.ts";
import { foldOf, MessageParser, type SortKeys, sortKeys } from "../../src/mime/mod.ts";
import type { Entry } from "./imap_store_rows.ts";
import { scoreOf } from "./imap_store_search.ts";

function keysOf(entry: Entry, comparator: Comparator): SortKeys {
  const parser = new MessageParser();
  parser.push(entry.octets);
  return sortKeys(parser.finish().header, foldOf(comparator));
}

/** Entries in order; those that are equal stay in the order of the mailbox. */
export function sorted(
  entries: readonly Entry[],
  order: readonly SortOrder[],
  key: SearchKey,
  comparator: Comparator = COMPARATORS[0],
): readonly Entry[] {
  const keyed = entries.map((entry) => ({
    entry,
    values: order.map((one) => valueOf(entry, one, key, comparator)),
  }));
  keyed.sort((a, b) => {
    for (const [i, { reverse }] of order.entries()) {
      const one = a.values[i]!, other = b.values[i]!;
      if (one !== other) return (one < other ? -1 : 1) * (reverse ? -1 : 1);
    }
    return a.entry.uid - b.entry.uid;
  });
  return keyed.map(({ entry }) => entry);
}

function valueOf(
  entry: Entry,
  { by, value }: SortOrder,
  key: SearchKey,
  comparator: Comparator,
): string | number {
  if (by === "annotation") {
    const of = entry.annotations.find((one) => one.entry === value!.entry && one.user === (value!.user ?? 0));
    return foldOf(comparator)(new TextDecoder().decode(of?.value ?? new Uint8Array(0)));
  }
  const keys = keysOf(entry, comparator);
  switch (by) {
    case "arrival":
      return entry.internalDate;
    case "modseq":
      return entry.modSeq;
    case "relevancy":
      return -scoreOf(key, entry);
    case "uid":
      return entry.uid;
    case "size":
      return entry.octets.length;
    case "date":
      return keys.sentAt ?? entry.internalDate;
    case "displayfrom":
      return keys.displayFrom;
    case "displayto":
      return keys.displayTo;
    default:
      return keys[by];
  }
}

/** What threads are made of. */
export function threadRow(entry: Entry, comparator: Comparator = COMPARATORS[0]): ThreadRow {
  const { subject, isReply, sentAt, messageId, references } = keysOf(entry, comparator);
  return { uid: entry.uid, sentAt: sentAt ?? entry.internalDate, subject, isReply, messageId, references };
}
