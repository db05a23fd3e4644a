/** format=flowed (RFC 3676): lines that were broken for transport, made paragraphs again. */
import { parameterText } from "./parameter.ts";
import type { Part } from "./part.ts";

/** How a text part's lines are broken; undefined when they are fixed (RFC 3676 §4). */
export function flowOf(part: Part): { readonly delSp: boolean } | undefined {
  if (part.type !== "text" || part.subtype !== "plain") return undefined;
  if (parameterText(part.params, "format")?.trim().toLowerCase() !== "flowed") return undefined;
  return { delSp: parameterText(part.params, "delsp")?.trim().toLowerCase() === "yes" };
}

/**
 * Text with each paragraph in one line, ended by LF. Quoted lines keep their quote marks, `>` for each depth and a space;
 * space-stuffing goes. Lines of different depth are never joined (§4.5), a signature separator is a line of
 * its own (§4.3). Linear.
 */
export function unflow(text: string, delSp: boolean): string {
  const out: string[] = [];
  /** Depth of the paragraph that goes on; -1 when none does. */
  let open = -1;
  for (let at = 0; at < text.length;) {
    const lf = text.indexOf("\n", at);
    let end = lf < 0 ? text.length : lf;
    const next = end + 1;
    if (end > at && text.charCodeAt(end - 1) === 0x0d) end--;
    let start = at;
    while (start < end && text.charCodeAt(start) === 0x3e) start++;
    const depth = start - at;
    at = next;
    if (start < end && text.charCodeAt(start) === 0x20) start++; // §4.4
    const signature = end - start === 3 && text.startsWith("-- ", start);
    const flows = !signature && end > start && text.charCodeAt(end - 1) === 0x20;
    if (open >= 0 && (open !== depth || signature)) {
      out.push("\n");
      open = -1;
    }
    if (open < 0 && depth > 0) out.push(">".repeat(depth), " ");
    out.push(text.slice(start, flows && delSp ? end - 1 : end));
    if (!flows) out.push("\n");
    open = flows ? depth : -1;
  }
  if (open >= 0) out.push("\n");
  return out.join("");
}
