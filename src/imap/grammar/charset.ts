/**
 * Charsets of SEARCH (RFC 9051 §6.4.4). A list, not whatever a decoder knows: never UTF-7, UTF-16 or UTF-32,
 * whose octets hide other characters from whoever looks at ASCII.
 */
import { utf8 } from "./octets.ts";

/** Octets to text; undefined when they are not of the charset. */
export type Decode = (octets: Uint8Array) => string | undefined;

const LABELS: readonly string[] = [
  ...Array.from({ length: 16 }, (_, i) => `ISO-8859-${i + 1}`).filter((name) => name !== "ISO-8859-12"),
  ...Array.from({ length: 9 }, (_, i) => `WINDOWS-125${i}`),
  "KOI8-R",
  "KOI8-U",
  "ISO-2022-JP",
  "SHIFT_JIS",
  "EUC-JP",
  "EUC-KR",
  "GB2312",
  "GBK",
  "GB18030",
  "BIG5",
];

/** What a `BADCHARSET` response lists. */
export const SEARCH_CHARSETS: readonly string[] = ["US-ASCII", "UTF-8", ...LABELS];

const DECODERS: ReadonlyMap<string, Decode> = new Map([
  ["US-ASCII", utf8],
  // Not registered, but leaves no doubt.
  ["UTF8", utf8],
  ["UTF-8", utf8],
  ...LABELS.map((label): [string, Decode] => [label, textDecoder(label)]),
]);

/** The decoder of a charset by its name in any case; undefined when it is not offered. */
export function searchDecoder(charset: string): Decode | undefined {
  return DECODERS.get(charset.toUpperCase());
}

function textDecoder(label: string): Decode {
  let decoder: TextDecoder | undefined;
  return (octets) => {
    decoder ??= new TextDecoder(label, { fatal: true });
    try {
      return decoder.decode(octets);
    } catch {
      // A fatal decoder keeps its state when it throws: the next text gets a new one.
      decoder = undefined;
      return undefined;
    }
  };
}
