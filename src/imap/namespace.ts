/**
 * Where mailbox names lead (RFC 2342): one's own mailboxes have no prefix; another account's stand behind `#user/`
 * and its address, those that belong to nobody behind `#shared/`. Names that begin with `#` are for namespaces by
 * convention (RFC 3501 §5.1.2), so nobody's own mailbox is hidden by them.
 */
import { SHARED_OWNER } from "../core/acl.ts";
import { canonicalName } from "./mailbox_name.ts";

/** The prefix of other users' mailboxes. */
export const OTHERS = "#user/";
/** The prefix of the mailboxes of one's domain. */
export const SHARED = "#shared/";

/** Whose mailbox a name means. */
export interface Place {
  /** An address; undefined: one's own. */
  readonly owner: string | undefined;
  /** The name that the owner knows it by. */
  readonly name: string;
}

/** True for names outside one's own mailboxes. */
export function isForeign(name: string): boolean {
  return name.startsWith(OTHERS) || name.startsWith(SHARED) || name === "#user" || name === "#shared";
}

/** True when a pattern of LIST may match names outside one's own mailboxes. */
export function mayMatchForeign(pattern: string): boolean {
  const end = pattern.search(/[*%]/);
  const literal = end < 0 ? pattern : pattern.slice(0, end);
  return [OTHERS, SHARED].some((prefix) => prefix.startsWith(literal) || literal.startsWith(prefix));
}

/**
 * What a name means to somebody with an address. Undefined where it leads nowhere. Each mailbox has one name:
 * one's own cannot be had by way of `#user/`, and an address is written in one way only.
 */
export function placeOf(name: string, me: string): Place | undefined {
  if (!isForeign(name)) return { owner: undefined, name };
  if (name.startsWith(SHARED)) return inside(sharedOwner(me), name.slice(SHARED.length));
  const end = name.indexOf("/", OTHERS.length);
  if (end < 0) return undefined;
  const part = name.slice(OTHERS.length, end);
  const owner = decodeOwner(part);
  if (encodeOwner(owner) !== part || owner === me || owner === sharedOwner(me)) return undefined;
  return inside(owner, name.slice(end + 1));
}

function inside(owner: string, rest: string): Place | undefined {
  const name = canonicalName(rest);
  return name === undefined ? undefined : { owner, name };
}

/** The name by which somebody with an address reaches a mailbox of another. */
export function foreignName(owner: string, name: string, me: string): string {
  return owner === sharedOwner(me) ? SHARED + name : `${OTHERS}${encodeOwner(owner)}/${name}`;
}

/** Who holds the mailboxes that belong to nobody, for the domain of an address. */
function sharedOwner(me: string): string {
  return SHARED_OWNER + me.slice(me.lastIndexOf("@"));
}

/** What the name of a mailbox could not hold, or LIST would take for a wildcard, is written `=` and two digits. */
function encodeOwner(address: string): string {
  return address.replace(/[/%*=]/g, (character) => `=${character.charCodeAt(0).toString(16).toUpperCase()}`);
}

function decodeOwner(part: string): string {
  return part.replace(/=(2A|2F|25|3D)/g, (_all, digits: string) => String.fromCharCode(parseInt(digits, 16)));
}
