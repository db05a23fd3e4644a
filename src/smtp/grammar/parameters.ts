import { Cursor } from "../../bytes/cursor.ts";
import { ALPHA, asciiText, DIGIT, octetTable, upper, utf8Text } from "../../bytes/cursor.ts";
import type { Fault } from "../../core/step.ts";
import {
  type BodyType,
  type MailParameters,
  NO_PARAMETERS,
  NO_RCPT_PARAMETERS,
  type RcptParameters,
} from "../command.ts";
import * as delivery from "./delivery_parameters.ts";
import { isDigits } from "./digits.ts";
import { broken } from "./fault.ts";
import { mailbox } from "./path.ts";
import { xtext } from "./xtext.ts";

type Draft<T> = { -readonly [Name in keyof T]: T[Name] };

/** What a parameter is. */
interface Parameter<T> {
  /** EHLO keyword of the extension, where it must have been announced. */
  readonly of?: string;
  /** The value may hold more than ASCII (RFC 6533 §3). */
  readonly utf8?: boolean;
  /** Takes the value (undefined: no `=`); false when it is no value of that parameter. */
  readonly take: (value: string | undefined, into: Draft<T>) => boolean;
}

/** A parameter whose grammar gives undefined for what it cannot read. */
function parameter<T, Name extends keyof T>(
  of: string,
  name: Name,
  read: (value: string | undefined) => T[Name] | undefined,
): Parameter<T> {
  return {
    of,
    take: (value, into) => {
      const found = read(value);
      if (found === undefined) return false;
      into[name] = found;
      return true;
    },
  };
}

/** HOLDFOR and HOLDUNTIL are one parameter in two forms: only one of them may stand (RFC 4865 §4). */
function hold(read: (value: string | undefined) => MailParameters["hold"]): Parameter<MailParameters> {
  const { of, take } = parameter<MailParameters, "hold">("FUTURERELEASE", "hold", read);
  return { of: of!, take: (value, into) => into.hold === undefined && take(value, into) };
}

/** The parameters of MAIL by keyword. An extension that adds one adds a row. */
const MAIL_PARAMETERS: ReadonlyMap<string, Parameter<MailParameters>> = new Map<
  string,
  Parameter<MailParameters>
>([
  // size-value ::= 1*20DIGIT (RFC 1870 §5)
  ["SIZE", {
    take: (value, into) => {
      if (value === undefined || value.length < 1 || value.length > 20 || !isDigits(value)) return false;
      into.size = Number(value);
      return true;
    },
  }],
  // body-value ::= "7BIT" / "8BITMIME" / "BINARYMIME" (RFC 6152 §2, RFC 3030 §3)
  ["BODY", {
    take: (value, into) => {
      const body = value?.toUpperCase();
      if (body !== "7BIT" && body !== "8BITMIME" && body !== "BINARYMIME") return false;
      into.body = body satisfies BodyType;
      return true;
    },
  }],
  // No value (RFC 6531 §3.4).
  ["SMTPUTF8", {
    take: (value, into) => {
      if (value !== undefined) return false;
      into.smtputf8 = true;
      return true;
    },
  }],
  // "AUTH=" (xtext of a mailbox / "<>") (RFC 4954 §5)
  ["AUTH", {
    take: (value, into) => {
      const decoded = value === undefined ? undefined : xtext(value);
      if (decoded === undefined) return false;
      if (decoded !== "<>") {
        const c = new Cursor(Uint8Array.from(decoded, (letter) => letter.charCodeAt(0)));
        if (mailbox(c) === undefined || !c.done) return false;
      }
      into.auth = decoded === "<>" ? "" : decoded;
      return true;
    },
  }],
  ["RET", parameter("DSN", "ret", delivery.ret)],
  ["ENVID", parameter("DSN", "envid", delivery.envid)],
  // No value (RFC 8689 §2).
  ["REQUIRETLS", parameter("REQUIRETLS", "requireTls", (value) => value === undefined ? true : undefined)],
  ["HOLDFOR", hold(delivery.holdFor)],
  ["HOLDUNTIL", hold(delivery.holdUntil)],
  ["BY", parameter("DELIVERBY", "by", delivery.by)],
  ["MT-PRIORITY", parameter("MT-PRIORITY", "priority", delivery.priority)],
  ["SOLICIT", parameter("NO-SOLICITING", "solicit", delivery.solicit)],
  ["XVERP", parameter("XVERP", "verp", delivery.verp)],
]);

/** The parameters of RCPT by keyword. */
const RCPT_PARAMETERS: ReadonlyMap<string, Parameter<RcptParameters>> = new Map<
  string,
  Parameter<RcptParameters>
>([
  ["NOTIFY", parameter("DSN", "notify", delivery.notify)],
  ["ORCPT", { ...parameter("DSN", "originalRecipient", delivery.originalRecipient), utf8: true }],
]);

/**
 * Mail-parameters = esmtp-param *(SP esmtp-param)
 *
 * RFC 5321 §4.1.2. The cursor stands on the space behind the path, or at the end.
 */
export function mailParameters(c: Cursor): MailParameters | Fault {
  return c.done ? NO_PARAMETERS : parameters(c, "MAIL", MAIL_PARAMETERS, NO_PARAMETERS);
}

/**
 * Rcpt-parameters = esmtp-param *(SP esmtp-param)
 *
 * RFC 5321 §4.1.2.
 */
export function rcptParameters(c: Cursor): RcptParameters | Fault {
  return c.done ? NO_RCPT_PARAMETERS : parameters(c, "RCPT", RCPT_PARAMETERS, NO_RCPT_PARAMETERS);
}

function parameters<T extends { readonly uses: readonly string[] }>(
  c: Cursor,
  verb: string,
  known: ReadonlyMap<string, Parameter<T>>,
  none: T,
): T | Fault {
  const into: Draft<T> = { ...none };
  const seen = new Set<string>();
  while (!c.done) {
    const parameter = esmtpParam(c);
    if (parameter === undefined) return broken("bad parameter", `Cannot read the parameters of ${verb}`);
    const { keyword, value, ascii } = parameter;
    const rule = known.get(keyword);
    if (rule === undefined) {
      return broken("unknown parameter", `Parameter ${keyword.slice(0, 64)} is not known here`);
    }
    if (seen.has(keyword)) return broken("bad parameter", `Parameter ${keyword} stands twice`);
    seen.add(keyword);
    if (!(ascii || rule.utf8) || !rule.take(value, into)) {
      return broken("bad parameter", `Cannot take the value of parameter ${keyword}`);
    }
    if (rule.of !== undefined && !into.uses.includes(rule.of)) into.uses = [...into.uses, rule.of];
  }
  return into as T;
}

interface EsmtpParam {
  readonly keyword: string;
  readonly value: string | undefined;
  readonly ascii: boolean;
}

const KEYWORD = octetTable(ALPHA + DIGIT + "-");
const VALUE = octetTable(
  Array.from({ length: 126 - 33 + 1 }, (_, i) => String.fromCharCode(33 + i)).join("").replace("=", ""),
  true,
);

const VERP_VALUE = octetTable("+-=");

/**
 * SP esmtp-param
 * esmtp-param = esmtp-keyword ["=" esmtp-value]
 * esmtp-keyword = (ALPHA / DIGIT) *(ALPHA / DIGIT / "-")
 * esmtp-value = 1*(%d33-60 / %d62-126 / UTF8-non-ascii)
 *
 * RFC 5321 §4.1.2, RFC 6531 §3.3. The keyword comes out in capitals.
 */
function esmtpParam(c: Cursor): EsmtpParam | undefined {
  if (!c.eat(0x20)) return undefined;
  while (c.eat(0x20));
  const start = c.at;
  if (c.peek() === 0x2d || c.skipWhile(KEYWORD) === 0) return undefined;
  const keyword = capitals(c.octets, start, c.at);
  if (!c.eat(0x3d)) {
    return c.done || c.peek() === 0x20 ? { keyword, value: undefined, ascii: true } : undefined;
  }
  const valueStart = c.at;
  // Postfix's XVERP=+= is no esmtp-value, and meant all the same.
  if (c.skipWhile(keyword === "XVERP" ? VERP_VALUE : VALUE) === 0 || !(c.done || c.peek() === 0x20)) {
    return undefined;
  }
  const value = utf8Text(c.octets, valueStart, c.at);
  if (value === undefined) return undefined;
  // Every character beyond ASCII takes more octets than it has code units.
  return { keyword, value, ascii: value.length === c.at - valueStart };
}

/** ASCII text in capitals. */
export function capitals(octets: Uint8Array, start: number, end: number): string {
  for (let at = start; at < end; at++) {
    if (octets[at] !== upper(octets[at]!)) return asciiText(octets, start, end).toUpperCase();
  }
  return asciiText(octets, start, end);
}
