/**
 * Mailbox names on the wire: modified UTF-7 (RFC 3501 §5.1.3) and UTF-8 (RFC 9051 §5.1), and the checks that
 * both get.
 */
import { SEPARATOR } from "../core/store.ts";

const BASE64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+,";
const VALUE = new Int8Array(128).fill(-1);
for (let i = 0; i < BASE64.length; i++) VALUE[BASE64.charCodeAt(i)] = i;

/**
 * Modified UTF-7 to text; undefined when it breaks a rule of RFC 3501 §5.1.3: octets outside printable
 * ASCII, an encoded printable character, a shift that is not closed, wrong padding bits, half a surrogate
 * pair, two encoded runs that should be one.
 */
export function decodeUtf7(name: string): string | undefined {
  let text = "";
  let copied = 0;
  let lastShiftEnd = -1;
  for (let i = 0; i < name.length; i++) {
    const code = name.charCodeAt(i);
    if (code < 0x20 || code > 0x7e) return undefined;
    if (code !== 0x26) continue;
    text += name.slice(copied, i);
    const end = name.indexOf("-", i);
    if (end < 0) return undefined;
    if (end === i + 1) {
      text += "&";
    } else {
      // "&…-&…-": RFC 3501 forbids to leave an encoded run only to enter it again.
      if (i === lastShiftEnd) return undefined;
      const run = decodeRun(name, i + 1, end);
      if (run === undefined) return undefined;
      text += run;
      lastShiftEnd = end + 1;
    }
    i = end;
    copied = end + 1;
  }
  return text + name.slice(copied);
}

function decodeRun(name: string, start: number, end: number): string | undefined {
  let text = "";
  let bits = 0, held = 0, high = -1;
  for (let i = start; i < end; i++) {
    const code = name.charCodeAt(i);
    const value = code < 128 ? VALUE[code]! : -1;
    if (value < 0) return undefined;
    held = (held << 6 | value) & 0x3f_ffff;
    bits += 6;
    if (bits < 16) continue;
    bits -= 16;
    const unit = held >> bits & 0xffff;
    if (unit >= 0x20 && unit <= 0x7e) return undefined;
    if (high >= 0) {
      if (unit < 0xdc00 || unit > 0xdfff) return undefined;
      text += String.fromCharCode(high, unit);
      high = -1;
    } else if (unit >= 0xd800 && unit <= 0xdbff) {
      high = unit;
    } else if (unit >= 0xdc00 && unit <= 0xdfff) {
      return undefined;
    } else {
      text += String.fromCharCode(unit);
    }
  }
  // What is left must be padding: fewer than 6 bits, all of them 0.
  if (high >= 0 || bits >= 6 || (held & (1 << bits) - 1) !== 0) return undefined;
  return text;
}

/** Text to modified UTF-7. */
export function encodeUtf7(text: string): string {
  let name = "";
  let i = 0;
  while (i < text.length) {
    const code = text.charCodeAt(i);
    if (code >= 0x20 && code <= 0x7e) {
      name += code === 0x26 ? "&-" : text[i];
      i++;
      continue;
    }
    name += "&";
    let bits = 0, held = 0;
    for (; i < text.length; i++) {
      const unit = text.charCodeAt(i);
      if (unit >= 0x20 && unit <= 0x7e) break;
      held = (held << 16 | unit) & 0x3f_ffff;
      bits += 16;
      while (bits >= 6) name += BASE64[held >> (bits -= 6) & 0x3f];
    }
    if (bits > 0) name += BASE64[held << (6 - bits) & 0x3f];
    name += "-";
  }
  return name;
}

/**
 * The name as the store knows it: NFC, `INBOX` and a first part `INBOX` in capitals. Undefined for what
 * Net-Unicode forbids (RFC 9051 §5.1, RFC 5198 §2): control characters, line and paragraph separators, lone
 * surrogates, noncharacters.
 */
export function canonicalName(text: string): string | undefined {
  if (text.length === 0 || !isNetUnicode(text)) return undefined;
  const name = text.normalize("NFC");
  if (!isInboxPart(name)) return name;
  return "INBOX" + name.slice(5);
}

/** True when the first part is INBOX in any case. No letter outside ASCII folds to it. */
function isInboxPart(name: string): boolean {
  if (name.length < 5 || (name.length > 5 && name[5] !== SEPARATOR)) return false;
  for (let i = 0; i < 5; i++) {
    if ((name.charCodeAt(i) & ~0x20) !== "INBOX".charCodeAt(i)) return false;
  }
  return true;
}

/** True without control characters, U+2028, U+2029, U+FEFF, noncharacters and lone surrogates. */
export function isNetUnicode(text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code < 0x20 || (code >= 0x7f && code <= 0x9f)) return false;
    if (code < 0x2000) continue;
    if (code === 0x2028 || code === 0x2029 || code === 0xfeff || code === 0xfffe || code === 0xffff) {
      return false;
    }
    if (code >= 0xfdd0 && code <= 0xfdef) return false;
    if (code >= 0xd800 && code <= 0xdfff) {
      const point = text.codePointAt(i)!;
      if (point < 0x10000 || (point & 0xfffe) === 0xfffe) return false;
      i++;
    }
  }
  return true;
}
