/** Header blocks as text: what SEARCH HEADER and TEXT look at. */
import { latin1 } from "../bytes/ascii.ts";
import { decodeWords } from "./encoded_word.ts";
import { FieldScanner } from "./field.ts";

/**
 * One line `Name: value` for each field, in order: unfolded, encoded words decoded (RFC 9051 §6.4.4 compares
 * after decoding), without control characters that a database's text cannot hold. `fallback`: the charset of 8-bit
 * text that is no UTF-8; windows-1252 when left out.
 */
export function headerText(header: Uint8Array, fallback?: string): string {
  const fields = new FieldScanner(header);
  // One string, from which the fields are cut: most of them need no decoding.
  const octets = latin1(header);
  let text = "";
  while (fields.next()) {
    const name = octets.slice(fields.nameStart, fields.nameEnd);
    const value = octets.slice(fields.valueStart, fields.valueEnd);
    text += name.includes("\0") ? name.replaceAll("\0", "\ufffd") : name;
    text += ": " +
      (PLAIN.test(value) && !value.includes("=?") ? unfolded(value) : decoded(fields, fallback)) + "\n";
  }
  return text;
}

/** Printable ASCII, tabs and line ends: what `unfold` and `decodeWords` take nothing away from but line ends. */
const PLAIN = /^[\t\n\r -~]*$/;

function unfolded(value: string): string {
  const joined = value.includes("\n") || value.includes("\r") ? value.replace(/[\r\n]+/g, "") : value;
  let start = 0, end = joined.length;
  while (start < end && (joined[start] === " " || joined[start] === "\t")) start++;
  while (end > start && (joined[end - 1] === " " || joined[end - 1] === "\t")) end--;
  return joined.slice(start, end);
}

function decoded(fields: FieldScanner, fallback: string | undefined): string {
  return oneLine(decodeWords(fields.value(), fallback));
}

const BROKEN = /[\0\r\n]/;

/** Line ends that encoded words smuggle in become spaces, NUL becomes U+FFFD. */
export function oneLine(text: string): string {
  if (!BROKEN.test(text)) return text;
  return text.replaceAll("\0", "\ufffd").replaceAll("\r", " ").replaceAll("\n", " ");
}
