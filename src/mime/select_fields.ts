/** HEADER.FIELDS and HEADER.FIELDS.NOT (RFC 9051 §6.4.5.1). */
import { latin1, lowerAscii, octetsOf } from "../bytes/ascii.ts";
import { FieldScanner } from "./field.ts";

const CRLF = octetsOf("\r\n");

/**
 * The fields of a header block whose name is (or, with `not`, is not) among `names`, as they stand and in
 * their order, and the empty line that ends every header.
 */
export function selectFields(header: Uint8Array, names: readonly string[], not: boolean): Uint8Array {
  const wanted = new Set(names.map(lowerAscii));
  const fields = new FieldScanner(header);
  const pieces: Uint8Array[] = [];
  let size = CRLF.length;
  while (fields.next()) {
    const name = lowerAscii(latin1(header, fields.nameStart, fields.nameEnd));
    if (wanted.has(name) === not) continue;
    const piece = header.subarray(fields.nameStart, fields.end);
    pieces.push(piece);
    size += piece.length;
    // The last field of a header that was cut off may lack its line end.
    if (piece[piece.length - 1] !== 0x0a) {
      pieces.push(CRLF);
      size += CRLF.length;
    }
  }
  pieces.push(CRLF);
  const out = new Uint8Array(size);
  let at = 0;
  for (const piece of pieces) {
    out.set(piece, at);
    at += piece.length;
  }
  return out;
}
