/** IMAP sections (RFC 9051 §6.4.5.1, §9 `section`): which octets of a message a section means. */
import { isMessage, type Part } from "./part.ts";

/** A section without its field names: `[]` and `all` is the whole message, `[2]` and `mime` is `2.MIME`. */
export interface Section {
  /** Part numbers, from 1. */
  readonly part: readonly number[];
  readonly kind: "all" | "header" | "text" | "mime";
}

/** Octets of a message, and the part that they belong to. */
export interface Located {
  /** Inclusive. */
  readonly start: number;
  /** Exclusive. */
  readonly end: number;
  readonly part: Part;
}

/**
 * Where a section lies; undefined when the message has no such part. HEADER and TEXT are of the message that
 * the part is or holds; a part that is no message has neither.
 */
export function locate(root: Part, section: Section): Located | undefined {
  if (section.part.length === 0) return ofMessage(root, section.kind);
  const part = findPart(root, section.part);
  if (part === undefined) return undefined;
  switch (section.kind) {
    case "all":
      return { start: part.bodyStart, end: part.bodyEnd, part };
    case "mime":
      return { start: part.headerStart, end: part.bodyStart, part };
    default:
      return isMessage(part) ? ofMessage(part.children[0]!, section.kind) : undefined;
  }
}

/** Sections of a message as a whole; MIME needs a part number (§6.4.5.1). */
function ofMessage(root: Part, kind: Section["kind"]): Located | undefined {
  switch (kind) {
    case "all":
      return { start: root.headerStart, end: root.bodyEnd, part: root };
    case "header":
      return { start: root.headerStart, end: root.bodyStart, part: root };
    case "text":
      return { start: root.bodyStart, end: root.bodyEnd, part: root };
    case "mime":
      return undefined;
  }
}

/**
 * Follows part numbers. "Every message has at least one part number": of a message that is no multipart,
 * part 1 is its body, and nothing lies below that unless it is a message itself.
 */
function findPart(root: Part, numbers: readonly number[]): Part | undefined {
  let part = root;
  let container = root;
  let isRoot = true;
  for (const number of numbers) {
    let child: Part | undefined;
    if (container.type === "multipart") child = container.children[number - 1];
    else if (isRoot && number === 1) child = container;
    if (child === undefined) return undefined;
    part = child;
    isRoot = isMessage(child);
    container = isRoot ? child.children[0]! : child;
  }
  return part;
}
