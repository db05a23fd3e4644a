/** Octets in a declared charset (or none) as text. Never throws. */
import { isAscii } from "node:buffer";
import iconv from "iconv-lite";
import { latin1 } from "../bytes/ascii.ts";

/** Names that senders use and neither decoder knows. */
const ALIASES: ReadonlyMap<string, string> = new Map([
  ["ansi_x3.4-1968", "us-ascii"],
  ["ansi-x3.4-1968", "us-ascii"],
  ["cp-850", "cp850"],
  ["cp932", "shift_jis"],
  ["cp936", "gbk"],
  ["cp949", "euc-kr"],
  ["cp950", "big5"],
  ["iso-8859-8-i", "iso-8859-8"],
  ["utf8mb4", "utf-8"],
  ["x-gbk", "gbk"],
  ["x-unknown", ""],
  ["unknown", ""],
  ["unknown-8bit", ""],
  ["us-ascii", ""],
  ["ascii", ""],
  ["7bit", ""],
  ["8bit", ""],
  ["default", ""],
  // UTF-7 hides markup from every scanner that looks at octets; it is read as the ASCII that it also is.
  ["utf-7", ""],
  ["utf7", ""],
  ["unicode-1-1-utf-7", ""],
  ["utf-7-imap", ""],
  ["utf7-imap", ""],
]);

/** Longest charset name that is looked at; the longest registered one has 45. */
const NAME = 64;

const strictUtf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: false });
const windows1252 = new TextDecoder("windows-1252");
/** One decoder per known name: bounded, because unknown names are not kept. */
const decoders = new Map<string, TextDecoder>();

/**
 * Text of octets in a charset. Without a charset, with one that nobody knows, or where US-ASCII was declared
 * and 8-bit octets came: UTF-8 if it is valid, else windows-1252. Broken sequences become U+FFFD.
 */
export function decodeCharset(octets: Uint8Array, charset: string | undefined): string {
  const name = charset === undefined || charset.length > NAME ? "" : canonical(charset);
  // These are not supersets of ASCII, so pure ASCII octets do not stand for themselves.
  const shifted = name.startsWith("utf-16") || name.startsWith("utf-32") || name.startsWith("iso-2022") ||
    name.startsWith("hz") || name.startsWith("ibm") || name.startsWith("cp") || name.startsWith("ucs");
  if (!shifted && isAscii(octets)) return latin1(octets);
  if (name === "") return undeclared(octets);
  const decoder = decoderOf(name);
  if (decoder !== undefined) return decoder.decode(octets);
  try {
    if (iconv.encodingExists(name)) return iconv.decode(octets, name).toWellFormed();
  } catch {
    // A broken table in the library must not break a search.
  }
  return undeclared(octets);
}

/** Lower-case, without quotes, spaces and an RFC 2231 language behind `*`. */
function canonical(charset: string): string {
  const star = charset.indexOf("*");
  const name = (star < 0 ? charset : charset.slice(0, star)).replaceAll('"', "").trim().toLowerCase();
  return ALIASES.get(name) ?? name;
}

function decoderOf(name: string): TextDecoder | undefined {
  const known = decoders.get(name);
  if (known !== undefined) return known;
  try {
    const decoder = new TextDecoder(name);
    decoders.set(name, decoder);
    return decoder;
  } catch {
    return undefined; // RangeError: not one of the Encoding Standard's labels
  }
}

function undeclared(octets: Uint8Array): string {
  try {
    return strictUtf8.decode(octets);
  } catch {
    return windows1252.decode(octets); // TypeError: not UTF-8
  }
}
