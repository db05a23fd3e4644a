/** The Message-ID of a message, as its encoded envelope has it. */
import { Buffer } from "node:buffer";

const QUOTE = 0x22, BACKSLASH = 0x5c;
/** Octets of a Message-ID that are kept. */
const KEPT = 500;

/**
 * The Message-ID field: the last member of an IMAP envelope (RFC 9051 §7.5.2, env-message-id). Undefined without
 * one, or when it is so odd that the envelope has it as a literal.
 */
export function messageKey(envelope: Uint8Array): string | undefined {
  const end = envelope.length - 2;
  if (end < 1 || envelope[end] !== QUOTE) return undefined;
  let start = end - 1;
  while (start > 0 && (envelope[start] !== QUOTE || envelope[start - 1] === BACKSLASH)) start--;
  const text = Buffer.from(envelope.buffer, envelope.byteOffset + start + 1, end - start - 1).toString(
    "utf8",
  );
  const key = text.replaceAll(/\\(.)/g, "$1").trim().slice(0, KEPT);
  return key === "" ? undefined : key;
}
