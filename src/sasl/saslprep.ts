/**
 * SASLprep (RFC 4013), which RFC 5802 §2.2 names as SCRAM's Normalize(): a client derives its keys from the
 * password in this form, so that ours must be derived from the same. Unassigned code points are those of the
 * runtime's Unicode, not of Unicode 3.2.
 */

// RFC 3454 B.1, commonly mapped to nothing.
function mapsToNothing(code: number): boolean {
  return code === 0xad || code === 0x34f || code === 0x1806 || (code >= 0x180b && code <= 0x180d) ||
    (code >= 0x200b && code <= 0x200d) || code === 0x2060 || (code >= 0xfe00 && code <= 0xfe0f) ||
    code === 0xfeff;
}

// RFC 3454 C.1.2.
function isOtherSpace(code: number): boolean {
  return code === 0xa0 || code === 0x1680 || (code >= 0x2000 && code <= 0x200b) || code === 0x202f ||
    code === 0x205f || code === 0x3000;
}

// RFC 3454 C.2.1–C.9: controls, private use, non-characters, surrogates, plain-text, ideographic, tagging.
const PROHIBITED = /^[\p{Cc}\p{Co}\p{Cs}\p{Zl}\p{Zp}\p{Noncharacter_Code_Point}]$/u;
const UNASSIGNED = /^\p{Cn}$/u;
const LETTER = /^\p{L}$/u;
const MARK_OR_NUMBER = /^[\p{M}\p{N}]$/u;

function isProhibited(character: string, code: number): boolean {
  return PROHIBITED.test(character) || code === 0x6dd || code === 0x70f || code === 0x180e ||
    (code >= 0x200e && code <= 0x200f) || (code >= 0x202a && code <= 0x202e) ||
    (code >= 0x2061 && code <= 0x2063) || (code >= 0x206a && code <= 0x206f) ||
    (code >= 0x2ff0 && code <= 0x2ffb) || code === 0x340 || code === 0x341 ||
    (code >= 0xfff9 && code <= 0xfffd) || (code >= 0x1d173 && code <= 0x1d17a) ||
    (code >= 0xe0001 && code <= 0xe007f);
}

// RFC 3454 D.1 by the blocks that are right-to-left by default.
function isRandAlCat(character: string, code: number): boolean {
  const block = (code >= 0x590 && code <= 0x8ff) || (code >= 0xfb1d && code <= 0xfdff) ||
    (code >= 0xfe70 && code <= 0xfefe) || (code >= 0x10800 && code <= 0x10fff) ||
    (code >= 0x1e800 && code <= 0x1efff);
  return block && !MARK_OR_NUMBER.test(character);
}

/**
 * Prepares a text; undefined when it is prohibited or nothing is left of it. `stored` refuses unassigned code
 * points, `query` lets them pass (RFC 3454 §7).
 */
export function saslprep(text: string, as: "stored" | "query"): string | undefined {
  let mapped = "";
  for (const character of text) {
    const code = character.codePointAt(0)!;
    if (mapsToNothing(code)) continue;
    mapped += isOtherSpace(code) ? " " : character;
  }
  mapped = mapped.normalize("NFKC");
  if (mapped === "") return undefined;

  let rightToLeft = false, leftToRight = false, first = false, last = false, position = 0;
  for (const character of mapped) {
    const code = character.codePointAt(0)!;
    if (isOtherSpace(code) || isProhibited(character, code)) return undefined;
    if (as === "stored" && UNASSIGNED.test(character)) return undefined;
    last = isRandAlCat(character, code);
    if (position++ === 0) first = last;
    rightToLeft ||= last;
    leftToRight ||= !last && LETTER.test(character);
  }
  // RFC 3454 §6: right-to-left text has no left-to-right letters, and begins and ends right-to-left.
  if (rightToLeft && (leftToRight || !first || !last)) return undefined;
  return mapped;
}
