/** The text of a message that SEARCH BODY and TEXT look at (RFC 9051 §6.4.4). */
import { isAscii } from "node:buffer";
import { decodeBody, isUndeclared } from "./charset.ts";
import { EmbeddedFinder, embeddedKind } from "./embedded.ts";
import { TextFinder } from "./embedded_text.ts";
import { flowOf, unflow } from "./flowed.ts";
import { headerText } from "./header_text.ts";
import { type HtmlTextOptions, htmlToText } from "./html_text.ts";
import { parameterText } from "./parameter.ts";
import { isMessage, type Part } from "./part.ts";
import { createTransferDecoder } from "./transfer.ts";

/** Octets of a message worth searching; give them to `partText` with their part. */
export interface SearchRange {
  /** Inclusive. */
  readonly start: number;
  /** Exclusive. */
  readonly end: number;
  /** A text leaf, BinHex or TNEF for its body; a message/rfc822 part for the header of the message in it. */
  readonly part: Part;
}

/** Bodies of text parts and of those that hold files, and headers of nested messages, in the order of the message. */
export function searchParts(root: Part): readonly SearchRange[] {
  const ranges: SearchRange[] = [];
  const waiting: Part[] = [root];
  for (let part = waiting.pop(); part !== undefined; part = waiting.pop()) {
    if (isMessage(part)) {
      const { headerStart, bodyStart } = part.children[0]!;
      if (bodyStart > headerStart) ranges.push({ start: headerStart, end: bodyStart, part });
    } else if (part.bodyEnd > part.bodyStart && (part.type === "text" || embeddedKind(part) !== undefined)) {
      ranges.push({ start: part.bodyStart, end: part.bodyEnd, part });
    }
    for (let i = part.children.length - 1; i >= 0; i--) waiting.push(part.children[i]!);
  }
  return ranges;
}

/** How `partText` reads. */
export interface PartTextOptions extends HtmlTextOptions {
  /** The charset of 8-bit text that declares none and is no UTF-8; windows-1252 when left out. */
  readonly fallback?: string;
}

/**
 * Text of a part's octets as `searchParts` gave them: transfer-decoded, charset-decoded, HTML reduced to
 * what a reader sees, flowed lines joined, files inside plain text reduced to their names; of BinHex and TNEF the names of
 * the files and the message's own text; a message part's octets are read as a header. Unknown encodings are read as they are. NUL becomes U+FFFD (PostgreSQL's text
 * refuses it).
 */
export function partText(part: Part, octets: Uint8Array, options: PartTextOptions = {}): string {
  if (isMessage(part)) return headerText(octets, options.fallback);
  if (part.type !== "text" && embeddedKind(part) !== undefined) {
    return embeddedText(part, octets, options).replaceAll("\0", "\ufffd");
  }
  const body = transferDecode(part.encoding, octets);
  const charset = parameterText(part.params, "charset");
  const read = (piece: Uint8Array) => decodeBody(piece, charset, options.fallback);
  let text: string;
  if (part.subtype === "html" || part.subtype === "xhtml") text = htmlToText(read(body), options);
  else {
    text = part.type === "text" && part.subtype === "plain"
      ? withoutFiles(body, read, isUndeclared(charset) ? options.fallback : charset)
      : read(body);
    const flow = flowOf(part);
    if (flow !== undefined) text = unflow(text, flow.delSp);
  }
  return text.replaceAll("\0", "\ufffd");
}

/**
 * False when the text of a part does not depend on `PartTextOptions.fallback`: its octets, as `searchParts` gave them,
 * declare a charset that we know, or are all ASCII.
 */
export function needsFallback(part: Part, octets: Uint8Array): boolean {
  // Encoded words, and texts in TNEF, declare theirs one by one.
  if (isMessage(part) || part.type !== "text") return true;
  return isUndeclared(parameterText(part.params, "charset")) &&
    !isAscii(transferDecode(part.encoding, octets));
}

/** Names of the files that a part holds, and the texts among them that are the message's own (TNEF). */
function embeddedText(part: Part, octets: Uint8Array, options: PartTextOptions): string {
  const finder = new EmbeddedFinder(part);
  finder.push(octets);
  const body = transferDecode(part.encoding, octets);
  let text = "";
  for (const { role, format, type, charset, name, start, end } of finder.finish()) {
    if (role === "attachment") text += name + "\n";
    else if (format === "octets") {
      const own = decodeBody(body.subarray(start, end), charset, options.fallback);
      text += (type === "text/html" ? htmlToText(own, options) : own) + "\n";
    }
  }
  return text;
}

/** The text around the files in it, and their names where they stood. */
function withoutFiles(
  body: Uint8Array,
  read: (piece: Uint8Array) => string,
  fallback: string | undefined,
): string {
  const finder = new TextFinder(false, fallback);
  finder.push(body);
  const files = finder.finish();
  if (files.length === 0) return read(body);
  let text = "";
  let at = 0;
  for (const { start, end, name } of files) {
    // Both forks of a BinHex file are one range.
    if (start < at) continue;
    text += read(body.subarray(at, start)) + name + "\n";
    at = end;
  }
  return text + read(body.subarray(at));
}

function transferDecode(encoding: string, octets: Uint8Array): Uint8Array {
  const decoder = createTransferDecoder(encoding);
  if (decoder === undefined) return octets;
  const body = decoder.push(octets);
  const rest = decoder.finish();
  if (rest.length === 0) return body;
  const whole = new Uint8Array(body.length + rest.length);
  whole.set(body);
  whole.set(rest, body.length);
  return whole;
}
