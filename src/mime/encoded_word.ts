/** Encoded words (RFC 2047), read where senders put them rather than only where the RFC allows them. */
import { join } from "../bytes/join.ts";
import { isWsp, latin1, octetsOf } from "../bytes/ascii.ts";
import { Base64Decoder } from "../bytes/base64.ts";
import { decodeCharset } from "./charset.ts";

/** Longest charset name; RFC 2047 allows 75 octets for the whole word, senders write far longer texts. */
const CHARSET = 64;

/** `=?charset?B?text?=` at an offset. */
interface Word {
  readonly charset: string;
  readonly base64: boolean;
  readonly textStart: number;
  readonly textEnd: number;
  readonly end: number;
}

/**
 * Text of an unfolded field value: encoded words decoded wherever they stand (inside quoted strings and
 * without white space around them too), white space between two of them dropped (§6.2), neighbours of the
 * same charset joined before decoding so that characters split over words come out whole. Everything else is
 * UTF-8 if valid, else `fallback`, else windows-1252.
 */
export function decodeWords(octets: Uint8Array, fallback?: string): string {
  let next = wordFrom(octets, 0);
  if (next === undefined) return decodeCharset(octets, undefined, fallback);
  let text = "";
  let at = 0;
  while (next !== undefined) {
    const { start, word } = next;
    if (start > at) text += decodeCharset(octets.subarray(at, start), undefined, fallback);
    const pieces: Uint8Array[] = [];
    let last = word;
    for (;;) {
      pieces.push(decodeWord(octets, last));
      at = last.end;
      next = wordFrom(octets, at);
      if (next === undefined || !onlyWsp(octets, at, next.start)) break;
      at = next.start;
      if (next.word.charset !== word.charset) break;
      last = next.word;
    }
    text += decodeCharset(pieces.length === 1 ? pieces[0]! : join(pieces), word.charset, fallback);
  }
  return at < octets.length ? text + decodeCharset(octets.subarray(at), undefined, fallback) : text;
}

/** `decodeWords` for an octet string. */
export function decodeWordsOf(octetString: string): string {
  return isPlain(octetString) ? octetString : decodeWords(octetsOf(octetString));
}

/** True for what no decoding changes: printable ASCII without the beginning of an encoded word. */
export function isPlain(octetString: string): boolean {
  return /^[ -~]*$/.test(octetString) && !octetString.includes("=?");
}

/** The first encoded word at or behind `from`. Linear: a candidate that fails is never read twice over. */
function wordFrom(octets: Uint8Array, from: number): { start: number; word: Word } | undefined {
  // `?` is much rarer in headers than `=`.
  for (let mark = octets.indexOf(0x3f, from + 1); mark >= 0; mark = octets.indexOf(0x3f, mark + 1)) {
    if (octets[mark - 1] !== 0x3d) continue;
    const start = mark - 1;
    const word = wordAt(octets, start);
    if (word !== undefined) return { start, word };
  }
  return undefined;
}

function wordAt(octets: Uint8Array, start: number): Word | undefined {
  let at = start + 2;
  const charsetEnd = Math.min(octets.length, at + CHARSET);
  while (at < charsetEnd && isCharsetOctet(octets[at]!)) at++;
  if (at === start + 2 || octets[at] !== 0x3f || octets[at + 2] !== 0x3f) return undefined;
  const encoding = octets[at + 1]! | 0x20;
  if (encoding !== 0x62 && encoding !== 0x71) return undefined;
  const textStart = at + 3;
  // The text ends at the first `?` that `=` follows; Q text may hold a bare `?` (senders do that).
  let textEnd = octets.indexOf(0x3f, textStart);
  while (textEnd >= 0 && octets[textEnd + 1] !== 0x3d) {
    if (encoding === 0x62) return undefined;
    textEnd = octets.indexOf(0x3f, textEnd + 1);
    if (textEnd > textStart + LOOSE_TEXT) return undefined;
  }
  if (textEnd < 0) return undefined;
  return {
    charset: latin1(octets, start + 2, at).toLowerCase(),
    base64: encoding === 0x62,
    textStart,
    textEnd,
    end: textEnd + 2,
  };
}

/** How far the end of a Q text with bare `?` in it is looked for: keeps the whole search linear. */
const LOOSE_TEXT = 1024;

function isCharsetOctet(c: number): boolean {
  return c > 0x20 && c < 0x7f && c !== 0x3f && c !== 0x3d;
}

function onlyWsp(octets: Uint8Array, start: number, end: number): boolean {
  for (let i = start; i < end; i++) {
    if (!isWsp(octets[i]) && octets[i] !== 10 && octets[i] !== 13) return false;
  }
  return true;
}

function decodeWord(octets: Uint8Array, word: Word): Uint8Array {
  const text = octets.subarray(word.textStart, word.textEnd);
  if (!word.base64) return decodeQ(text);
  const decoder = new Base64Decoder();
  const body = decoder.push(text), rest = decoder.finish();
  return rest.length === 0 ? body : join([body, rest]);
}

/** RFC 2047 §4.2: `_` is SP, `=XX` an octet; a broken `=` stays. */
function decodeQ(text: Uint8Array): Uint8Array {
  const out = new Uint8Array(text.length);
  let at = 0;
  for (let i = 0; i < text.length; i++) {
    const c = text[i]!;
    const high = c === 0x3d ? hex(text[i + 1]) : -1;
    const low = high >= 0 ? hex(text[i + 2]) : -1;
    if (low >= 0) {
      out[at++] = high * 16 + low;
      i += 2;
    } else out[at++] = c === 0x5f ? 0x20 : c;
  }
  return out.subarray(0, at);
}

function hex(c: number | undefined): number {
  if (c === undefined) return -1;
  if (c >= 0x30 && c <= 0x39) return c - 0x30;
  const letter = c | 0x20;
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x57 : -1;
}
