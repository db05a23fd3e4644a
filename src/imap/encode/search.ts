/** What SEARCH found, mirror of `grammar/search.ts`: RFC 9051 §7.3.4, RFC 3501 §7.2.5, RFC 7162 §3.1.5, RFC 9394. */
import type { Gather } from "../../bytes/gather.ts";
import { countOf, type UidSet } from "../../core/uidset.ts";
import type { By, PartialRange } from "../command.ts";
import { mailbox } from "./mailbox.ts";
import { uidSet } from "./sets.ts";
import type { EncodeMode } from "./string.ts";

/**
 * `* SEARCH n…` of RFC 3501 and `* SORT n…` of RFC 5256, with the highest mod-sequence when MODSEQ was a
 * criterion.
 */
export function searchLine(
  out: Gather,
  name: "SEARCH" | "SORT",
  numbers: Iterable<number>,
  modSeq?: number,
): void {
  out.text("* ").text(name);
  let any = false;
  for (const n of numbers) {
    out.octet(0x20).number(n);
    any = true;
  }
  if (any && modSeq !== undefined) out.text(" (MODSEQ ").number(modSeq).text(")");
  out.text("\r\n");
}

/** What an ESEARCH response says; leave out what was not asked or does not exist. */
export interface SearchData {
  readonly min?: number;
  readonly max?: number;
  readonly count?: number;
  /** Left out when empty: RFC 9051 §7.3.4 has no way to say an empty set. */
  readonly all?: UidSet;
  /** A part of the result, which may be empty (RFC 9394 §3.1). */
  readonly partial?: { readonly range: PartialRange; readonly set: UidSet };
  /** Scores, in the order of the result (RFC 6203 §4). */
  readonly relevancy?: readonly number[];
  readonly modSeq?: number;
}

/** What an ESEARCH response belongs to. */
export interface SearchAbout {
  readonly tag: string;
  readonly by: By;
  /** Of an ESEARCH command (RFC 7377 §2.1). */
  readonly mailbox?: { readonly name: string; readonly uidValidity: number; readonly mode: EncodeMode };
}

/** "ESEARCH" search-correlator [SP "UID"] */
function begin(out: Gather, { tag, by, mailbox: of }: SearchAbout): void {
  // No character of a tag needs an escape, and the examples of RFC 9051 quote it too.
  out.text('* ESEARCH (TAG "').text(tag).octet(0x22);
  if (of !== undefined) {
    out.text(" MAILBOX ");
    mailbox(out, of.name, of.mode);
    out.text(" UIDVALIDITY ").number(of.uidValidity);
  }
  out.text(by === "uid" ? ") UID" : ")");
}

/** esearch-response = "ESEARCH" [search-correlator] [SP "UID"] *(SP search-return-data) */
export function esearchLine(out: Gather, about: SearchAbout, data: SearchData): void {
  begin(out, about);
  if (data.min !== undefined) out.text(" MIN ").number(data.min);
  if (data.max !== undefined) out.text(" MAX ").number(data.max);
  if (data.count !== undefined) out.text(" COUNT ").number(data.count);
  if (data.all !== undefined && data.all.length > 0) {
    out.text(" ALL ");
    uidSet(out, data.all);
  }
  if (data.partial !== undefined) {
    const { range, set } = data.partial;
    out.text(` PARTIAL (${range.from}:${range.to} `);
    if (set.length === 0) out.text("NIL");
    else uidSet(out, set);
    out.octet(0x29);
  }
  if (data.relevancy !== undefined) out.text(` RELEVANCY (${data.relevancy.join(" ")})`);
  if (data.modSeq !== undefined) out.text(" MODSEQ ").number(data.modSeq);
  out.text("\r\n");
}

/** Ranges in one line: the client must be able to hold it. */
const RANGES = 1000;

/** What comes to a result or leaves it at one place; from 1, or 0 for wherever it belongs (RFC 5267 §4.3). */
export interface ResultChange {
  readonly position: number;
  readonly set: UidSet;
}

/**
 * ret-data-addto, ret-data-removefrom (RFC 5267 §5): changes, each at its place among what is there after those
 * before it. Several lines where one would be long.
 */
export function searchUpdateLines(
  out: Gather,
  about: SearchAbout,
  what: "ADDTO" | "REMOVEFROM",
  changes: readonly ResultChange[],
): void {
  let room = 0;
  for (const { position, set } of changes) {
    for (let at = 0, next = position; at < set.length;) {
      if (room === 0) begin(out, about);
      out.text(room === 0 ? ` ${what} (` : " ");
      if (room === 0) room = RANGES;
      const piece = set.slice(at, at + room);
      out.number(next).octet(0x20);
      uidSet(out, piece);
      room -= piece.length;
      at += piece.length;
      // The rest stands behind it; what is taken away leaves its place to the rest.
      if (position > 0 && what === "ADDTO") next += countOf(piece);
      if (room > 0) continue;
      out.text(")\r\n");
    }
  }
  if (room > 0) out.text(")\r\n");
}

/** uidbatches-response = "UIDBATCHES" search-correlator [SP uid-range *("," uid-range)] (RFC 10022 §4) */
export function uidBatchesLine(
  out: Gather,
  tag: string,
  batches: readonly (readonly [high: number, low: number])[],
): void {
  out.text('* UIDBATCHES (TAG "').text(tag).text('")');
  for (const [at, [high, low]] of batches.entries()) {
    out.octet(at === 0 ? 0x20 : 0x2c).number(high).octet(0x3a).number(low);
  }
  out.text("\r\n");
}
