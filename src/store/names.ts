import { done, type Outcome, refused } from "../core/failure.ts";
import { SEPARATOR } from "../core/store.ts";
import type { StoreLimits } from "./limits.ts";

const encoder = new TextEncoder();

/**
 * A mailbox name as the store keeps it: NFC, parts joined by SEPARATOR, a first part INBOX in capitals
 * (RFC 9051 §5.1). Refused as CANNOT: empty parts, control characters, lone surrogates, too long, too deep.
 */
export function mailboxName(
  name: string,
  limits: Pick<StoreLimits, "nameDepth" | "namePartOctets">,
): Outcome<string> {
  // The cheap bound first: nothing below may work on an endless name.
  if (name.length > limits.nameDepth * (limits.namePartOctets + 1)) return refused("CANNOT", "Name too long");
  if (!name.isWellFormed()) return refused("CANNOT", "Name is not Unicode text");
  const parts = name.normalize("NFC").split(SEPARATOR);
  if (parts.length > limits.nameDepth) return refused("CANNOT", "Name has too many levels");
  for (const part of parts) {
    if (part === "") return refused("CANNOT", "Name has an empty part");
    if (hasControl(part)) return refused("CANNOT", "Name has control characters");
    if (encoder.encode(part).length > limits.namePartOctets) return refused("CANNOT", "Name part too long");
  }
  if (parts[0]!.length === 5 && parts[0]!.toUpperCase() === "INBOX") parts[0] = "INBOX";
  return done(parts.join(SEPARATOR));
}

/** The names above a mailbox, topmost first, without itself. */
export function parentNames(name: string): readonly string[] {
  const parents: string[] = [];
  for (let at = name.indexOf(SEPARATOR); at >= 0; at = name.indexOf(SEPARATOR, at + 1)) {
    parents.push(name.slice(0, at));
  }
  return parents;
}

/** C0, DEL, C1, and the two line ends of Unicode. */
function hasControl(text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i);
    if (c < 0x20 || c >= 0x7f && c < 0xa0 || c === 0x2028 || c === 0x2029) return true;
  }
  return false;
}
