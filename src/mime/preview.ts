/** The first words of a message, for lists (RFC 8970 PREVIEW). */
import { isMessage, type Part } from "./part.ts";
import { partText } from "./search_text.ts";

/** Characters of a preview (RFC 8970 §3.1: at most 256). */
export const PREVIEW_CHARACTERS = 200;
/** Octets of the part that are enough to make one, HTML with a style sheet included. */
export const PREVIEW_OCTETS = 16_384;

/**
 * The part whose first octets make the preview: the first text/plain that is no attachment, else the first
 * text/html; undefined when the message has neither.
 */
export function previewPart(root: Part): Part | undefined {
  const waiting: Part[] = [root];
  let html: Part | undefined;
  for (let part = waiting.pop(); part !== undefined; part = waiting.pop()) {
    if (part.disposition?.type === "attachment" || isMessage(part)) continue;
    if (part.type === "text" && part.bodyEnd > part.bodyStart) {
      if (part.subtype === "plain") return part;
      if (part.subtype === "html") html ??= part;
    }
    for (let i = part.children.length - 1; i >= 0; i--) waiting.push(part.children[i]!);
  }
  return html;
}

/** The preview of a part from its first octets: quoted lines and white space dropped, cut between words. */
export function preview(part: Part, octets: Uint8Array): string {
  let text = "";
  for (const line of partText(part, octets.subarray(0, PREVIEW_OCTETS)).split("\n")) {
    const trimmed = line.trim();
    if (trimmed === "" || trimmed.startsWith(">")) continue;
    for (const word of trimmed.split(" ")) if (word !== "") text += text === "" ? word : " " + word;
    if (text.length > PREVIEW_CHARACTERS) break;
  }
  return cut(text);
}

function cut(text: string): string {
  if (text.length <= PREVIEW_CHARACTERS) return text;
  const space = text.lastIndexOf(" ", PREVIEW_CHARACTERS);
  return text.slice(0, space > PREVIEW_CHARACTERS / 2 ? space : PREVIEW_CHARACTERS).toWellFormed();
}
