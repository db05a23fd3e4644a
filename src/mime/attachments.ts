/** Which parts of a message are read as its text, and which are attachments (RFC 8621 §4.1.4). */
import { oneLine } from "./header_text.ts";
import { parameterText } from "./parameter.ts";
import type { Part } from "./part.ts";
import { createTransferDecoder } from "./transfer.ts";

/** A part that a reader is offered as a file. */
export interface Attachment {
  readonly part: Part;
  /** Its part number, as IMAP's FETCH takes it: `2.1`. */
  readonly section: string;
  /** Decoded, one line; undefined when the sender gave none. May be a path, or anything: never use it as one. */
  readonly name: string | undefined;
  /** `type/subtype`, lower-case. */
  readonly type: string;
  /** Octets once decoded: exact where `decodedSize` was given the octets, else at most 2 off for base64. */
  readonly size: number;
  /** Meant to be shown in the text (RFC 2183 §2.1, RFC 2387), such as an image of an HTML body. */
  readonly inline: boolean;
  /** Its body in the message, encoded as it stands: [start, end). */
  readonly start: number;
  readonly end: number;
}

/** Parts in the order of the message. A part may stand in several lists. */
export interface BodyLists {
  /** To be shown one after the other where plain text is preferred. */
  readonly text: readonly Part[];
  /** To be shown one after the other where HTML is preferred. */
  readonly html: readonly Part[];
  readonly attachments: readonly Part[];
}

/** RFC 8621 §4.1.4, the suggested algorithm. What lies inside attached messages is theirs. */
export function bodyLists(root: Part): BodyLists {
  const lists: Lists = { text: [], html: [], attachments: [] };
  place([root], "mixed", false, lists.html, lists.text, lists.attachments);
  return lists;
}

interface Lists {
  readonly text: Part[];
  readonly html: Part[];
  readonly attachments: Part[];
}

/** The RFC's `parseStructure`; the tree's depth is bounded where it is made, so this may recurse. */
function place(
  parts: readonly Part[],
  multipart: string,
  inAlternative: boolean,
  html: Part[] | undefined,
  text: Part[] | undefined,
  attachments: Part[],
): void {
  const textBefore = text?.length ?? -1;
  const htmlBefore = html?.length ?? -1;
  parts.forEach((part, i) => {
    if (part.type === "multipart") {
      place(
        part.children,
        part.subtype,
        inAlternative || part.subtype === "alternative",
        html,
        text,
        attachments,
      );
    } else if (!isShown(part, i, multipart)) attachments.push(part);
    else if (multipart === "alternative") {
      if (isText(part, "plain")) text?.push(part);
      else if (isText(part, "html")) html?.push(part);
      else attachments.push(part);
    } else {
      if (inAlternative) {
        if (isText(part, "plain")) html = undefined;
        if (isText(part, "html")) text = undefined;
      }
      text?.push(part);
      html?.push(part);
      if ((text === undefined || html === undefined) && isMedia(part)) attachments.push(part);
    }
  });
  if (multipart !== "alternative" || text === undefined || html === undefined) return;
  // Only one of the two was found: it stands in for the other.
  if (textBefore === text.length && htmlBefore !== html.length) text.push(...html.slice(htmlBefore));
  else if (htmlBefore === html.length && textBefore !== text.length) html.push(...text.slice(textBefore));
}

function isShown(part: Part, index: number, multipart: string): boolean {
  if (part.disposition?.type === "attachment") return false;
  if (!isText(part, "plain") && !isText(part, "html") && !isMedia(part)) return false;
  if (index === 0) return true;
  return multipart !== "related" && (isMedia(part) || attachmentName(part) === undefined);
}

function isText(part: Part, subtype: string): boolean {
  return part.type === "text" && part.subtype === subtype;
}

/** Types that a reader shows among the text (RFC 8621: isInlineMediaType). */
function isMedia(part: Part): boolean {
  return part.type === "image" || part.type === "audio" || part.type === "video";
}

/** The attachments of a message, in its order. `message`: its octets, where sizes are to be exact. */
export function attachments(root: Part, message?: Uint8Array): readonly Attachment[] {
  const wanted = new Set(bodyLists(root).attachments);
  if (wanted.size === 0) return [];
  const found: Attachment[] = [];
  walk(root, "", (part, section) => {
    if (!wanted.has(part)) return;
    found.push({
      part,
      section,
      name: attachmentName(part),
      type: `${part.type}/${part.subtype}`,
      size: decodedSize(part, message?.subarray(part.bodyStart, part.bodyEnd)),
      inline: part.disposition?.type === "inline" ||
        (part.disposition === undefined && part.id !== undefined),
      start: part.bodyStart,
      end: part.bodyEnd,
    });
  });
  return found;
}

/** Visits the parts that have numbers of their own (RFC 9051 §6.4.5.1), not those of attached messages. */
function walk(part: Part, section: string, visit: (part: Part, section: string) => void): void {
  if (part.type !== "multipart") {
    visit(part, section === "" ? "1" : section);
    return;
  }
  part.children.forEach((child, i) =>
    walk(child, section === "" ? `${i + 1}` : `${section}.${i + 1}`, visit)
  );
}

/**
 * The name that a sender gave a part: `filename` (RFC 2183 §2.3), else Content-Type's `name`. `fallback`: the charset of
 * 8-bit text that is no UTF-8; windows-1252 when left out.
 */
export function attachmentName(part: Part, fallback?: string): string | undefined {
  const name = (part.disposition && parameterText(part.disposition.params, "filename", fallback)) ||
    parameterText(part.params, "name", fallback);
  return name ? oneLine(name) : undefined;
}

/** Names of all parts, those inside attached messages too, one a line: what SEARCH finds attachments by. */
export function attachmentNames(root: Part, fallback?: string): string {
  let names = "";
  const waiting: Part[] = [root];
  for (let part = waiting.pop(); part !== undefined; part = waiting.pop()) {
    const name = attachmentName(part, fallback);
    if (name !== undefined) names += name + "\n";
    for (let i = part.children.length - 1; i >= 0; i--) waiting.push(part.children[i]!);
  }
  return names;
}

/** Octets at a time that are decoded to be counted. */
const SLICE = 65_536;

/**
 * Octets of a part's body once decoded: exact with its octets; without them what its lines say, at most 2 off
 * for base64 in lines ended by CRLF, and the encoded size for what cannot be told (quoted-printable).
 */
export function decodedSize(part: Part, body?: Uint8Array): number {
  const size = part.bodyEnd - part.bodyStart;
  if (body === undefined) {
    return part.encoding === "base64" ? Math.max(0, Math.floor((size - 2 * part.lines) / 4) * 3) : size;
  }
  const decoder = createTransferDecoder(part.encoding);
  if (decoder === undefined) return size;
  let decoded = 0;
  for (let at = 0; at < body.length; at += SLICE) {
    decoded += decoder.push(body.subarray(at, at + SLICE)).length;
  }
  return decoded + decoder.finish().length;
}
