import { Buffer, isUtf8 } from "node:buffer";
import { type Command, type CommandName, COMMANDS } from "../command.ts";

/** What can be wrong with a line; each has its text in every language. */
export type SyntaxRule = "unknown-command" | "bad-argument" | "bad-utf8" | "line-too-long" | "bare-lf";

/** A line that is no command. */
export interface SyntaxFault {
  readonly rule: SyntaxRule;
}

const SPACE = 0x20;
/** Decimal digits of a message number or a count: more than any maildrop or message has, and exact. */
const MOST_DIGITS = 10;

/** Keywords as four octets with the case bit off; the shorter ones end in 0. */
const KEYWORDS: ReadonlyMap<number, CommandName> = new Map(
  (Object.keys(COMMANDS) as CommandName[]).map((name) => [keywordOf(new TextEncoder().encode(name)), name]),
);

/**
 * command = keyword *(SP param) CRLF    ; 255 octets maximum
 * keyword = 3*4VCHAR
 * param   = 1*VCHAR
 *
 * RFC 2449 §3. `line` comes without its CRLF; `limit` counts it. Only AUTH may be longer (RFC 5034 §4). The
 * arguments of USER and PASS are the rest of the line, spaces and all (RFC 1939 §7), in UTF-8 (RFC 6856 §2.2).
 */
export function command(line: Uint8Array, limit: number): Command | SyntaxFault {
  for (let i = 0; i < line.length; i++) {
    const octet = line[i]!;
    if (octet < SPACE || octet === 0x7f) return { rule: "bad-argument" };
  }
  const space = line.indexOf(SPACE);
  const end = space < 0 ? line.length : space;
  const name = end === 3 || end === 4 ? KEYWORDS.get(keywordOf(line.subarray(0, end))) : undefined;
  if (line.length + 2 > limit && name !== "AUTH") return { rule: "line-too-long" };
  if (name === undefined) return { rule: "unknown-command" };

  const text = space < 0 ? undefined : textOf(line.subarray(space + 1));
  if (space >= 0 && text === undefined) return { rule: "bad-utf8" };
  switch (name) {
    case "USER":
      return text ? { name, user: text } : BAD_ARGUMENT;
    case "PASS":
      return text ? { name, password: text } : BAD_ARGUMENT;
    default:
      return withParams(name, params(text ?? ""));
  }
}

function withParams(
  name: Exclude<CommandName, "USER" | "PASS">,
  given: readonly string[],
): Command | SyntaxFault {
  const [first, second] = given;
  switch (name) {
    case "AUTH":
      if (!isSaslMech(first) || given.length > 2) return BAD_ARGUMENT;
      return { name, mechanism: first.toUpperCase(), initial: second };
    case "LANG":
      return given.length > 1 ? BAD_ARGUMENT : { name, range: first };
    case "LIST":
    case "UIDL": {
      if (first === undefined) return { name, message: undefined };
      const message = number(first);
      return message === undefined || given.length > 1 ? BAD_ARGUMENT : { name, message };
    }
    case "RETR":
    case "DELE": {
      const message = number(first);
      return message === undefined || given.length > 1 ? BAD_ARGUMENT : { name, message };
    }
    case "TOP": {
      const message = number(first);
      const lines = number(second);
      if (message === undefined || lines === undefined || given.length > 2) return BAD_ARGUMENT;
      return { name, message, lines };
    }
    case "STLS":
    case "CAPA":
    case "UTF8":
    case "STAT":
    case "NOOP":
    case "RSET":
    case "QUIT":
      return given.length > 0 ? BAD_ARGUMENT : { name };
    default:
      return name satisfies never;
  }
}

const BAD_ARGUMENT: SyntaxFault = { rule: "bad-argument" };

/** *(SP param); a space at the end is forgiven, clients send `LIST ` for `LIST`. */
function params(text: string): readonly string[] {
  return text.split(" ").filter((param) => param !== "");
}

/**
 * sasl-mech = 1*20mech-char ; mech-char = UPPER-ALPHA / DIGIT / HYPHEN / UNDERSCORE
 *
 * RFC 4422 §3.1. Lower case is taken too, but ASCII only: others have upper-case forms that are ASCII.
 */
function isSaslMech(text: string | undefined): text is string {
  if (text === undefined || text.length > 20) return false;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i), letter = code & 0xdf;
    const isWord = (code >= 0x30 && code <= 0x39) || code === 0x2d || code === 0x5f;
    if (!isWord && (code > 0x7f || letter < 0x41 || letter > 0x5a)) return false;
  }
  return true;
}

/** 1*DIGIT */
function number(text: string | undefined): number | undefined {
  if (text === undefined || text.length > MOST_DIGITS) return undefined;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code < 0x30 || code > 0x39) return undefined;
  }
  return Number(text);
}

/**
 * Up to four octets as one number, whatever their case. Unambiguous among printable octets: the case bit
 * parts only letters from letters, and digits from control characters.
 */
function keywordOf(octets: Uint8Array): number {
  let value = 0;
  for (let i = 0; i < 4; i++) value = (value << 8) | ((octets[i] ?? 0) & 0xdf);
  return value;
}

/** UTF-8 text; undefined when it is none. */
function textOf(octets: Uint8Array): string | undefined {
  if (!isUtf8(octets)) return undefined;
  return Buffer.from(octets.buffer, octets.byteOffset, octets.byteLength).toString("utf8");
}
