/**
 * Text in the form in which substrings are compared: i;unicode-casemap (RFC 5051), that is title-cased
 * character by character and decomposed. Two texts match when their folded forms do.
 */
export function foldText(text: string): string {
  const decomposed = text.normalize("NFKD");
  // RFC 5051 maps characters one to one, and `ß` has no title case of one character; toUpperCase gives "SS".
  const upper = decomposed.includes("ß")
    ? decomposed.split("ß").map((piece) => piece.toUpperCase()).join("ß")
    : decomposed.toUpperCase();
  return upper.normalize("NFKD");
}
