/** Parts that refer to one another: multipart/related (RFC 2387), `cid:` URLs (RFC 2392). */
import { octetsOf, utf8 } from "../bytes/ascii.ts";
import { parameterText } from "./parameter.ts";
import type { Part } from "./part.ts";

/**
 * The part of a multipart/related that shows the others: the one whose Content-ID is the `start` parameter, else
 * the first (RFC 2387 §3.2); undefined when it has no parts.
 */
export function relatedRoot(related: Part): Part | undefined {
  const start = parameterText(related.params, "start");
  const wanted = start === undefined ? undefined : contentId(start);
  return related.children.find((child) => wanted !== undefined && idOf(child) === wanted) ??
    related.children[0];
}

/** The part that a `cid:` URL means, in the order of the message; undefined when there is none. */
export function partByCid(root: Part, url: string): Part | undefined {
  if (url.slice(0, 4).toLowerCase() !== "cid:") return undefined;
  const wanted = contentId(percentDecode(url.slice(4)));
  if (wanted === "") return undefined;
  const waiting: Part[] = [root];
  for (let part = waiting.pop(); part !== undefined; part = waiting.pop()) {
    if (idOf(part) === wanted) return part;
    for (let i = part.children.length - 1; i >= 0; i--) waiting.push(part.children[i]!);
  }
  return undefined;
}

function idOf(part: Part): string | undefined {
  return part.id === undefined ? undefined : contentId(utf8(octetsOf(part.id)));
}

/** Without angle brackets, which senders forget, and white space. */
function contentId(text: string): string {
  return text.trim().replaceAll(/^<|>$/g, "").trim();
}

/** `%XX` is an octet of UTF-8 (RFC 2392 §2); a broken `%` stays. */
function percentDecode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text; // URIError: not percent-encoded UTF-8
  }
}
