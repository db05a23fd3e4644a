/**
 * xtext = *( xchar / hexchar )
 * xchar = any ASCII CHAR between "!" (33) and "~" (126) inclusive, except for "+" and "="
 * hexchar = ASCII "+" immediately followed by two upper case hexadecimal digits
 *
 * RFC 3461 §4. Undefined when it is no xtext, or when an octet of the decoded text is not printable ASCII: an
 * encoded CR or LF must not come to life in a header field or a log.
 */
export function xtext(text: string): string | undefined {
  let decoded = "";
  for (let at = 0; at < text.length; at++) {
    let code = text.charCodeAt(at);
    if (code < 33 || code > 126 || code === 0x3d) return undefined;
    if (code === 0x2b) {
      const high = hexDigit(text.charCodeAt(at + 1));
      const low = hexDigit(text.charCodeAt(at + 2));
      if (high < 0 || low < 0) return undefined;
      code = high * 16 + low;
      if (code < 32 || code > 126) return undefined;
      at += 2;
    }
    decoded += String.fromCharCode(code);
  }
  return decoded;
}

/** The value of an upper case hexadecimal digit, -1 for anything else. */
function hexDigit(code: number): number {
  if (code >= 0x30 && code <= 0x39) return code - 0x30;
  if (code >= 0x41 && code <= 0x46) return code - 0x37;
  return -1;
}

/**
 * utf-8-addr-xtext = 1*( QCHAR / EmbeddedUnicodeChar )
 * utf-8-addr-unitext = 1*( QUCHAR / EmbeddedUnicodeChar )
 * EmbeddedUnicodeChar = "\x" "{" HEXPOINT "}"
 *
 * RFC 6533 §3. Undefined when it is neither, or when a character of it is a control or a line separator.
 */
export function utf8Xtext(text: string): string | undefined {
  let decoded = "";
  for (let at = 0; at < text.length;) {
    let point = text.codePointAt(at)!;
    if (point === 0x5c) {
      if (text[at + 1] !== "x" || text[at + 2] !== "{") return undefined;
      const end = text.indexOf("}", at);
      const hex = end < 0 ? "" : text.slice(at + 3, end);
      if (hex.length < 2 || hex.length > 6) return undefined;
      point = 0;
      for (let i = 0; i < hex.length; i++) {
        const digit = hexDigit(hex.charCodeAt(i));
        if (digit < 0) return undefined;
        point = point * 16 + digit;
      }
      at = end + 1;
    } else {
      if (point < 33 || point === 0x2b || point === 0x3d) return undefined;
      at += point > 0xffff ? 2 : 1;
    }
    if (!isShown(point)) return undefined;
    decoded += String.fromCodePoint(point);
  }
  return decoded;
}

/** No control, no line separator, no half of a pair. */
function isShown(point: number): boolean {
  return point >= 32 && !(point >= 0x7f && point <= 0x9f) && point !== 0x2028 && point !== 0x2029 &&
    !(point >= 0xd800 && point <= 0xdfff) && point <= 0x10ffff;
}

/** Text as xtext (RFC 3461 §4); every octet of its UTF-8 that is no xchar becomes a hexchar. */
export function toXtext(text: string): string {
  let out = "";
  for (const octet of new TextEncoder().encode(text)) {
    const plain = octet >= 33 && octet <= 126 && octet !== 0x2b && octet !== 0x3d;
    out += plain ? String.fromCharCode(octet) : `+${octet.toString(16).toUpperCase().padStart(2, "0")}`;
  }
  return out;
}
