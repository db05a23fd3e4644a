import { ALPHA, asciiText, Cursor, DIGIT, octetTable, utf8Text } from "../../bytes/cursor.ts";
import type { Fault } from "../../core/step.ts";
import type { Command } from "../command.ts";
import { broken, isFault } from "./fault.ts";
import { isDigits } from "./digits.ts";
import { capitals, mailParameters, rcptParameters } from "./parameters.ts";
import { forwardPath, reversePath } from "./path.ts";

/** Reads what stands behind a verb: the cursor is at the line's end or on the space. */
export type ReadArguments = (c: Cursor) => Command | Fault;

// Windows machines greet with names that have "_"; nothing else of what RFC 5321 forbids is taken.
const GREETING = octetTable(ALPHA + DIGIT + "-_.:[]");

/**
 * ehlo = "EHLO" SP ( Domain / address-literal ) CRLF
 * helo = "HELO" SP Domain CRLF
 *
 * RFC 5321 §4.1.1.1; LHLO is the same in LMTP (RFC 2033 §4.1). The name is not verified (§4.1.4), but its
 * octets are: it stands in our Received field.
 */
export function hello(name: "EHLO" | "HELO" | "LHLO"): ReadArguments {
  return (c) => {
    skipSpaces(c);
    const start = c.at;
    const length = c.skipWhile(GREETING);
    if (length === 0 || length > 255 || !c.done) return broken("bad argument", `${name} needs a host name`);
    return { name, domain: c.textFrom(start) };
  };
}

/**
 * mail = "MAIL FROM:" Reverse-path [SP Mail-parameters] CRLF
 *
 * RFC 5321 §4.1.1.2. Spaces behind the colon are taken: many a script sends one.
 */
export const mail: ReadArguments = (c) => {
  if (!c.eatFold(" FROM:")) return broken("bad argument", "Send MAIL FROM:<address>");
  skipSpaces(c);
  const from = reversePath(c);
  if (from === undefined || !(c.done || c.peek() === 0x20)) {
    return broken("bad sender", "Cannot read the sender's address");
  }
  const parameters = mailParameters(c);
  return isFault(parameters) ? parameters : { name: "MAIL", from, parameters };
};

/**
 * rcpt = "RCPT TO:" ( "<Postmaster@" Domain ">" / "<Postmaster>" / Forward-path ) [SP Rcpt-parameters] CRLF
 *
 * RFC 5321 §4.1.1.3.
 */
export const rcpt: ReadArguments = (c) => {
  if (!c.eatFold(" TO:")) return broken("bad argument", "Send RCPT TO:<address>");
  skipSpaces(c);
  const to = forwardPath(c);
  if (to === undefined || !(c.done || c.peek() === 0x20)) {
    return broken("bad recipient", "Cannot read the recipient's address");
  }
  const parameters = rcptParameters(c);
  return isFault(parameters) ? parameters : { name: "RCPT", to, parameters };
};

/**
 * bdat-cmd = "BDAT" SP chunk-size [ SP end-marker ] CR LF
 * chunk-size = 1*DIGIT
 * end-marker = "LAST"
 *
 * RFC 3030 §2. A size that cannot be read is fatal: nobody could tell the chunk's octets from commands.
 */
export const bdat: ReadArguments = (c) => {
  const refusal = broken("bad chunk size", "Cannot read the chunk size of BDAT", true);
  if (!c.eat(0x20)) return refusal;
  skipSpaces(c);
  const start = c.at;
  while (!c.done && c.peek() !== 0x20) c.at++;
  // 15 digits stay exact in a number.
  if (c.at === start || c.at - start > 15) return refusal;
  const digits = asciiText(c.octets, start, c.at);
  if (!isDigits(digits)) return refusal;
  skipSpaces(c);
  const last = !c.done;
  if (last && !(c.eatFold("LAST") && c.done)) return refusal;
  return { name: "BDAT", size: Number(digits), last };
};

const URL_OCTETS = octetTable(Array.from({ length: 94 }, (_, i) => String.fromCharCode(33 + i)).join(""));

/**
 * burl-cmd = "BURL" SP absolute-URI [SP end-marker] CRLF
 * end-marker = "LAST"
 *
 * RFC 4468 §3.4.
 */
export const burl: ReadArguments = (c) => {
  skipSpaces(c);
  const start = c.at;
  if (c.skipWhile(URL_OCTETS) === 0 || !(c.done || c.peek() === 0x20)) {
    return broken("bad argument", "BURL needs a URL");
  }
  const url = c.textFrom(start);
  skipSpaces(c);
  const last = !c.done;
  if (last && !(c.eatFold("LAST") && c.done)) return broken("bad argument", "Send BURL URL [LAST]");
  return { name: "BURL", url, last };
};

const MECHANISM = octetTable(ALPHA + DIGIT + "-_");

/**
 * auth-command = "AUTH" SP sasl-mech [SP initial-response] *(CRLF [base64]) [CRLF cancel-response] CRLF
 * initial-response = base64 / "="
 *
 * RFC 4954 §8. `=` is a response of no octets; no response at all is undefined.
 */
export const auth: ReadArguments = (c) => {
  skipSpaces(c);
  const start = c.at;
  const length = c.skipWhile(MECHANISM);
  if (length === 0 || length > 20 || !(c.done || c.peek() === 0x20)) {
    return broken("bad argument", "AUTH needs the name of a mechanism");
  }
  const mechanism = capitals(c.octets, start, c.at);
  skipSpaces(c);
  if (c.done) return { name: "AUTH", mechanism, initial: undefined };
  if (c.end - c.at === 1 && c.peek() === 0x3d) return { name: "AUTH", mechanism, initial: new Uint8Array(0) };
  const initial = base64(c.octets, c.at, c.end);
  return isFault(initial) ? initial : { name: "AUTH", mechanism, initial };
};

/** A command that takes nothing. */
export function bare(name: "DATA" | "RSET" | "QUIT" | "STARTTLS"): ReadArguments {
  return (c) => c.done ? { name } : broken("unexpected argument", `${name} takes no argument`);
}

/** A command with a String that we do not look at. */
export function ignoring(name: "NOOP" | "HELP"): ReadArguments {
  return () => ({ name });
}

/**
 * vrfy = "VRFY" SP String CRLF
 * expn = "EXPN" SP String CRLF
 *
 * RFC 5321 §4.1.1.6, §4.1.1.7; ETRN is the same (RFC 1985 §5).
 */
export function withString(name: "VRFY" | "EXPN" | "ETRN"): ReadArguments {
  return (c) => {
    skipSpaces(c);
    if (c.done) return broken("bad argument", `${name} needs an argument`);
    const text = utf8Text(c.octets, c.at, c.end);
    return text === undefined
      ? broken("bad argument", `Cannot read the argument of ${name}`)
      : { name, text };
  };
}

const BASE64 = octetTable(ALPHA + DIGIT + "+/=");

/**
 * base64 = base64-terminal / ( 1*(4base64-CHAR) [base64-terminal] ) (RFC 4954 §8), strict: no spaces, right
 * padding, no stray bits behind the last octet. An empty run is 0 octets.
 */
export function base64(octets: Uint8Array, start: number, end: number): Uint8Array | Fault {
  const refusal = broken("bad base64", "Cannot decode the base64 of this response");
  for (let at = start; at < end; at++) if (BASE64[octets[at]!] !== 1) return refusal;
  try {
    return Uint8Array.fromBase64(asciiText(octets, start, end), { lastChunkHandling: "strict" });
  } catch {
    return refusal;
  }
}

function skipSpaces(c: Cursor): void {
  while (c.eat(0x20));
}
