/** The first words of a message, for lists (RFC 8970 PREVIEW). */
import { isMessage, type Part } from "./part.ts";
import { partText } from "./search_text.ts";

/** Characters of a preview (RFC 8970 §3.1: about 200, never more than 256). */
export const PREVIEW_CHARACTERS = 200;
/** Octets of the part that are enough to make one, HTML with a style sheet included. */
export const PREVIEW_OCTETS = 16_384;

/**
 * The part whose first octets make the preview: the first text/plain that is no attachment, else the first
 * text/html, else the same of a message that is forwarded; undefined when there is none of them.
 */
export function previewPart(root: Part): Part | undefined {
  return textOf(root, false) ?? textOf(root, true);
}

function textOf(root: Part, forwarded: boolean): Part | undefined {
  const waiting: Part[] = [root];
  let html: Part | undefined;
  for (let part = waiting.pop(); part !== undefined; part = waiting.pop()) {
    if (isMessage(part) && !forwarded) continue;
    if (part.disposition?.type === "attachment" && !isMessage(part)) continue;
    if (part.type === "text" && part.bodyEnd > part.bodyStart) {
      if (part.subtype === "plain") return part;
      if (part.subtype === "html") html ??= part;
    }
    for (let i = part.children.length - 1; i >= 0; i--) waiting.push(part.children[i]!);
  }
  return html;
}

/**
 * The preview of a part from its first octets, cut between words. Quoted lines, the line that introduces them,
 * signatures and characters that nobody sees are left out; a message that is all quotation is shown as it is.
 * `fallback`: the charset of 8-bit text that declares none and is no UTF-8; windows-1252 when left out.
 */
export function preview(part: Part, octets: Uint8Array, fallback?: string): string {
  const read = (withoutQuotes: boolean) =>
    partText(part, octets.subarray(0, PREVIEW_OCTETS), {
      withoutQuotes,
      ...(fallback === undefined ? {} : { fallback }),
    });
  return firstWords(read(true), true) || firstWords(read(false), false);
}

function firstWords(text: string, ownOnly: boolean): string {
  let words = "";
  /** A line that may introduce a quotation: known when the next one is. */
  let held = "";
  for (const line of text.split("\n")) {
    // The signature's mark has its space at the end (RFC 3676 §4.3); some senders lose it.
    if (ownOnly && SIGNATURE.test(line)) break;
    const shown = line.replace(UNSEEN, "").replace(LEADING, "").replace(SPACES, " ").trimEnd();
    if (shown === "" || RULE.test(shown)) continue;
    if (ownOnly && shown.startsWith(">")) {
      held = ""; // it introduced this
      continue;
    }
    if (ownOnly && ORIGINAL.test(shown)) break;
    words = joined(words, held);
    held = "";
    if (ownOnly && shown.endsWith(":")) held = shown;
    else words = joined(words, shown);
    if (words.length > PREVIEW_CHARACTERS * 2) break;
  }
  // HTML's quotation is gone already, so that its introduction is the last line: no other ends in a colon.
  return cut(ownOnly && INTRODUCTION.test(held) ? words : joined(words, held));
}

const SIGNATURE = /^-- ?\r?$/;
/** Lines of signs only, as letters are ruled with. */
const RULE = /^[-=_*~#+. ]{4,}$/;
/** Outlook's mark of what is answered or forwarded, in any language: `-----Original Message-----`. */
const ORIGINAL = /^-{4,} ?\p{L}[^-]{1,60}-{4,}$/u;
/** A line that ends in a colon and holds a time, a date or an address: "On …, … wrote:", in any language. */
const INTRODUCTION = /(?:\d[:./-]\d|@).*:$/;
/**
 * Controls, soft hyphens and marks of width 0, which newsletters fill their hidden text with. Not joiners (writing
 * and emoji need them) nor tags (flags of regions).
 */
const UNSEEN = /(?![\s\u200c\u200d\u{e0020}-\u{e007f}])[\p{Cc}\p{Cf}\u034f\u115f\u1160\u17b4\u17b5\uffa0]/gu;
/** Joiners that join nothing go with the white space before them. */
const SPACES = /\s[\s\u200c\u200d]*/g;
const LEADING = /^[\s\u200c\u200d]+/;

function joined(words: string, more: string): string {
  return words === "" || more === "" ? words + more : `${words} ${more}`;
}

/** Whole characters up to the limit, between words where they are not too long. */
function cut(text: string): string {
  const characters = [...text.slice(0, PREVIEW_CHARACTERS * 2 + 1)];
  if (characters.length <= PREVIEW_CHARACTERS) return text.toWellFormed();
  const most = characters.slice(0, PREVIEW_CHARACTERS).join("");
  const space = characters[PREVIEW_CHARACTERS] === " " ? most.length : most.lastIndexOf(" ");
  return most.slice(0, space > most.length / 2 ? space : most.length).toWellFormed();
}
