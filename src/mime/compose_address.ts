/** Addresses as header fields carry them (RFC 5322 §3.4; RFC 6532 where the way is clear for it). */
import { domainToASCII } from "node:url";
import type { FieldWriter } from "./compose_fold.ts";
import { headerSafe, isPrintable } from "./compose_words.ts";

/** A mailbox to write. */
export interface ComposeMailbox {
  readonly name?: string | undefined;
  /** Without quoting. */
  readonly local: string;
  readonly domain: string;
}

/** A group to write (RFC 5322 §3.4); without members for those who must not see each other. */
export interface ComposeGroup {
  readonly group: string;
  readonly members: readonly ComposeMailbox[];
}

/** What a list may hold. */
export type ComposeAddress = ComposeMailbox | ComposeGroup;

/** Longest quoted string that is written as such: it cannot be folded. */
const QUOTED = 60;
/** What domains of mail are made of, underscores too: senders have them. */
const HOST = /^[A-Za-z0-9_.-]+$/;
/** atext (RFC 5322 §3.2.3, RFC 6532 §3.2); `isPrintable` decides before whether UTF-8 may stand. */
const ATEXT = "[A-Za-z0-9!#$%&'*+\\-/=?^_`{|}~\\u0080-\\u{10ffff}]+";
const ATOMS = new RegExp(`^${ATEXT}(?: ${ATEXT})*$`, "u");
const DOT_ATOM = new RegExp(`^${ATEXT}(?:\\.${ATEXT})*$`, "u");

/**
 * Writes a list. Without `utf8` names become encoded words and domains A-labels; an address whose local part
 * is not ASCII cannot be written then, and stands as the name of an empty group (RFC 6857 §3.1.7).
 *
 * @throws RangeError for what is no address.
 */
export function writeAddresses(out: FieldWriter, list: readonly ComposeAddress[], utf8: boolean): void {
  list.forEach((one, i) => {
    const tail = i < list.length - 1 ? "," : "";
    if (!("group" in one)) {
      writeMailbox(out, one, utf8, tail);
      return;
    }
    writePhrase(out, one.group, utf8, one.members.length === 0 ? ":;" + tail : ":");
    one.members.forEach((member, at) =>
      // RFC 5322 §3.4: no group inside a group, so that what cannot be written there is left out.
      writeMailbox(out, member, utf8, at < one.members.length - 1 ? "," : ";" + tail, true)
    );
  });
}

function writeMailbox(
  out: FieldWriter,
  one: ComposeMailbox,
  utf8: boolean,
  tail: string,
  inGroup = false,
): void {
  const name = headerSafe(one.name ?? "").trim();
  if (!utf8 && !isPrintable(one.local)) {
    const spec = `${one.local}@${domainText(one.domain, true)}`;
    checkLocal(one.local);
    if (inGroup) out.encoded(name === "" ? spec : name).word(`<${UNKNOWN}>${tail}`);
    else out.encoded(name === "" ? spec : `${name} ${spec}`, " ", ":;" + tail);
    return;
  }
  const spec = addressSpec(one.local, one.domain, utf8);
  if (name === "") out.word(spec + tail);
  else {
    writePhrase(out, name, utf8, "");
    out.word(`<${spec}>${tail}`);
  }
}

/** Stands for an address that cannot be written, where a mailbox must stand (RFC 2606, RFC 6857 §3.1.7). */
const UNKNOWN = "unknown@address.invalid";

/** phrase = words / quoted-string / encoded words, whichever is simplest. */
function writePhrase(out: FieldWriter, phrase: string, utf8: boolean, tail: string): void {
  const name = headerSafe(phrase).trim();
  const plain = !name.includes("=?") && (utf8 || isPrintable(name));
  if (plain && ATOMS.test(name) && name.length <= QUOTED) {
    const words = name.split(" ");
    words.forEach((word, i) => out.word(i === words.length - 1 ? word + tail : word));
  } else if (plain && name.length <= QUOTED) out.word(quotedString(name) + tail);
  else out.encoded(name, " ", tail);
}

/**
 * addr-spec (RFC 5322 §3.4.1), with the local part quoted where it must be.
 *
 * @throws RangeError for what is none.
 */
export function addressSpec(local: string, domain: string, utf8: boolean): string {
  checkLocal(local);
  return `${DOT_ATOM.test(local) ? local : quotedString(local)}@${domainText(domain, utf8)}`;
}

function checkLocal(local: string): void {
  if (local === "" || /\p{Cc}/u.test(local) || !local.isWellFormed()) {
    throw new RangeError(`Cannot compose an address: bad local part ${JSON.stringify(local.slice(0, 80))}`);
  }
}

function domainText(domain: string, utf8: boolean): string {
  if (HOST.test(domain) || /^\[[!-Z^-~]*\]$/.test(domain)) return domain;
  // A domain that is not ASCII is checked by its A-labels either way.
  const ascii = isPrintable(domain) || /[\s\p{Cc}]/u.test(domain) ? "" : domainToASCII(domain);
  if (!HOST.test(ascii)) {
    throw new RangeError(`Cannot compose an address: bad domain ${JSON.stringify(domain.slice(0, 80))}`);
  }
  return utf8 ? domain : ascii;
}

/** A quoted string (RFC 5322 §3.2.4) of text without controls. */
export function quotedString(text: string): string {
  return `"${text.replace(/["\\]/g, "\\$&")}"`;
}
