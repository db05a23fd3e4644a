/** What the server says of itself: CAPABILITY, ENABLED, ID (RFC 9051 §7.2, RFC 2971 §3.2). */
import type { Gather } from "../../bytes/gather.ts";
import { type EncodeMode, nstring, string } from "./string.ts";

/** `* CAPABILITY …` */
export function capabilityLine(out: Gather, names: readonly string[]): void {
  wordsLine(out, "* CAPABILITY", names);
}

/** `* ENABLED …` (RFC 5161 §3.2). */
export function enabledLine(out: Gather, names: readonly string[]): void {
  wordsLine(out, "* ENABLED", names);
}

/** language-data = "LANGUAGE" SP "(" lang-tag-quoted *(SP lang-tag-quoted) ")" (RFC 5255 §3.3) */
export function languageLine(out: Gather, tags: readonly string[]): void {
  out.text("* LANGUAGE (").text(tags.map((tag) => `"${tag}"`).join(" ")).text(")\r\n");
}

/**
 * comparator-data = "COMPARATOR" SP comp-sel-quoted [SP "(" comp-id-quoted *(SP comp-id-quoted) ")"]
 * (RFC 5255 §4.10); `matched` is left out when it is empty.
 */
export function comparatorLine(out: Gather, active: string, matched: readonly string[]): void {
  out.text(`* COMPARATOR ${active}`);
  if (matched.length > 0) out.text(` (${matched.join(" ")})`);
  out.text("\r\n");
}

function wordsLine(out: Gather, start: string, words: readonly string[]): void {
  out.text(start);
  for (const word of words) out.octet(0x20).text(word);
  out.text("\r\n");
}

/** `* ID (…)`, or `* ID NIL` without fields. */
export function idLine(out: Gather, params: ReadonlyMap<string, string | null>, mode: EncodeMode): void {
  if (params.size === 0) {
    out.text("* ID NIL\r\n");
    return;
  }
  let before = "* ID (";
  for (const [field, value] of params) {
    out.text(before);
    string(out, field, mode);
    out.octet(0x20);
    nstring(out, value, mode);
    before = " ";
  }
  out.text(")\r\n");
}
