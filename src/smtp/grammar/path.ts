import { ALPHA, asciiText, type Cursor, DIGIT, octetTable, utf8Text } from "../../bytes/cursor.ts";
import type { MailAddress } from "../../core/directory.ts";
import type { Path } from "../command.ts";

/**
 * Octets of the parts of a path. RFC 5321 §4.5.3.1 asks for 64, 255 and 256 at least; SRS and VERP senders have
 * local parts that are longer than 64.
 */
export const PATH_LIMITS = { local: 255, domain: 255, label: 63, path: 512 } as const;

const AT = 0x40, COLON = 0x3a, COMMA = 0x2c, DOT = 0x2e, QUOTE = 0x22, BACKSLASH = 0x5c;
const ATEXT = "!#$%&'*+-/=?^_`{|}~" + ALPHA + DIGIT;
// RFC 5321 has no two dots in a row and none at the ends, but some phone companies gave out such addresses.
const DOT_STRING = octetTable(ATEXT + ".", true);
// "_" is in no host name, but in many a sender's domain.
const DOMAIN = octetTable(ALPHA + DIGIT + "-_.", true);
const ADDRESS_LITERAL = octetTable(ALPHA + DIGIT + ".:-");

/**
 * Reverse-path = Path / "<>"
 *
 * RFC 5321 §4.1.2. Undefined when it is none.
 */
export function reversePath(c: Cursor): Path | undefined {
  const start = c.at;
  if (c.eat(0x3c) && c.eat(0x3e)) return { address: undefined, utf8: false };
  c.at = start;
  return path(c);
}

/**
 * Forward-path = Path / "<Postmaster>"
 *
 * RFC 5321 §4.1.2, §4.1.1.3. The domain of a bare postmaster is "".
 */
export function forwardPath(c: Cursor): Path | undefined {
  const start = c.at;
  if (c.eatFold("<POSTMASTER>")) return { address: { local: "postmaster", domain: "" }, utf8: false };
  c.at = start;
  return path(c);
}

/**
 * Path = "<" [ A-d-l ":" ] Mailbox ">"
 * A-d-l = At-domain *( "," At-domain )
 * At-domain = "@" Domain
 *
 * RFC 5321 §4.1.2. The source route is read and forgotten, as appendix C asks.
 */
function path(c: Cursor): Path | undefined {
  const start = c.at;
  if (!c.eat(0x3c)) return undefined;
  if (c.peek() === AT) {
    do {
      if (!c.eat(AT) || domain(c) === undefined) return undefined;
    } while (c.eat(COMMA));
    if (!c.eat(COLON)) return undefined;
  }
  const address = mailbox(c);
  if (address === undefined || !c.eat(0x3e) || c.at - start > PATH_LIMITS.path) return undefined;
  return { address, utf8: !isAscii(address.local) || !isAscii(address.domain) };
}

/**
 * Mailbox = Local-part "@" ( Domain / address-literal )
 *
 * RFC 5321 §4.1.2, RFC 6531 §3.3.
 */
export function mailbox(c: Cursor): MailAddress | undefined {
  const local = localPart(c);
  if (local === undefined || !c.eat(AT)) return undefined;
  const found = c.peek() === 0x5b ? addressLiteral(c) : domain(c);
  return found === undefined ? undefined : { local, domain: found };
}

/**
 * Local-part = Dot-string / Quoted-string
 * Quoted-string = DQUOTE *QcontentSMTP DQUOTE
 * QcontentSMTP = qtextSMTP / quoted-pairSMTP
 * quoted-pairSMTP = %d92 %d32-126
 * qtextSMTP = %d32-33 / %d35-91 / %d93-126 / UTF8-non-ascii
 *
 * RFC 5321 §4.1.2, RFC 6531 §3.3. What comes out is unquoted.
 */
function localPart(c: Cursor): string | undefined {
  const start = c.at;
  if (c.peek() !== QUOTE) {
    const length = c.skipWhile(DOT_STRING);
    return length === 0 || length > PATH_LIMITS.local ? undefined : printable(c.octets, start, c.at);
  }
  c.at++;
  const run = new Uint8Array(PATH_LIMITS.local);
  let length = 0;
  for (let octet = c.peek(); octet !== QUOTE; octet = c.peek()) {
    if (octet === BACKSLASH) {
      c.at++;
      octet = c.peek();
      if (octet > 126) return undefined;
    }
    if (octet < 32 || octet === 127 || length === run.length) return undefined;
    run[length++] = octet;
    c.at++;
  }
  c.at++;
  return printable(run, 0, length);
}

/**
 * Domain = sub-domain *("." sub-domain)
 * sub-domain = Let-dig [Ldh-str] / U-label
 *
 * RFC 5321 §4.1.2, RFC 6531 §3.3. Comes out in lower case; one trailing dot is taken away.
 */
export function domain(c: Cursor): string | undefined {
  const start = c.at;
  if (c.skipWhile(DOMAIN) > PATH_LIMITS.domain) return undefined;
  const end = c.octets[c.at - 1] === DOT ? c.at - 1 : c.at;
  if (end <= start) return undefined;
  for (let label = start, at = start; at <= end; at++) {
    if (at < end && c.octets[at] !== DOT) continue;
    const length = at - label;
    if (length < 1 || length > PATH_LIMITS.label) return undefined;
    if (c.octets[label] === 0x2d || c.octets[at - 1] === 0x2d) return undefined;
    label = at + 1;
  }
  const text = printable(c.octets, start, end);
  return text === undefined ? undefined : foldDomain(text);
}

/**
 * address-literal = "[" ( IPv4-address-literal / IPv6-address-literal / General-address-literal ) "]"
 *
 * RFC 5321 §4.1.3. Comes out with its brackets, in lower case; what stands in them is the directory's to judge.
 */
function addressLiteral(c: Cursor): string | undefined {
  const start = c.at++;
  const length = c.skipWhile(ADDRESS_LITERAL);
  if (length === 0 || length > PATH_LIMITS.domain || !c.eat(0x5d)) return undefined;
  return c.textFrom(start).toLowerCase();
}

/**
 * Lower case, letter by letter. Undefined for what is not in NFC (no U-label, RFC 5890 §2.3.2.1) and for letters
 * whose lower case is ASCII: `K` (U+212A) would make `ban<U+212A>.example` and `bank.example` the same.
 */
function foldDomain(text: string): string | undefined {
  if (isAscii(text)) return text.toLowerCase();
  if (text.normalize("NFC") !== text) return undefined;
  let folded = "";
  for (const letter of text) {
    const lower = letter.toLowerCase();
    if (letter > "\x7f" && hasAscii(lower)) return undefined;
    folded += lower;
  }
  return folded;
}

/** Text of a run of octets; undefined when it is not UTF-8, or holds controls or line separators. */
function printable(octets: Uint8Array, start: number, end: number): string | undefined {
  let eightBit = false;
  for (let at = start; at < end; at++) if (octets[at]! > 0x7f) eightBit = true;
  if (!eightBit) return asciiText(octets, start, end);
  const text = utf8Text(octets, start, end);
  if (text === undefined) return undefined;
  for (const letter of text) {
    if ((letter >= "\x7f" && letter <= "\x9f") || letter === "\u2028" || letter === "\u2029") {
      return undefined;
    }
  }
  return text;
}

function isAscii(text: string): boolean {
  for (let at = 0; at < text.length; at++) if (text.charCodeAt(at) > 0x7f) return false;
  return true;
}

function hasAscii(text: string): boolean {
  for (let at = 0; at < text.length; at++) if (text.charCodeAt(at) <= 0x7f) return true;
  return false;
}

const ATOM = octetTable(ATEXT);

/** Writes a path as RFC 5321 §4.1.2 has it, with brackets, the local part quoted if it must be. */
export function formatPath(address: MailAddress | undefined): string {
  if (address === undefined) return "<>";
  const { local, domain } = address;
  const quoted = isDotString(local) ? local : `"${local.replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"`;
  return domain === "" ? `<${quoted}>` : `<${quoted}@${domain}>`;
}

/** Dot-string = Atom *("." Atom) (RFC 5321 §4.1.2). */
function isDotString(local: string): boolean {
  let atomLength = 0;
  for (let at = 0; at < local.length; at++) {
    const code = local.charCodeAt(at);
    if (code === DOT) {
      if (atomLength === 0) return false;
      atomLength = 0;
    } else if (code > 0x7f || ATOM[code] === 1) atomLength++;
    else return false;
  }
  return atomLength > 0;
}
