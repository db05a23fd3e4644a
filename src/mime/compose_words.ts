/** Text for header fields as encoded words (RFC 2047), in the encoding of the two that suits them. */

/** Octets of a line that holds an encoded word (RFC 2047 §2); other lines are folded there too. */
export const LINE = 76;
/** Octets of an encoded word (RFC 2047 §2). */
const WORD = 75;
const PREFIX = "=?utf-8?q?";
/** Octets of one encoded word around its text. */
const FRAME = PREFIX.length + 2;
/** Less room than this is not worth a word: the line is folded first. */
const LEAST = FRAME + 16;

const encoder = new TextEncoder();

/** Text in one line and without what no header can carry: controls become spaces, lone surrogates U+FFFD. */
export function headerSafe(text: string): string {
  return text.toWellFormed().replace(/\p{Cc}/gu, " ");
}

/** True for text of printable ASCII and spaces. */
export function isPrintable(text: string): boolean {
  return /^[ -~]*$/.test(text);
}

/** Octets of text as UTF-8. */
export function octetLength(text: string): number {
  return isPrintable(text) ? text.length : encoder.encode(text).length;
}

/**
 * Encoded words that together are `text`; white space between them is no part of it. `room` and `fresh` are the
 * octets that the first one may have on the line as it is and on a new one; where the former is too little, it
 * is made for the latter. `tail`: octets that are to stand directly behind the last one.
 */
export function encodedWords(text: string, room: number, fresh: number, tail: number): readonly string[] {
  const characters = Array.from(text, (character) => ({ character, q: asQ(character) }));
  const octets = encoder.encode(text).length;
  const qLength = characters.reduce((sum, { q }) => sum + q.length, 0);
  // RFC 2047 §4: Q where most of it is ASCII, because people read it raw too; so base64 must be a quarter less.
  const base64 = Math.ceil(octets / 3) * 4 < qLength * 0.75;
  const words: string[] = [];
  const most = WORD - tail;
  let limit = Math.min((room - tail < LEAST ? fresh : room) - tail, most) - FRAME;
  let held = "", used = 0;
  for (const { character, q } of characters) {
    const more = base64 ? encoder.encode(character).length : q.length;
    if (used > 0 && used + more > (base64 ? Math.floor(limit / 4) * 3 : limit)) {
      words.push(word(held, base64));
      held = "";
      used = 0;
      limit = most - FRAME;
    }
    held += base64 ? character : q;
    used += more;
  }
  if (held !== "") words.push(word(held, base64));
  return words;
}

function word(text: string, base64: boolean): string {
  return base64 ? `=?utf-8?b?${encoder.encode(text).toBase64()}?=` : `${PREFIX}${text}?=`;
}

/** One character in the Q encoding, in the form that is safe in a phrase too (RFC 2047 §5 (3)). */
function asQ(character: string): string {
  if (character === " ") return "_";
  if (/^[A-Za-z0-9!*+\-/]$/.test(character)) return character;
  let out = "";
  for (const octet of encoder.encode(character)) {
    out += "=" + octet.toString(16).toUpperCase().padStart(2, "0");
  }
  return out;
}
