/** Atoms, strings, numbers: RFC 9051 §4, §9. */
import type { Cursor } from "./cursor.ts";
import { ascii, ASTRING_CHAR, ATOM_CHAR, DIGIT, utf8 } from "./octets.ts";

/** atom = 1*ATOM-CHAR */
export function atom(c: Cursor): string | undefined {
  const start = c.run(ATOM_CHAR);
  if (c.pos === start) return c.expected("an atom");
  return ascii(c.octets, start, c.pos);
}

/**
 * quoted = DQUOTE *QUOTED-CHAR DQUOTE
 *
 * A view where nothing is escaped.
 */
export function quoted(c: Cursor): Uint8Array | undefined {
  if (!c.expect(0x22)) return undefined;
  const start = c.pos;
  let escapes = 0;
  for (; c.pos < c.end; c.pos++) {
    const octet = c.octets[c.pos]!;
    if (octet === 0x22) {
      const body = c.octets.subarray(start, c.pos++);
      return escapes === 0 ? body : unescape(body, escapes);
    }
    if (octet === 0x5c) {
      const next = c.peekAt(1);
      if (next !== 0x22 && next !== 0x5c) return c.fail("quoted", "Only quotes and backslashes are escaped");
      escapes++;
      c.pos++;
    } else if (octet === 0 || octet === 0x0d || octet === 0x0a) {
      return c.fail("quoted", "A quoted string cannot hold NUL, CR or LF");
    }
  }
  return c.fail("quoted", "A quoted string is not closed");
}

function unescape(body: Uint8Array, escapes: number): Uint8Array {
  const plain = new Uint8Array(body.length - escapes);
  let to = 0;
  for (let from = 0; from < body.length; from++) {
    if (body[from] === 0x5c) from++;
    plain[to++] = body[from]!;
  }
  return plain;
}

/**
 * literal = "{" number64 ["+"] "}" CRLF *CHAR8
 *
 * A view. The parser has seen to it that all octets are here. `nul`: NUL is welcome, behind the `~` of a literal8.
 */
export function literal(c: Cursor, nul = false): Uint8Array | undefined {
  if (!c.expect(0x7b)) return undefined;
  const size = number64(c);
  if (size === undefined) return undefined;
  c.take(0x2b);
  if (!c.take(0x7d) || !c.take(0x0d) || !c.take(0x0a)) return c.fail("literal", "A literal ends its line");
  if (size > c.end - c.pos) return c.fail("literal", "A literal is cut short");
  const body = c.octets.subarray(c.pos, c.pos + size);
  c.pos += size;
  if (!nul && body.includes(0)) return c.fail("literal", "A literal cannot hold NUL");
  return body;
}

/** string = quoted / literal */
export function string(c: Cursor): Uint8Array | undefined {
  const next = c.peek();
  if (next === 0x22) return quoted(c);
  if (next === 0x7b) return literal(c);
  return c.expected("a string");
}

/** string, as text: UTF-8. */
export function stringText(c: Cursor): string | undefined {
  const octets = string(c);
  return octets === undefined ? undefined : text(c, octets);
}

/** astring = 1*ASTRING-CHAR / string; the octets. */
export function astringOctets(c: Cursor): Uint8Array | undefined {
  const next = c.peek();
  if (next === 0x22 || next === 0x7b) return string(c);
  const start = c.run(ASTRING_CHAR);
  if (c.pos === start) return c.expected("a string");
  return c.octets.subarray(start, c.pos);
}

/** astring = 1*ASTRING-CHAR / string; as text: UTF-8. */
export function astring(c: Cursor): string | undefined {
  const next = c.peek();
  if (next === 0x22 || next === 0x7b) return stringText(c);
  const start = c.run(ASTRING_CHAR);
  if (c.pos === start) return c.expected("a string");
  return ascii(c.octets, start, c.pos);
}

/** nil = "NIL"; passes it. */
export function nil(c: Cursor): boolean {
  return c.keyword("NIL");
}

/** nstring = string / nil; as text: UTF-8. */
export function nstringText(c: Cursor): string | null | undefined {
  return nil(c) ? null : stringText(c);
}

/** Octets as UTF-8 text, or a fault. RFC 9051 §9 allows UTF-8 in quoted strings. */
export function text(c: Cursor, octets: Uint8Array): string | undefined {
  return utf8(octets) ?? c.fail("utf-8", "A string is not valid UTF-8");
}

/** number = 1*DIGIT; below 2^32. */
export function number(c: Cursor): number | undefined {
  return digits(c, 0xffff_ffff);
}

/** nz-number = digit-nz *DIGIT; below 2^32. */
export function nzNumber(c: Cursor): number | undefined {
  if (c.peek() === 0x30) return c.fail("number", "A number here cannot begin with 0");
  return digits(c, 0xffff_ffff);
}

/**
 * number64 = 1*DIGIT; below 2^63.
 *
 * Above 2^53-1 the answer is 2^53-1: no size, offset or mod-sequence of ours comes near it.
 */
export function number64(c: Cursor): number | undefined {
  return digits(c, undefined);
}

/** nz-number64 = digit-nz *DIGIT; see {@link number64}. */
export function nzNumber64(c: Cursor): number | undefined {
  if (c.peek() === 0x30) return c.fail("number", "A number here cannot begin with 0");
  return digits(c, undefined);
}

/** Digits up to `most`, or below 2^63 without one. Nothing wraps: the value is checked digit by digit. */
function digits(c: Cursor, most: number | undefined): number | undefined {
  const start = c.run(DIGIT);
  if (c.pos === start) return c.expected("a number");
  const value = decimal(c.octets, start, c.pos, most ?? Number.MAX_SAFE_INTEGER);
  if (value !== Infinity) return value;
  if (most === undefined && !atLeast2to63(c.octets, start, c.pos)) return Number.MAX_SAFE_INTEGER;
  return c.fail("number too large", "A number is too large");
}

/** The value of DIGITs, or Infinity above `most`, which is at most 2^53-1. */
export function decimal(octets: Uint8Array, start: number, end: number, most: number): number {
  let value = 0;
  for (let i = start; i < end; i++) {
    value = value * 10 + octets[i]! - 0x30;
    // Ten times 2^53 plus nine loses digits, but not the fact that it is too large.
    if (value > most) return Infinity;
  }
  return value;
}

const TWO_TO_63 = "9223372036854775808";

/** True when DIGITs stand for 2^63 or more. */
export function atLeast2to63(octets: Uint8Array, start: number, end: number): boolean {
  while (start < end && octets[start] === 0x30) start++;
  if (end - start !== TWO_TO_63.length) return end - start > TWO_TO_63.length;
  return ascii(octets, start, end) >= TWO_TO_63;
}
