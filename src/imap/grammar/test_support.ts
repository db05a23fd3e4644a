/** What the grammar's tests share. */
import { AFTER_LOGIN, type ImapLimits } from "../limits.ts";
import { Cursor } from "./cursor.ts";

/** Text as octets: one character of Latin-1 is one octet. */
export function octets(text: string): Uint8Array {
  return Uint8Array.from(text, (char) => char.charCodeAt(0));
}

/** A cursor over text as {@link octets} reads it. */
export function cursor(text: string, options: { utf8?: boolean; limits?: Partial<ImapLimits> } = {}): Cursor {
  return new Cursor(octets(text), { ...AFTER_LOGIN, ...options.limits }, { utf8: options.utf8 ?? false });
}

/** What a rule makes of the whole text, or the name of the rule that was broken. */
export function parsed<T>(
  rule: (c: Cursor) => T | undefined,
  text: string,
  options: { utf8?: boolean; limits?: Partial<ImapLimits> } = {},
): T | string {
  const c = cursor(text, options);
  const value = rule(c);
  if (c.fault === undefined && c.atEnd() && value !== undefined) return value;
  return `fault: ${c.fault!.rule}`;
}
