/** Mailbox names and patterns: RFC 9051 §5.1, §9. */
import { SEPARATOR } from "../../core/store.ts";
import { canonicalName, decodeUtf7, isNetUnicode } from "../mailbox_name.ts";
import type { Cursor } from "./cursor.ts";
import { ascii, LIST_CHAR, utf8 } from "./octets.ts";
import { astringOctets, string } from "./string.ts";

/**
 * mailbox = "INBOX" / astring
 *
 * UTF-8, NFC. A name that cannot be is a `NO [CANNOT]`: the command was well formed (RFC 5530 §3).
 */
export function mailbox(c: Cursor): string | undefined {
  const octets = astringOctets(c);
  if (octets === undefined) return undefined;
  const name = nameText(c, octets);
  if (name === undefined) return undefined;
  return canonicalName(name) ??
    badName(c, "A mailbox name is empty or holds characters that are not allowed");
}

/** A mailbox to create: one separator at the end only says that it will have children (RFC 9051 §6.3.4). */
export function newMailbox(c: Cursor): string | undefined {
  const name = mailbox(c);
  if (name === undefined || name.length === 1 || !name.endsWith(SEPARATOR)) return name;
  return name.slice(0, -1);
}

/** The reference of LIST and LSUB: a mailbox name that may be empty (RFC 9051 §6.3.9). */
export function reference(c: Cursor): string | undefined {
  const octets = astringOctets(c);
  return octets === undefined ? undefined : patternText(c, octets);
}

/** list-mailbox = 1*list-char / string */
export function listMailbox(c: Cursor): string | undefined {
  const next = c.peek();
  if (next === 0x22 || next === 0x7b) {
    const octets = string(c);
    return octets === undefined ? undefined : patternText(c, octets);
  }
  const start = c.run(LIST_CHAR);
  if (c.pos === start) return c.expected("a mailbox pattern");
  return patternText(c, c.octets.subarray(start, c.pos));
}

function patternText(c: Cursor, octets: Uint8Array): string | undefined {
  if (octets.length === 0) return "";
  const text = nameText(c, octets);
  if (text === undefined) return undefined;
  if (!isNetUnicode(text)) return badName(c, "A mailbox pattern holds characters that are not allowed");
  return text.normalize("NFC");
}

/** From the wire: modified UTF-7, or UTF-8 once the client enabled it. */
function nameText(c: Cursor, octets: Uint8Array): string | undefined {
  if (c.mode.utf8) return utf8(octets) ?? badName(c, "A mailbox name is not valid UTF-8");
  for (let i = 0; i < octets.length; i++) {
    if (octets[i]! >= 0x80) return badName(c, "A mailbox name is not in modified UTF-7");
  }
  const wire = ascii(octets, 0, octets.length);
  if (!wire.includes("&")) return wire;
  return decodeUtf7(wire) ?? badName(c, "A mailbox name is not valid modified UTF-7");
}

function badName(c: Cursor, text: string): undefined {
  return c.fail("mailbox name", text, "NO", { code: "CANNOT" });
}
