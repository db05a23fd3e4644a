import type { AuthRefusal } from "../core/auth.ts";
import type { SyntaxRule } from "./grammar/rfc2449_3.ts";
import { type Language, textIn, type TextKey } from "./language.ts";

/**
 * Response codes that we send: IN-USE and LOGIN-DELAY (RFC 2449 §8.1), AUTH, SYS/TEMP and SYS/PERM (RFC 3206),
 * UTF8 (RFC 6856 §5).
 */
export type ResponseCode = "AUTH" | "IN-USE" | "LOGIN-DELAY" | "SYS/TEMP" | "SYS/PERM" | "UTF8";

/** Every `-ERR` that carries a code, in one place; the others carry none. */
const CODES: Partial<Record<TextKey, ResponseCode>> = {
  "authzid": "AUTH",
  "busy": "SYS/TEMP",
  "closing": "SYS/TEMP",
  "credentials": "AUTH",
  "disabled": "AUTH",
  "in-use": "IN-USE",
  "internal": "SYS/TEMP",
  "needs-utf8": "UTF8",
  "no-maildrop": "SYS/PERM",
  "not-removed": "SYS/TEMP",
  "throttled": "LOGIN-DELAY",
  "too-many-logins": "AUTH",
  "unavailable": "SYS/TEMP",
};

/** `+OK text`, in the session's language. */
export function ok(language: Language, key: TextKey, ...values: readonly (number | string)[]): string {
  return `+OK ${textIn(language, key, values)}\r\n`;
}

/** `-ERR [code] text`, in the session's language; the code follows from the text. */
export function err(language: Language, key: TextKey, ...values: readonly (number | string)[]): string {
  const code = CODES[key];
  return `-ERR ${code === undefined ? "" : `[${code}] `}${textIn(language, key, values)}\r\n`;
}

/** What tells a client why it may not log in. */
export function refusalText(reason: AuthRefusal): TextKey {
  return reason satisfies TextKey;
}

/** What tells a client what is wrong with its line. */
export function syntaxText(rule: SyntaxRule): TextKey {
  return rule satisfies TextKey;
}
