/** Content-Transfer-Encodings (RFC 2045 §6) as streams. */
import { Base64Decoder } from "../bytes/base64.ts";
import { BinHexDecoder } from "../bytes/binhex.ts";
import { QuotedPrintableDecoder } from "../bytes/quoted_printable.ts";
import { UuDecoder } from "../bytes/uuencode.ts";
import { YencDecoder } from "../bytes/yenc.ts";

/** Turns the octets of a body into the octets that were meant. */
export interface TransferDecoder {
  /** Decodes what is certain so far. The answer may be a view on `octets`. */
  push(octets: Uint8Array): Uint8Array;
  /** Ends the body. */
  finish(): Uint8Array;
}

const NOTHING = new Uint8Array(0);
const identity: TransferDecoder = { push: (octets) => octets, finish: () => NOTHING };

/**
 * A decoder for the encoding (lower-case, as Part has it); undefined for one that nobody knows, which IMAP
 * answers with UNKNOWN-CTE (RFC 9051 §7.1). Broken input never fails: it decodes as far as it makes sense.
 */
export function createTransferDecoder(encoding: string): TransferDecoder | undefined {
  switch (encoding) {
    case "7bit":
    case "8bit":
    case "binary":
    case "":
    // Not registered, but nothing else can be meant.
    case "7-bit":
    case "8-bit":
      return identity;
    case "base64":
      return new Base64Decoder();
    case "quoted-printable":
      return new QuotedPrintableDecoder();
    case "x-uuencode":
    case "x-uue":
    case "uuencode":
      return new UuDecoder();
    case "x-yenc":
    case "yenc":
      return new YencDecoder();
    case "x-binhex":
    case "x-binhex40":
    case "binhex":
    case "mac-binhex40":
      return new BinHexDecoder();
    default:
      return undefined;
  }
}
