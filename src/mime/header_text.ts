/** Header blocks as text: what SEARCH HEADER and TEXT look at. */
import { latin1 } from "../bytes/ascii.ts";
import { decodeWords } from "./encoded_word.ts";
import { FieldScanner } from "./field.ts";

/**
 * One line `Name: value` for each field, in order: unfolded, encoded words decoded (RFC 9051 §6.4.4 compares
 * after decoding), without control characters that a database's text cannot hold.
 */
export function headerText(header: Uint8Array): string {
  const fields = new FieldScanner(header);
  let text = "";
  while (fields.next()) {
    text += latin1(header, fields.nameStart, fields.nameEnd).replaceAll("\0", "\ufffd");
    text += ": " + oneLine(decodeWords(fields.value())) + "\n";
  }
  return text;
}

/** Line ends that encoded words smuggle in become spaces, NUL becomes U+FFFD. */
export function oneLine(text: string): string {
  return text.replaceAll("\0", "\ufffd").replaceAll("\r", " ").replaceAll("\n", " ");
}
