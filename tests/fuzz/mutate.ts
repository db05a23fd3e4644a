/** Changes to messages: octets, lines and pieces, and crossings of two messages. */
import { octetsOf } from "../../src/bytes/ascii.ts";
import type { Random } from "./random.ts";

/** Octets that a mutated message has at most. */
const MOST = 256 * 1024;

/** Pieces that change what a parser does. */
const TOKENS: readonly Uint8Array[] = [
  "\r\n",
  "\n",
  "\r",
  "\r\n\r\n",
  "\n\n",
  "--",
  "\r\n--",
  "\0",
  ":",
  ";",
  ",",
  "<",
  ">",
  '"',
  "(",
  ")",
  "\\",
  "=",
  "=?",
  "?=",
  "@",
  "[",
  "]",
  " ",
  "\t",
  "\r\n ",
  "*",
  "'",
  "%",
  "Content-Type: multipart/mixed; boundary=b\r\n",
  "Content-Type: message/rfc822\r\n",
  "Content-Type: text/html; charset=utf-7\r\n",
  "Content-Transfer-Encoding: base64\r\n",
  "Content-Transfer-Encoding: quoted-printable\r\n",
  "Content-Transfer-Encoding: x-uuencode\r\n",
  "Content-Disposition: attachment; filename*0*=utf-8''%ff\r\n",
  "=?utf-8?b?",
  "=?utf-8?q?",
  "\xff",
  "\xfe\xff",
  "\xe2\x80\xae",
  "\x1b$B",
  "<blockquote>",
  "&#0;",
  "begin 644 x\r\n",
].map(octetsOf);

/** A changed copy of `octets`; `other` is another message, for crossings. */
export function mutate(random: Random, octets: Uint8Array, other: Uint8Array): Uint8Array {
  let out = octets;
  for (let changes = 1 + random.size(8); changes > 0; changes--) out = change(random, out, other);
  return out.subarray(0, MOST);
}

function change(random: Random, octets: Uint8Array, other: Uint8Array): Uint8Array {
  const at = random.below(octets.length + 1);
  switch (random.below(10)) {
    case 0: { // other octets
      const out = octets.slice();
      for (let n = random.size(16); n >= 0 && out.length > 0; n--) {
        out[random.below(out.length)] = random.below(256);
      }
      return out;
    }
    case 1: // one bit
      return octets.map((c, i) => i === at ? c ^ (1 << random.below(8)) : c);
    case 2: // without a piece
      return join(octets.subarray(0, at), octets.subarray(at + random.size(200)));
    case 3: { // a piece twice or many times
      const piece = octets.subarray(at, at + 1 + random.size(200));
      const times = random.oneIn(20) ? random.size(500) : random.size(5);
      return join(octets.subarray(0, at), ...Array<Uint8Array>(times).fill(piece), octets.subarray(at));
    }
    case 4: // cut off
      return octets.subarray(0, at);
    case 5: { // a line elsewhere
      const from = lineStart(octets, at);
      const to = lineEnd(octets, at);
      const target = lineStart(octets, random.below(octets.length + 1));
      return join(octets.subarray(0, target), octets.subarray(from, to), octets.subarray(target));
    }
    case 6: { // the end of another message
      return join(octets.subarray(0, at), other.subarray(random.below(other.length + 1)));
    }
    case 7: // a whole message inside
      return join(octets.subarray(0, at), other, octets.subarray(at));
    default: {
      const token = random.pick(TOKENS);
      return join(octets.subarray(0, at), token, octets.subarray(random.oneIn(2) ? at : at + token.length));
    }
  }
}

function lineStart(octets: Uint8Array, at: number): number {
  return at === 0 ? 0 : octets.lastIndexOf(10, at - 1) + 1;
}

function lineEnd(octets: Uint8Array, at: number): number {
  const lf = octets.indexOf(10, at);
  return lf < 0 ? octets.length : lf + 1;
}

function join(...pieces: readonly Uint8Array[]): Uint8Array {
  let size = 0;
  for (const piece of pieces) size += piece.length;
  const out = new Uint8Array(Math.min(size, MOST));
  let at = 0;
  for (const piece of pieces) {
    if (at >= MOST) break;
    out.set(piece.subarray(0, MOST - at), at);
    at += piece.length;
  }
  return out;
}
