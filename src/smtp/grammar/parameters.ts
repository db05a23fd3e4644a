import { Cursor } from "../../bytes/cursor.ts";
import { ALPHA, asciiText, DIGIT, octetTable, upper } from "../../bytes/cursor.ts";
import type { Fault } from "../../core/step.ts";
import type { BodyType, MailParameters } from "../command.ts";
import { broken } from "./fault.ts";
import { mailbox } from "./path.ts";
import { xtext } from "./xtext.ts";

type Draft = { -readonly [Name in keyof MailParameters]: MailParameters[Name] };

/** Takes a parameter's value (undefined: no `=`); false when it is no value of that parameter. */
type TakeParameter = (value: string | undefined, into: Draft) => boolean;

/** The parameters of MAIL by keyword. An extension that adds one adds a row. */
const MAIL_PARAMETERS: ReadonlyMap<string, TakeParameter> = new Map<string, TakeParameter>([
  // size-value ::= 1*20DIGIT (RFC 1870 §5)
  ["SIZE", (value, into) => {
    if (value === undefined || value.length < 1 || value.length > 20 || !isDigits(value)) return false;
    into.size = Number(value);
    return true;
  }],
  // body-value ::= "7BIT" / "8BITMIME" / "BINARYMIME" (RFC 6152 §2, RFC 3030 §3)
  ["BODY", (value, into) => {
    const body = value?.toUpperCase();
    if (body !== "7BIT" && body !== "8BITMIME" && body !== "BINARYMIME") return false;
    into.body = body satisfies BodyType;
    return true;
  }],
  // No value (RFC 6531 §3.4).
  ["SMTPUTF8", (value, into) => {
    if (value !== undefined) return false;
    into.smtputf8 = true;
    return true;
  }],
  // "AUTH=" (xtext of a mailbox / "<>") (RFC 4954 §5)
  ["AUTH", (value, into) => {
    const decoded = value === undefined ? undefined : xtext(value);
    if (decoded === undefined) return false;
    if (decoded !== "<>") {
      const c = new Cursor(Uint8Array.from(decoded, (letter) => letter.charCodeAt(0)));
      if (mailbox(c) === undefined || !c.done) return false;
    }
    into.auth = decoded === "<>" ? "" : decoded;
    return true;
  }],
]);

/**
 * Mail-parameters = esmtp-param *(SP esmtp-param)
 *
 * RFC 5321 §4.1.2. The cursor stands on the space behind the path, or at the end.
 */
export function mailParameters(c: Cursor): MailParameters | Fault {
  const into: Draft = { size: 0, body: "7BIT", smtputf8: false, auth: undefined };
  const seen = new Set<string>();
  while (!c.done) {
    const parameter = esmtpParam(c);
    if (parameter === undefined) return broken("bad parameter", "Cannot read the parameters of MAIL");
    const take = MAIL_PARAMETERS.get(parameter.keyword);
    if (take === undefined) return unknownParameter(parameter.keyword);
    if (seen.has(parameter.keyword)) {
      return broken("bad parameter", `Parameter ${parameter.keyword} stands twice`);
    }
    seen.add(parameter.keyword);
    if (!take(parameter.value, into)) {
      return broken("bad parameter", `Cannot take the value of parameter ${parameter.keyword}`);
    }
  }
  return into;
}

/**
 * Rcpt-parameters = esmtp-param *(SP esmtp-param)
 *
 * RFC 5321 §4.1.2. None is known yet. Undefined when there was none.
 */
export function rcptParameters(c: Cursor): Fault | undefined {
  if (c.done) return undefined;
  const parameter = esmtpParam(c);
  if (parameter === undefined) return broken("bad parameter", "Cannot read the parameters of RCPT");
  return unknownParameter(parameter.keyword);
}

function unknownParameter(keyword: string): Fault {
  return broken("unknown parameter", `Parameter ${keyword.slice(0, 64)} is not known here`);
}

const KEYWORD = octetTable(ALPHA + DIGIT + "-");
const VALUE = octetTable(
  Array.from({ length: 126 - 33 + 1 }, (_, i) => String.fromCharCode(33 + i)).join("").replace("=", ""),
);

/**
 * SP esmtp-param
 * esmtp-param = esmtp-keyword ["=" esmtp-value]
 * esmtp-keyword = (ALPHA / DIGIT) *(ALPHA / DIGIT / "-")
 * esmtp-value = 1*(%d33-60 / %d62-126)
 *
 * RFC 5321 §4.1.2. The keyword comes out in capitals.
 */
function esmtpParam(c: Cursor): { readonly keyword: string; readonly value: string | undefined } | undefined {
  if (!c.eat(0x20)) return undefined;
  while (c.eat(0x20));
  const start = c.at;
  if (c.peek() === 0x2d || c.skipWhile(KEYWORD) === 0) return undefined;
  const keyword = capitals(c.octets, start, c.at);
  if (!c.eat(0x3d)) return c.done || c.peek() === 0x20 ? { keyword, value: undefined } : undefined;
  const valueStart = c.at;
  if (c.skipWhile(VALUE) === 0 || !(c.done || c.peek() === 0x20)) return undefined;
  return { keyword, value: c.textFrom(valueStart) };
}

/** ASCII text in capitals. */
export function capitals(octets: Uint8Array, start: number, end: number): string {
  for (let at = start; at < end; at++) {
    if (octets[at] !== upper(octets[at]!)) return asciiText(octets, start, end).toUpperCase();
  }
  return asciiText(octets, start, end);
}

/** 1*DIGIT or "". */
export function isDigits(text: string): boolean {
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code < 0x30 || code > 0x39) return false;
  }
  return true;
}
