/** What the in-memory store keeps, and the rows that it makes of it. */
import type { AclEntry } from "../../src/core/acl.ts";
import type { MailboxId, MessageId, ModSeq, Uid } from "../../src/core/brands.ts";
import type * as S from "../../src/core/store.ts";
import { Flag } from "../../src/core/store.ts";
import { encodeBodyStructure, encodeEnvelope, MessageParser, packParts } from "../../src/mime/mod.ts";

/** One copy of a message in a mailbox. */
export interface Entry {
  uid: Uid;
  message: MessageId;
  flags: number;
  keywords: number[];
  modSeq: ModSeq;
  internalDate: number;
  saveDate: number;
  octets: Uint8Array;
  /** `user` 0: shared. A value that went is null. */
  annotations: { entry: string; user: number; value: Uint8Array | null; modSeq: number }[];
}

/** A mailbox. */
export interface Box {
  id: MailboxId;
  name: string;
  uidValidity: number;
  uidNext: number;
  highestModSeq: number;
  keywords: string[];
  specialUse: string | undefined;
  keyResets: number;
  entries: Entry[];
  vanished: { uid: number; modSeq: number }[];
  /** What vanished up to here was forgotten. */
  vanishedFloor: number;
  acl: readonly AclEntry[];
}

/** An account. */
export interface Account {
  address: string;
  modSeq: number;
  boxes: Box[];
  subscribed: Set<string>;
  annotations: S.Annotation[];
  watchers: Set<(notice: S.ChangeNotice) => void>;
}

/** Octets that an account keeps. */
export function used(of: Account): number {
  return of.boxes.reduce((sum, box) => sum + box.entries.reduce((n, entry) => n + entry.octets.length, 0), 0);
}

/** Octets of an account's annotations of messages. */
export function annotated(of: Account): number {
  const all = of.boxes.flatMap((box) => box.entries.flatMap((entry) => entry.annotations));
  return all.reduce((sum, { entry, value }) => value === null ? sum : sum + entry.length + value.length, 0);
}

/** What the store says of a mailbox. */
export function info(of: Account, box: Box): S.MailboxInfo {
  const count = (flag: number, set: boolean) =>
    box.entries.filter((entry) => ((entry.flags & flag) !== 0) === set).length;
  return {
    id: box.id,
    name: box.name,
    uidValidity: box.uidValidity,
    uidNext: box.uidNext,
    highestModSeq: box.highestModSeq as ModSeq,
    messages: box.entries.length,
    unseen: count(Flag.Seen, false),
    deleted: count(Flag.Deleted, true),
    octets: box.entries.reduce((sum, entry) => sum + entry.octets.length, 0),
    keywords: [...box.keywords],
    subscribed: of.subscribed.has(box.name),
    specialUse: box.specialUse,
    keyResets: box.keyResets,
  };
}

/** Numbers of keywords, made where they are missing. */
export function keywordNumbers(box: Box, names: readonly string[]): number[] {
  const numbers = names.map((name) => {
    const at = box.keywords.findIndex((known) => known.toLowerCase() === name.toLowerCase());
    return at >= 0 ? at : box.keywords.push(name) - 1;
  });
  return [...new Set(numbers)].sort((a, b) => a - b);
}

/** Does what STORE asks to one message. */
export function changeEntry(
  entry: Entry,
  change: S.FlagChange,
  numbers: number[],
  box: Box,
  modSeq: ModSeq,
): void {
  entry.modSeq = modSeq;
  const allowed = change.allowed ?? { flags: 31, keywords: true };
  if (change.op === "replace") {
    entry.flags = entry.flags & ~allowed.flags | change.flags & allowed.flags;
    if (allowed.keywords) entry.keywords = numbers;
  } else if (change.op === "add") {
    entry.flags |= change.flags;
    entry.keywords = [...new Set([...entry.keywords, ...numbers])].sort((a, b) => a - b);
  } else {
    entry.flags &= ~change.flags;
    const names = change.keywords.map((name) => name.toLowerCase());
    entry.keywords = entry.keywords.filter((n) => !names.includes(box.keywords[n]!.toLowerCase()));
  }
}

/** A message's flags. */
export function flagRow(entry: Entry): S.FlagRow {
  return { uid: entry.uid, flags: entry.flags, keywords: [...entry.keywords], modSeq: entry.modSeq };
}

/** A message as FETCH wants it. */
export function fetchRow(entry: Entry, wanted: S.FetchWanted): S.FetchRow {
  const parser = new MessageParser();
  parser.push(entry.octets);
  const parsed = parser.finish();
  return {
    ...flagRow(entry),
    message: entry.message,
    internalDate: entry.internalDate,
    saveDate: entry.saveDate,
    size: entry.octets.length,
    headerSize: parsed.headerSize,
    envelope: wanted.envelope ? encodeEnvelope(parsed.header) : undefined,
    bodyStructure: wanted.bodyStructure ? encodeBodyStructure(parsed.root, true) : undefined,
    structure: wanted.structure ? packParts(parsed.root) : undefined,
    batch: { octets: entry.octets.length },
  };
}

/** The packed part tree of a message. */
export function structureOf(octets: Uint8Array): Uint8Array {
  const parser = new MessageParser();
  parser.push(octets);
  return packParts(parser.finish().root);
}
