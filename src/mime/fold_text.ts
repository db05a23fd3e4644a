/** i;unicode-casemap (RFC 5051): the form in which texts are compared. */

/**
 * Code units that are folded at once. Putting combining marks in order takes quadratic time in the length of
 * their run (80,000 pairs: 7.5 s), so a run must not be longer than this.
 */
const SLICE = 1024;
/** How far back a slice's end looks for a place that is not inside a run of marks. */
const LOOK_BACK = 64;

/**
 * Text in the form in which substrings are compared: title-cased character by character and decomposed
 * (RFC 5051 §2). Two texts match when their folded forms do. Linear in time.
 */
export function foldText(text: string): string {
  if (text.length <= SLICE) return foldSlice(text);
  const slices: string[] = [];
  for (let start = 0; start < text.length;) {
    const end = sliceEnd(text, start + SLICE);
    slices.push(foldSlice(text.slice(start, end)));
    start = end;
  }
  return slices.join("");
}

/** The last place at or before `end` where neither a character nor a run of combining marks is cut. */
function sliceEnd(text: string, end: number): number {
  if (end >= text.length) return text.length;
  for (let at = end; at > end - LOOK_BACK; at--) {
    const c = text.codePointAt(at)!;
    if (c < 0x300 || (!isTrailing(text.charCodeAt(at)) && !isMark(c))) return at;
  }
  return isTrailing(text.charCodeAt(end)) ? end - 1 : end;
}

function isTrailing(unit: number): boolean {
  return unit >= 0xdc00 && unit <= 0xdfff;
}

function isMark(codePoint: number): boolean {
  return /^\p{M}$/u.test(String.fromCodePoint(codePoint));
}

function foldSlice(text: string): string {
  const decomposed = text.normalize("NFKD");
  // RFC 5051 maps characters one to one, and `ß` has no title case of one character; toUpperCase gives "SS".
  const upper = decomposed.includes("ß")
    ? decomposed.split("ß").map((piece) => piece.toUpperCase()).join("ß")
    : decomposed.toUpperCase();
  return upper.normalize("NFKD");
}
