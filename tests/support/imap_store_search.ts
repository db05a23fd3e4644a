/** SEARCH over the in-memory store: a plain scan. */
import { matchesPattern } from "../../src/core/pattern.ts";
import type { SearchKey, TextMatch } from "../../src/core/search.ts";
import { inSet } from "../../src/core/uidset.ts";
import { foldOf } from "../../src/mime/mod.ts";
import { stemOf, wordsOf } from "../../src/store/pg/fuzzy_sql.ts";
import type { Entry } from "./imap_store_rows.ts";

/** True when a message matches. Texts are looked for in the raw octets as UTF-8, whatever their encoding. */
export function matchesKey(key: SearchKey, entry: Entry, keywords: readonly string[], now: number): boolean {
  const again = (of: SearchKey) => matchesKey(of, entry, keywords, now);
  switch (key.key) {
    case "all":
      return true;
    case "and":
      return key.of.every(again);
    case "or":
      return key.of.some(again);
    case "not":
      return !again(key.of);
    case "flag":
      return ((entry.flags & key.flag) !== 0) === key.set;
    case "keyword":
      return entry.keywords.some((n) => keywords[n]!.toLowerCase() === key.name.toLowerCase()) === key.set;
    case "header": {
      const { header } = split(entry);
      return header.split("\r\n").some((line) =>
        line.toLowerCase().startsWith(key.field.toLowerCase() + ":") &&
        contains(line.slice(key.field.length + 1), key.text, key.match)
      );
    }
    case "body":
      return contains(split(entry).body, key.text, key.match);
    case "text":
      return contains(split(entry).header + split(entry).body, key.text, key.match);
    case "date": {
      const at = new Date(key.of === "saved" ? entry.saveDate : entry.internalDate).toISOString().slice(
        0,
        10,
      );
      return key.is === "on" ? at === key.date : key.is === "before" ? at < key.date : at >= key.date;
    }
    case "age": {
      const seconds = (now - entry.internalDate) / 1000;
      return key.is === "older" ? seconds >= key.seconds : seconds <= key.seconds;
    }
    case "size":
      return key.is === "larger" ? entry.octets.length > key.octets : entry.octets.length < key.octets;
    case "annotation": {
      const { of, user } = key;
      const users = of === "both" ? [0, user] : of === "shared" ? [0] : [user];
      return entry.annotations.some((one) =>
        one.value !== null && users.includes(one.user) && matchesPattern(key.entry, one.entry, "/") &&
        contains(
          new TextDecoder().decode(one.value),
          key.text,
          key.match === "fuzzy" ? undefined : key.match,
        )
      );
    }
    case "uid":
      return inSet(key.set, entry.uid);
    case "message":
      return entry.message === key.message;
    case "modseq":
      return entry.modSeq >= key.atLeast;
    default:
      return key satisfies never;
  }
}

function split(entry: Entry): { header: string; body: string } {
  const text = new TextDecoder().decode(entry.octets);
  const at = text.indexOf("\r\n\r\n") + 4;
  return { header: text.slice(0, at), body: text.slice(at) };
}

function contains(text: string, needle: string, match: TextMatch | undefined): boolean {
  if (match === "fuzzy") return wordsOf(needle).map(stemOf).every((stem) => contains(text, stem, undefined));
  const fold = match === undefined ? (text: string) => text.toLowerCase() : foldOf(match);
  return fold(text).includes(fold(needle));
}

/** Of a message that matches: 100 where a fuzzy text stands in it as it was asked for, else 40. */
export function scoreOf(key: SearchKey, entry: Entry): number {
  const again = (of: SearchKey) => scoreOf(of, entry);
  switch (key.key) {
    case "and":
      return Math.min(...key.of.map(again));
    case "or":
      return Math.max(...key.of.map(again));
    case "header":
    case "body":
    case "text":
      return key.match !== "fuzzy" || matchesKey({ ...key, match: "i;ascii-casemap" }, entry, [], 0)
        ? 100
        : 40;
    default:
      return 100;
  }
}
