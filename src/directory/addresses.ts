/**
 * Addresses in the one form in which the directory keeps and compares them: local part in NFC and
 * lower case, domain in lower-case U-labels without a trailing dot.
 */
import { domainToASCII, domainToUnicode } from "node:url";
import type { MailAddress } from "../core/directory.ts";
import { done, type Outcome, syntax } from "../core/failure.ts";
import { DIRECTORY_LIMITS as LIMITS } from "./limits.ts";

/** What separates a user from a detail where the configuration says nothing (RFC 5233 §1). */
export const DETAIL_SEPARATOR = "+";

const utf8 = new TextEncoder();

/**
 * The form in which a domain is kept, or undefined when it is none. Takes U-labels and A-labels
 * (RFC 5891 §4) in any case, with or without a trailing dot.
 */
export function canonicalDomain(text: string): string | undefined {
  if (text.length === 0 || text.length > LIMITS.domain + 1) return undefined;
  const bare = text.endsWith(".") ? text.slice(0, -1) : text;
  const ascii = isAscii(bare) ? bare.toLowerCase() : domainToASCII(bare);
  if (!isHostname(ascii)) return undefined;
  if (!ascii.startsWith("xn--") && !ascii.includes(".xn--")) return ascii;
  const unicode = domainToUnicode(ascii);
  // A label that does not survive the way there and back is a fake A-label (RFC 5891 §5.4).
  return domainToASCII(unicode) === ascii ? unicode : undefined;
}

/**
 * The form in which a local part is compared, or undefined for one that nobody can have here: empty, too
 * long, with control characters, or with a character that only looks like ASCII after normalisation
 * (U+212A KELVIN SIGN would become `k`).
 */
export function canonicalLocal(text: string): string | undefined {
  const local = normalLocal(text);
  return local === undefined ? undefined : lowerCase(local);
}

/** `canonicalLocal` with its letters as they were written: what a detail is cut from. */
export function normalLocal(text: string): string | undefined {
  if (text.length === 0 || text.length > LIMITS.localPart) return undefined;
  if (isAscii(text)) return hasControl(text) ? undefined : text;
  for (const character of text) {
    if (character.codePointAt(0)! > 0x7f && isAscii(character.normalize("NFC"))) return undefined;
  }
  const local = text.normalize("NFC");
  if (hasControl(local) || !local.isWellFormed()) return undefined;
  return utf8.encode(local).length > LIMITS.localPart ? undefined : local;
}

/**
 * An address as an administrator types it: `local@domain`, the local part a dot-atom or quoted
 * (RFC 5321 §4.1.2, RFC 6531 §3.3). The result is canonical.
 */
export function parseAddress(text: string): Outcome<MailAddress> {
  const written = parseWritten(text);
  return written.ok ? done({ ...written.value, local: lowerCase(written.value.local) }) : written;
}

/** `parseAddress` with the letters of the local part as they were written: for addresses elsewhere. */
export function parseWritten(text: string): Outcome<MailAddress> {
  const at = text.lastIndexOf("@");
  if (at < 1) return syntax(`${show(text)} is not an address: it must look like name@example.org`);
  const domain = canonicalDomain(text.slice(at + 1));
  if (domain === undefined) return syntax(`${show(text.slice(at + 1))} is not a domain name`);
  const typed = text.slice(0, at);
  const plain = typed.startsWith('"') ? unquote(typed) : isDotAtom(typed) ? typed : undefined;
  const local = plain === undefined ? undefined : normalLocal(plain);
  if (local === undefined) {
    return syntax(
      `${show(typed)} cannot stand before the @: use letters, digits and single dots, at most 64 octets`,
    );
  }
  return done({ local, domain });
}

/** Parses a domain that an administrator types. */
export function parseDomain(text: string): Outcome<string> {
  const domain = canonicalDomain(text);
  return domain === undefined ? syntax(`${show(text)} is not a domain name`) : done(domain);
}

/** The address as text, with the local part quoted where it must be (RFC 5321 §4.1.2). */
export function formatAddress(address: MailAddress): string {
  return isDotAtom(address.local)
    ? `${address.local}@${address.domain}`
    : `"${address.local.replace(/["\\]/g, "\\$&")}"@${address.domain}`;
}

/**
 * Splits `user+detail` (RFC 5233 §1) at the first separator that has a user before it; undefined without
 * one. An empty detail is one: `user+`.
 */
export function splitDetail(
  local: string,
  separator: string,
): { readonly user: string; readonly detail: string } | undefined {
  if (separator === "") return undefined;
  const at = local.indexOf(separator, 1);
  return at < 0 ? undefined : { user: local.slice(0, at), detail: local.slice(at + separator.length) };
}

/**
 * Lower case of a `normalLocal`, the same that login names get (RFC 8265 §3.3.1). No ASCII letter can come
 * out of another one here: `normalLocal` refuses U+212A.
 */
export function lowerCase(local: string): string {
  return local.toLowerCase().normalize("NFC");
}

/** What somebody typed, cut and made printable for a sentence. */
export function show(text: string): string {
  const cut = text.length > 80 ? `${text.slice(0, 80)}…` : text;
  return `"${cut.replace(/\p{Cc}/gu, "?")}"`;
}

function isAscii(text: string): boolean {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) > 0x7f) return false;
  return true;
}

function hasControl(text: string): boolean {
  return /\p{Cc}/u.test(text);
}

/** Letters, digits and hyphens in labels of 1 to 63, at least one letter in the last (RFC 1123 §2.1). */
function isHostname(ascii: string): boolean {
  if (ascii.length === 0 || ascii.length > LIMITS.domain - 2) return false;
  const labels = ascii.split(".");
  return labels.every((label) => label.length <= 63 && /^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/.test(label)) &&
    /[a-z]/.test(labels[labels.length - 1]!);
}

/** dot-string (RFC 5321 §4.1.2) with RFC 6531's UTF-8 characters. */
function isDotAtom(local: string): boolean {
  return local.length <= LIMITS.localPart &&
    local.split(".").every((atom) => /^[\w!#$%&'*+/=?^`{|}~\u0080-\uffff-]+$/.test(atom));
}

/** Quoted-string (RFC 5321 §4.1.2) to what it stands for; undefined when it is none. */
function unquote(text: string): string | undefined {
  if (text.length < 2 || text.length > 2 * LIMITS.localPart + 2 || !text.endsWith('"')) return undefined;
  let out = "";
  for (let i = 1; i < text.length - 1; i++) {
    if (text[i] === '"') return undefined;
    if (text[i] === "\\" && ++i === text.length - 1) return undefined;
    out += text[i];
  }
  return out;
}
