/** GETMETADATA, SETMETADATA and LIST's METADATA: RFC 5464 §5, RFC 9590. */
import type { AnnotationDepth } from "../../core/store.ts";
import type { Command, MetadataQuery } from "../command.ts";
import type { Cursor } from "./cursor.ts";
import { annotationTooLarge } from "./literal_head.ts";
import { mailbox } from "./mailbox.ts";
import { astring, literal, nil, number, string } from "./string.ts";

/**
 * getmetadata = "GETMETADATA" [SP getmetadata-options] SP mailbox SP entries
 *
 * Options behind the mailbox are taken, too: so the examples of RFC 5464 §4.2 have them.
 */
export function getMetadata(c: Cursor): Command | undefined {
  const options = new Options();
  if (c.takeSpaceParen() && !options.read(c)) return undefined;
  const box = c.sp() ? metadataMailbox(c) : undefined;
  if (box === undefined || !c.sp()) return undefined;
  const query = metadataQuery(c, options);
  return query === undefined ? undefined : { name: "GETMETADATA", mailbox: box, ...query };
}

/** [getmetadata-options SP] entries; of LIST as well (RFC 9590 §5). */
export function metadataQuery(c: Cursor, options: Options = new Options()): MetadataQuery | undefined {
  if (c.peek() === 0x28 && isOption(c)) {
    c.pos++;
    if (!options.read(c) || !c.sp()) return undefined;
  }
  const names = entries(c);
  return names && { entries: names, maxSize: options.maxSize, depth: options.depth };
}

function isOption(c: Cursor): boolean {
  c.pos++;
  const is = c.startsWith("MAXSIZE ") || c.startsWith("DEPTH ");
  c.pos--;
  return is;
}

/** getmetadata-options = "(" getmetadata-option *(SP getmetadata-option) ")" */
class Options {
  maxSize: number | undefined;
  depth: AnnotationDepth = 0;

  /** Behind the parenthesis; false after a fault. */
  read(c: Cursor): boolean {
    do {
      const maxSize = c.keyword("MAXSIZE");
      if (!maxSize && !c.keyword("DEPTH")) {
        c.fail("metadata option", "No such GETMETADATA option");
        return false;
      }
      if (!c.sp() || !(maxSize ? this.#maxSize(c) : this.#depth(c))) return false;
    } while (c.take(0x20));
    return c.expect(0x29);
  }

  /** maxsize-opt = "MAXSIZE" SP number */
  #maxSize(c: Cursor): boolean {
    this.maxSize = number(c);
    return this.maxSize !== undefined;
  }

  /** scope-opt = "DEPTH" SP ("0" / "1" / "infinity") */
  #depth(c: Cursor): boolean {
    const word = c.word();
    if (word !== "0" && word !== "1" && word !== "INFINITY") {
      c.fail("metadata option", "DEPTH is 0, 1 or infinity");
      return false;
    }
    this.depth = word === "INFINITY" ? "infinity" : word === "1" ? 1 : 0;
    return true;
  }
}

/** setmetadata = "SETMETADATA" SP mailbox SP entry-values */
export function setMetadata(c: Cursor): Command | undefined {
  const box = c.sp() ? metadataMailbox(c) : undefined;
  if (box === undefined || !c.sp() || !c.expect(0x28)) return undefined;
  const changes = new Map<string, Uint8Array | null>();
  do {
    if (changes.size === c.limits.metadataEntries) return tooMany(c);
    const name = entry(c);
    if (name === undefined || !c.sp()) return undefined;
    if (name.split("/").length < 3) {
      return c.fail("entry", "An annotation has a name below /private or /shared");
    }
    const set = value(c);
    if (set === undefined) return undefined;
    changes.set(name, set);
  } while (c.take(0x20));
  return c.expect(0x29) ? { name: "SETMETADATA", mailbox: box, changes } : undefined;
}

/** A mailbox, or `""` for the server. */
function metadataMailbox(c: Cursor): string | undefined {
  if (c.peek() === 0x22 && c.peekAt(1) === 0x22) {
    c.pos += 2;
    return "";
  }
  return mailbox(c);
}

/** entries = entry / "(" entry *(SP entry) ")" */
function entries(c: Cursor): readonly string[] | undefined {
  if (!c.take(0x28)) {
    const only = entry(c);
    return only === undefined ? undefined : [only];
  }
  const names = new Set<string>();
  do {
    if (names.size === c.limits.metadataEntries) return tooMany(c);
    const name = entry(c);
    if (name === undefined) return undefined;
    names.add(name);
  } while (c.take(0x20));
  return c.expect(0x29) ? [...names] : undefined;
}

function tooMany(c: Cursor): undefined {
  return c.fail("too many entries", "Too many annotations at once", "NO", { code: "LIMIT" });
}

/**
 * entry = astring; a path from /private or /shared on without `*`, `%`, empty parts and what is not printable
 * ASCII (RFC 5464 §3.2).
 *
 * In small letters: names are compared without case.
 */
function entry(c: Cursor): string | undefined {
  const name = astring(c)?.toLowerCase();
  if (name === undefined) return undefined;
  const isName = name.length <= ENTRY && /^\/(?:private|shared)(?:\/[!-$&-)+-.0-~]+)*$/.test(name);
  return isName ? name : c.fail("entry", "Not the name of an annotation");
}

/** Octets of a name. */
const ENTRY = 512;

/** value = nstring / literal8; a copy, as it outlives the command's octets. */
function value(c: Cursor): Uint8Array | null | undefined {
  if (nil(c)) return null;
  const octets = c.take(0x7e) ? literal(c, true) : string(c);
  if (octets === undefined) return undefined;
  if (octets.length > c.limits.metadata) {
    c.fault ??= annotationTooLarge(c.limits, c.tag);
    return undefined;
  }
  return octets.slice();
}
