/** Parameters of Content-Type and Content-Disposition: RFC 2045 §5.1 with RFC 2231. */
import { latin1, lowerAscii, octetsOf, standsAt } from "../bytes/ascii.ts";
import { decodeCharset } from "./charset.ts";
import { decodeWords } from "./encoded_word.ts";
import { isTokenOctet, type Lexer } from "./lexer.ts";
import { PARAMETER_VALUE, PARAMETERS } from "./limits.ts";

/**
 * One parameter. Both are octet strings (a code unit per octet). The name is lower-case; it ends in `*` when
 * the value is `charset'language'percent-encoded` (RFC 2231 §4). Continuations (§3) are joined already.
 */
export interface Parameter {
  readonly name: string;
  readonly value: string;
}

/** One piece of a parameter, `name*N*=value`. */
interface Piece {
  readonly index: number;
  readonly extended: boolean;
  readonly value: string;
}

/**
 * *(";" attribute "=" value), tolerant: doubled and trailing semicolons, unquoted values with tspecials,
 * white space around `=`. A piece that is no parameter is passed over up to the next semicolon.
 */
export function parameters(lexer: Lexer): readonly Parameter[] {
  const list: Parameter[] = [];
  let pieces: Map<string, Piece[]> | undefined;
  let count = 0;
  while (nextParameter(lexer)) {
    const name = lowerAscii(lexer.token());
    lexer.skipCfws();
    if (name === "" || lexer.peek() !== 0x3d) continue;
    lexer.pos++;
    lexer.skipCfws();
    const value = parameterValue(lexer).slice(0, PARAMETER_VALUE);
    if (++count > PARAMETERS) break;
    const star = name.indexOf("*");
    const piece = star < 0 || star === name.length - 1 ? undefined : pieceOf(name, star, value);
    if (piece === undefined) {
      list.push({ name, value });
      continue;
    }
    const base = name.slice(0, star);
    pieces ??= new Map();
    const known = pieces.get(base);
    if (known === undefined) pieces.set(base, [piece]);
    else known.push(piece);
  }
  if (pieces !== undefined) { for (const [base, found] of pieces) list.push(join(base, found)); }
  return list;
}

/**
 * Moves to the next parameter: behind the next semicolon that stands outside quotes and comments, or where
 * behind white space one follows without which a part cannot be read (senders forget the semicolon). False at
 * the end.
 */
function nextParameter(lexer: Lexer): boolean {
  for (;;) {
    const space = lexer.skipCfws();
    const c = lexer.peek();
    if (c < 0) return false;
    if (c === 0x22) lexer.quotedString();
    else if (space && namesParameter(lexer)) return true;
    else {
      lexer.pos++;
      if (c !== 0x3b) continue;
      lexer.skipCfws();
      if (lexer.peek() !== 0x3b) return lexer.peek() >= 0;
    }
  }
}

/** Parameters that count without a semicolon before them; other servers pass over all of those. */
const NEEDED: ReadonlySet<string> = new Set(["boundary", "charset", "name", "filename"]);

/** True when the name of a parameter that is needed and `=` stand at the position, which does not move. */
function namesParameter(lexer: Lexer): boolean {
  const start = lexer.pos;
  const name = lowerAscii(lexer.token());
  const star = name.indexOf("*");
  const named = lexer.peek() === 0x3d && NEEDED.has(star < 0 ? name : name.slice(0, star));
  lexer.pos = start;
  return named;
}

/**
 * A quoted string, or everything up to a semicolon or white space: unquoted values with tspecials are common, as
 * are rows of encoded words with white space between them.
 */
function parameterValue(lexer: Lexer): string {
  if (lexer.peek() === 0x22) return lexer.quotedString();
  if (lexer.peek() === 0x5c && lexer.octets[lexer.pos + 1] === 0x22) return escapedString(lexer);
  let value = unquoted(lexer);
  while (value.endsWith("?=")) {
    const end = lexer.pos;
    lexer.skipCfws();
    if (!standsAt(lexer.octets, "=?", lexer.pos)) {
      lexer.pos = end;
      break;
    }
    value += " " + unquoted(lexer);
  }
  return value;
}

function unquoted(lexer: Lexer): string {
  const start = lexer.pos;
  for (let c = lexer.peek(); c > 0x20 && c !== 0x3b && c !== 0x22; c = lexer.peek()) lexer.pos++;
  return latin1(lexer.octets, start, lexer.pos);
}

/** `\"…\"`, the quotes of a string that was quoted once too often; the second takes the rest if it is missing. */
function escapedString(lexer: Lexer): string {
  lexer.pos += 2;
  const start = lexer.pos;
  for (; lexer.pos < lexer.end; lexer.pos++) {
    const c = lexer.octets[lexer.pos]!;
    if (c !== 0x5c && c !== 0x22) continue;
    const value = latin1(lexer.octets, start, lexer.pos);
    lexer.pos += c === 0x5c && lexer.octets[lexer.pos + 1] === 0x22 ? 2 : 1;
    return value;
  }
  return latin1(lexer.octets, start, lexer.pos);
}

/** Reads `*N` or `*N*` behind a name; undefined when it is neither. */
function pieceOf(name: string, star: number, value: string): Piece | undefined {
  const extended = name.endsWith("*");
  const digits = name.slice(star + 1, extended ? -1 : undefined);
  if (digits.length > 4) return undefined;
  let index = 0;
  for (let i = 0; i < digits.length; i++) {
    const digit = digits.charCodeAt(i) - 0x30;
    if (digit < 0 || digit > 9) return undefined;
    index = index * 10 + digit;
  }
  return { index, extended, value };
}

/** RFC 2231 §3: pieces in the order of their numbers, from 0, up to the first that is missing. */
function join(base: string, pieces: Piece[]): Parameter {
  pieces.sort((a, b) => a.index - b.index);
  const extended = pieces.some((piece) => piece.extended);
  let value = "";
  let wanted = 0;
  for (const piece of pieces) {
    if (piece.index < wanted) continue; // given twice: the first counts
    if (piece.index > wanted || value.length > PARAMETER_VALUE) break;
    if (extended && wanted === 0 && !piece.extended) value += "''";
    value += extended && !piece.extended ? percentEncode(piece.value) : piece.value;
    wanted++;
  }
  return { name: extended ? base + "*" : base, value };
}

function percentEncode(text: string): string {
  let out = "";
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i);
    // attribute-char (RFC 2231 §7)
    const plain = isTokenOctet(c) && c < 0x80 && c !== 0x2a && c !== 0x27 && c !== 0x25;
    out += plain ? text[i] : "%" + (c < 16 ? "0" : "") + c.toString(16).toUpperCase();
  }
  return out;
}

/**
 * A parameter's value as text for people and for comparison: RFC 2231 decoded, else (as many senders do,
 * against RFC 2047 §5) encoded words decoded. `lower` is the name without `*`; undefined when it is not there.
 * `fallback`: the charset of 8-bit text that is no UTF-8; windows-1252 when left out.
 */
export function parameterText(
  list: readonly Parameter[],
  lower: string,
  fallback?: string,
): string | undefined {
  let plain: string | undefined;
  for (const { name, value } of list) {
    if (name.length === lower.length + 1 && name.endsWith("*") && name.startsWith(lower)) {
      return decodeExtended(value, fallback);
    }
    if (name === lower) plain ??= value;
  }
  return plain === undefined ? undefined : decodeWords(octetsOf(plain), fallback);
}

/** charset'language'text with %XX (RFC 2231 §4). */
function decodeExtended(value: string, fallback: string | undefined): string {
  const first = value.indexOf("'");
  const second = first < 0 ? -1 : value.indexOf("'", first + 1);
  const charset = second < 0 ? "" : value.slice(0, first);
  const text = second < 0 ? value : value.slice(second + 1);
  const octets = new Uint8Array(text.length);
  let at = 0;
  for (let i = 0; i < text.length; i++) {
    const code = text[i] === "%" ? hexPair(text, i + 1) : -1;
    if (code >= 0) i += 2;
    octets[at++] = code >= 0 ? code : text.charCodeAt(i);
  }
  return decodeCharset(octets.subarray(0, at), charset === "" ? undefined : charset, fallback);
}

function hexPair(text: string, at: number): number {
  const high = parseInt(text.charAt(at), 16);
  const low = parseInt(text.charAt(at + 1), 16);
  return Number.isNaN(high) || Number.isNaN(low) ? -1 : high * 16 + low;
}
