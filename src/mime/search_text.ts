/** The text of a message that SEARCH BODY and TEXT look at (RFC 9051 §6.4.4). */
import { decodeCharset } from "./charset.ts";
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
  /** A text leaf for its body; a message/rfc822 part for the header of the message in it. */
  readonly part: Part;
}

/** Bodies of text parts and headers of nested messages, in the order of the message. */
export function searchParts(root: Part): readonly SearchRange[] {
  const ranges: SearchRange[] = [];
  const waiting: Part[] = [root];
  for (let part = waiting.pop(); part !== undefined; part = waiting.pop()) {
    if (isMessage(part)) {
      const { headerStart, bodyStart } = part.children[0]!;
      if (bodyStart > headerStart) ranges.push({ start: headerStart, end: bodyStart, part });
    } else if (part.type === "text" && part.bodyEnd > part.bodyStart) {
      ranges.push({ start: part.bodyStart, end: part.bodyEnd, part });
    }
    for (let i = part.children.length - 1; i >= 0; i--) waiting.push(part.children[i]!);
  }
  return ranges;
}

/**
 * Text of a part's octets as `searchParts` gave them: transfer-decoded, charset-decoded, HTML reduced to
 * what a reader sees; a message part's octets are read as a header. Unknown encodings are read as they are.
 * NUL becomes U+FFFD (PostgreSQL's text refuses it).
 */
export function partText(part: Part, octets: Uint8Array, options?: HtmlTextOptions): string {
  if (isMessage(part)) return headerText(octets);
  const text = decodeCharset(transferDecode(part.encoding, octets), parameterText(part.params, "charset"));
  const plain = part.subtype === "html" || part.subtype === "xhtml" ? htmlToText(text, options) : text;
  return plain.replaceAll("\0", "\ufffd");
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
