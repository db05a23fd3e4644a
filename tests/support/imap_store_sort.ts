/** SORT and THREAD over the in-memory store, by the headers of its messages. */
import type { SortOrder, ThreadRow } from "../../src/core/search.ts";
import { MessageParser, type SortKeys, sortKeys } from "../../src/mime/mod.ts";
import type { Entry } from "./imap_store_rows.ts";

function keysOf(entry: Entry): SortKeys {
  const parser = new MessageParser();
  parser.push(entry.octets);
  return sortKeys(parser.finish().header);
}

/** Entries in order; those that are equal stay in the order of the mailbox. */
export function sorted(entries: readonly Entry[], order: readonly SortOrder[]): readonly Entry[] {
  const keyed = entries.map((entry) => ({ entry, values: order.map((one) => valueOf(entry, one)) }));
  keyed.sort((a, b) => {
    for (const [i, { reverse }] of order.entries()) {
      const one = a.values[i]!, other = b.values[i]!;
      if (one !== other) return (one < other ? -1 : 1) * (reverse ? -1 : 1);
    }
    return a.entry.uid - b.entry.uid;
  });
  return keyed.map(({ entry }) => entry);
}

function valueOf(entry: Entry, { by, value }: SortOrder): string | number {
  if (by === "annotation") {
    const of = entry.annotations.find((one) => one.entry === value!.entry && one.user === (value!.user ?? 0));
    return new TextDecoder().decode(of?.value ?? new Uint8Array(0)).toLowerCase();
  }
  const keys = keysOf(entry);
  switch (by) {
    case "arrival":
      return entry.internalDate;
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
export function threadRow(entry: Entry): ThreadRow {
  const { subject, isReply, sentAt, messageId, references } = keysOf(entry);
  return { uid: entry.uid, sentAt: sentAt ?? entry.internalDate, subject, isReply, messageId, references };
}
