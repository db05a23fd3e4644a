/** Status responses and continuation requests: RFC 9051 §7.1, §7.6. */
import type { Gather } from "../bytes/gather.ts";
import type { Failure } from "../core/failure.ts";
import { type ResponseCode, responseCode } from "./encode/response_code.ts";
import type { CommandFault } from "./grammar/fault.ts";

/** resp-cond-state, resp-cond-auth, resp-cond-bye */
export type Condition = "OK" | "NO" | "BAD" | "BYE" | "PREAUTH";

/** `tag OK …` or, without a tag, `* OK …`. The text is cleaned; see {@link cleanText}. */
export function condition(
  out: Gather,
  tag: string | undefined,
  cond: Condition,
  text: string,
  code?: ResponseCode,
): void {
  out.text(tag ?? "*").octet(0x20).text(cond).octet(0x20);
  if (code !== undefined) responseCode(out, code);
  out.text(cleanText(text, code !== undefined)).text("\r\n");
}

/** A failure's completion: the one place where `syntax` becomes BAD and `refused` NO with its code. */
export function failureLine(out: Gather, tag: string, failure: Failure): void {
  if (failure.kind === "syntax") condition(out, tag, "BAD", failure.text);
  else condition(out, tag, "NO", failure.text, { code: failure.code });
}

/**
 * A parser's fault: `BAD` or `NO` with the tag where it could be read. After a fatal one the connection ends,
 * so it is a BYE.
 */
export function faultLine(out: Gather, fault: CommandFault): void {
  if (fault.fatal) condition(out, undefined, "BYE", fault.text, fault.code);
  // RFC 9051 §7.1.3: an untagged BAD is for what belongs to no command; an untagged NO would be a warning.
  else condition(out, fault.tag, fault.tag === undefined ? "BAD" : fault.status, fault.text, fault.code);
}

/** continue-req = "+" SP resp-text CRLF; for literals and IDLE. */
export function continueLine(out: Gather, text: string): void {
  out.text("+ ").text(cleanText(text, false)).text("\r\n");
}

/** continue-req = "+" SP base64 CRLF: a SASL challenge, which may be empty. */
export function challengeLine(out: Gather, octets: Uint8Array): void {
  out.text("+ ").text(octets.toBase64()).text("\r\n");
}

/**
 * Text for people, fit for the wire: what is not printable ASCII becomes `?`, so that nothing from a client or
 * a message can end the line; never empty, and no `[` at its beginning that would be read as a code.
 */
export function cleanText(text: string, hasCode: boolean): string {
  let isClean = text.length > 0 && text.length <= TEXT && (hasCode || text.charCodeAt(0) !== 0x5b);
  for (let i = 0; isClean && i < text.length; i++) {
    const code = text.charCodeAt(i);
    isClean = code >= 0x20 && code <= 0x7e;
  }
  if (isClean) return text;
  let cleaned = "";
  for (let i = 0; i < text.length && i < TEXT; i++) {
    const code = text.charCodeAt(i);
    const isOk = code >= 0x20 && code <= 0x7e && (i > 0 || hasCode || code !== 0x5b);
    cleaned += isOk ? text[i] : "?";
  }
  return cleaned === "" ? "-" : cleaned;
}

/** Longest text; longer ones are cut. */
const TEXT = 500;
