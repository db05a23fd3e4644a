/** Octets in a declared charset (or none) as text. Never throws. */
import { isAscii } from "node:buffer";
import iconv from "iconv-lite";
import { latin1, octetsOf } from "../bytes/ascii.ts";
import { bareLabel, charsetLabel } from "./charset_labels.ts";
import { decodeHz, decodeIso2022 } from "./iso2022.ts";

/** How one charset is read. */
interface Charset {
  readonly decode: (octets: Uint8Array) => string;
  /** ASCII octets stand for themselves. */
  readonly ascii: boolean;
}

const strictUtf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: false });
const windows1252 = new TextDecoder("windows-1252");
/**
 * What was found for a name, for names that mean something: labels are reduced to letters and digits, so that
 * there are not more of them than the decoders have.
 */
const charsets = new Map<string, Charset>();
const UTF7 = "utf7";

/**
 * Text of octets in a charset, as headers have them. Without a charset, with one that nobody knows, or where
 * US-ASCII was declared and 8-bit octets came: UTF-8 if it is valid, else `fallback`, else windows-1252. Broken
 * sequences become U+FFFD.
 *
 * UTF-7 is read as the ASCII that it also is: it hides markup and line ends from everything that looks at octets.
 */
export function decodeCharset(octets: Uint8Array, charset: string | undefined, fallback?: string): string {
  const label = charsetLabel(charset);
  return decode(octets, label === UTF7 ? "" : label, fallback);
}

/** The same for bodies, where UTF-7 is read if it was declared (RFC 2152 §"Use of Character Set UTF-7"). */
export function decodeBody(octets: Uint8Array, charset: string | undefined, fallback?: string): string {
  return decode(octets, charsetLabel(charset), fallback);
}

/**
 * True for a charset that we know and that octets without a charset may be read in as a `fallback`: ASCII stands for
 * itself in it.
 */
export function isFallback(charset: string): boolean {
  if (!/^[\w.:+-]+$/.test(charset)) return false;
  const label = charsetLabel(charset);
  return label !== UTF7 && label !== "" && (charsetOf(label)?.ascii ?? false);
}

/** True when it is up to the `fallback` how octets that are not UTF-8 are read: no charset that we know is declared. */
export function isUndeclared(charset: string | undefined): boolean {
  const label = charsetLabel(charset);
  return label === "" || charsetOf(label) === undefined;
}

function decode(octets: Uint8Array, label: string, fallback: string | undefined): string {
  const charset = label === "" ? undefined : charsetOf(label);
  if ((charset?.ascii ?? true) && isAscii(octets)) return latin1(octets);
  return charset === undefined ? undeclared(octets, fallback) : charset.decode(octets);
}

function undeclared(octets: Uint8Array, fallback: string | undefined): string {
  try {
    return strictUtf8.decode(octets);
  } catch { // TypeError: not UTF-8
    const label = charsetLabel(fallback);
    const charset = label === "" || label === UTF7 ? undefined : charsetOf(label);
    return charset === undefined ? windows1252.decode(octets) : charset.decode(octets);
  }
}

function charsetOf(label: string): Charset | undefined {
  const known = charsets.get(label);
  if (known !== undefined) return known;
  const decode = decoderOf(label);
  if (decode === undefined) return undefined;
  const charset = { decode, ascii: keepsAscii(decode) };
  charsets.set(label, charset);
  return charset;
}

function decoderOf(label: string): Charset["decode"] | undefined {
  if (label === "utf16") return decodeUtf16;
  if (label === "hz") return decodeHz;
  const bare = bareLabel(label);
  if (bare.startsWith("iso2022")) return decodeIso2022;
  try {
    const decoder = new TextDecoder(label);
    return (octets) => decoder.decode(octets);
  } catch {
    // RangeError: not one of the Encoding Standard's names
  }
  const name = [label, bare].find((name) => iconv.encodingExists(name));
  if (name === undefined) return undefined;
  return (octets) => {
    try {
      return iconv.decode(octets, name).toWellFormed();
    } catch {
      return windows1252.decode(octets); // a broken table in the library must not break a search
    }
  };
}

const utf16be = new TextDecoder("utf-16be");
const utf16le = new TextDecoder("utf-16le");

/**
 * UTF-16 whose order nobody said: by its mark, else by where the zeros of its ASCII are, else big-endian
 * (RFC 2781 §4.3).
 */
function decodeUtf16(octets: Uint8Array): string {
  if (octets[0] === 0xfe && octets[1] === 0xff) return utf16be.decode(octets);
  if (octets[0] === 0xff && octets[1] === 0xfe) return utf16le.decode(octets);
  let balance = 0;
  const seen = Math.min(octets.length & ~1, 512);
  for (let i = 0; i < seen; i++) if (octets[i] === 0) balance += (i & 1) === 0 ? 1 : -1;
  return (balance < 0 ? utf16le : utf16be).decode(octets);
}

/** True when every ASCII octet stands for itself. */
function keepsAscii(decode: Charset["decode"]): boolean {
  return decode(ASCII) === latin1(ASCII);
}

/** Every ASCII octet but NUL (which UTF-16 has), and what switches sets in HZ, UTF-7 and ISO-2022. */
const ASCII = octetsOf(
  Array.from({ length: 127 }, (_, i) => String.fromCharCode(i + 1)).join("") +
    "~~ ~{VPND~} +AOk- \x1b$B0!\x1b(B",
);
