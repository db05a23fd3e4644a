/** MAPI property lists, as TNEF carries them ([MS-OXTNEF] §2.1.3.4, `MsgPropertyList`). */
import { latin1 } from "../bytes/ascii.ts";
import { decodeCharset } from "./charset.ts";
import type { Place, Reader } from "./wanted_octets.ts";

/** Octets of a value that are kept: names and the like are shorter. */
const FIRST = 2048;

/** Property types ([MS-OXCDATA] §2.11.1). */
const enum Type {
  Object = 0x0d,
  String8 = 0x1e,
  Unicode = 0x1f,
  Binary = 0x102,
  Multiple = 0x1000,
}

/** Sizes of values of fixed size, padded to four. */
const FIXED: ReadonlyMap<number, number> = new Map([
  [0x02, 4],
  [0x03, 4],
  [0x04, 4],
  [0x05, 8],
  [0x06, 8],
  [0x07, 8],
  [0x0a, 4],
  [0x0b, 4],
  [0x14, 8],
  [0x40, 8],
  [0x48, 16],
]);

/** One value of one property. */
export interface MapiValue {
  /** Property ID; those from 0x8000 are named and of no interest here. */
  readonly id: number;
  readonly object: boolean;
  /** Text in UTF-16LE. */
  readonly unicode: boolean;
  /** Text in the message's code page. */
  readonly string8: boolean;
  /** Where in the input it lies. */
  readonly start: number;
  readonly size: number;
  /** Its first octets, where it is of an ID that was asked for. */
  readonly first: Uint8Array | undefined;
  /** Where it is a number. */
  readonly number: number | undefined;
}

/**
 * Reads a list that ends before `end`, telling each value of named size; `wanted` says of which IDs the
 * first octets are kept. Stops where it cannot follow: each property takes at least four octets, so that it always ends.
 */
export function* mapiProperties(
  place: Place,
  end: number,
  wanted: ReadonlySet<number>,
  tell: (value: MapiValue) => void,
): Reader<void> {
  if (end - place.at < 4) return;
  let properties = (yield* place.take(4)).getUint32(0, true);
  for (; properties > 0 && end - place.at >= 4; properties--) {
    const head = yield* place.take(4);
    const type = head.getUint16(0, true);
    const id = head.getUint16(2, true);
    if (id >= 0x8000 && !(yield* skipName(place, end))) return;
    const known = yield* values(place, end, type, id, wanted, tell);
    if (!known) return;
  }
}

/** GUID, kind, and a number or a name. */
function* skipName(place: Place, end: number): Reader<boolean> {
  if (end - place.at < 24) return false;
  yield* place.skipTo(place.at + 16);
  const kind = (yield* place.take(4)).getUint32(0, true);
  const size = (yield* place.take(4)).getUint32(0, true);
  if (kind === 0) return true;
  return yield* skipPadded(place, end, place.at, size);
}

/** The values of one property; false where the list cannot be followed any more. */
function* values(
  place: Place,
  end: number,
  type: number,
  id: number,
  wanted: ReadonlySet<number>,
  tell: (value: MapiValue) => void,
): Reader<boolean> {
  const base = type & ~Type.Multiple;
  const fixed = FIXED.get(base);
  const variable = base === Type.Object || base === Type.String8 || base === Type.Unicode ||
    base === Type.Binary;
  let count = 1;
  if (variable || type !== base) {
    if (end - place.at < 4) return false;
    count = (yield* place.take(4)).getUint32(0, true);
  }
  if (fixed !== undefined) {
    if (fixed * count > end - place.at) return false;
    if (count !== 1) yield* place.skipTo(place.at + fixed * count);
    else {
      const start = place.at;
      const number = (yield* place.take(fixed)).getUint32(0, true);
      tell({
        id,
        object: false,
        unicode: false,
        string8: false,
        start,
        size: fixed,
        first: undefined,
        number,
      });
    }
    return true;
  }
  // Null and unspecified have no value; of other types nobody knows the size.
  if (!variable) return base === 0 || base === 1;
  for (; count > 0; count--) {
    if (end - place.at < 4) return false;
    const size = (yield* place.take(4)).getUint32(0, true);
    const start = place.at;
    let first: Uint8Array | undefined;
    if (wanted.has(id)) {
      const kept = Math.min(size, FIRST, end - start);
      const view = yield* place.take(kept);
      first = new Uint8Array(view.buffer, view.byteOffset, kept).slice();
    }
    tell({
      id,
      object: base === Type.Object,
      unicode: base === Type.Unicode,
      string8: base === Type.String8,
      start,
      size,
      first,
      number: undefined,
    });
    if (!(yield* skipPadded(place, end, start, size))) return false;
  }
  return true;
}

/** Passes over the rest of a value and what pads it to four octets. */
function* skipPadded(place: Place, end: number, start: number, size: number): Reader<boolean> {
  if (size > end - start) return false;
  yield* place.skipTo(Math.min(start + Math.ceil(size / 4) * 4, end));
  return true;
}

/** Text of a value, up to its NUL. */
export function mapiText(octets: Uint8Array, unicode: boolean, charset: string | undefined): string {
  const text = unicode
    ? decodeCharset(octets.subarray(0, octets.length & ~1), "utf-16le")
    : decodeCharset(octets, charset);
  const nul = text.indexOf("\0");
  return nul < 0 ? text : text.slice(0, nul);
}

/** The charset that a Windows code page is. */
export function codePage(page: number): string | undefined {
  if (page >= 28591 && page <= 28606) return `iso-8859-${page - 28590}`;
  if (page >= 1250 && page <= 1258) return `windows-${page}`;
  return PAGES.get(page) ?? (page > 0 && page < 2000 ? `cp${page}` : undefined);
}

const PAGES: ReadonlyMap<number, string> = new Map([
  [874, "windows-874"],
  [932, "shift_jis"],
  [936, "gbk"],
  [949, "euc-kr"],
  [950, "big5"],
  [1200, "utf-16le"],
  [10000, "macintosh"],
  [10007, "x-mac-cyrillic"],
  [20127, "us-ascii"],
  [20866, "koi8-r"],
  [20932, "euc-jp"],
  [21866, "koi8-u"],
  [50220, "iso-2022-jp"],
  [50221, "iso-2022-jp"],
  [50222, "iso-2022-jp"],
  [50225, "iso-2022-kr"],
  [51932, "euc-jp"],
  [51936, "gb2312"],
  [51949, "euc-kr"],
  [52936, "hz-gb-2312"],
  [54936, "gb18030"],
  [65001, "utf-8"],
]);

/** An IID as [MS-OXCMSG] objects begin with it. */
export function isMessageIid(octets: Uint8Array): boolean {
  return latin1(octets) === "\x07\x03\x02\0\0\0\0\0\xc0\0\0\0\0\0\0\x46";
}
