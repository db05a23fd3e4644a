/**
 * Failures that are values: the client's octets (`syntax`) or a rule of ours (`refused`). Our own bugs and
 * a dead database are thrown; each protocol turns all of them into its wire form in one place.
 */
export type Failure =
  | { readonly kind: "syntax"; readonly text: string }
  | { readonly kind: "refused"; readonly code: RefusalCode; readonly text: string };

/** Why a rule of ours refused, named after the IMAP response codes (RFC 5530, RFC 9051 §7.1). */
export type RefusalCode =
  | "ALREADYEXISTS"
  | "NONEXISTENT"
  | "CANNOT"
  | "OVERQUOTA"
  | "LIMIT"
  | "NOPERM"
  | "INUSE"
  | "TRYCREATE"
  | "TOOBIG"
  | "HASCHILDREN"
  | "EXPUNGEISSUED"
  | "UNKNOWN-CTE"
  | "SERVERBUG";

/** A result that is either a value or a refusal. */
export type Outcome<T> = { readonly ok: true; readonly value: T } | {
  readonly ok: false;
  readonly failure: Failure;
};

/** Wraps a value as a good outcome. */
export function done<T>(value: T): { readonly ok: true; readonly value: T } {
  return { ok: true, value };
}

/** Builds a refusal. */
export function refused(code: RefusalCode, text: string): { readonly ok: false; readonly failure: Failure } {
  return { ok: false, failure: { kind: "refused", code, text } };
}

/** Builds a syntax failure. */
export function syntax(text: string): { readonly ok: false; readonly failure: Failure } {
  return { ok: false, failure: { kind: "syntax", text } };
}

/**
 * The store or another part cannot serve now; the same request may succeed later. Thrown, so that it passes
 * through every layer; protocols answer 451 4.3.0, `-ERR [SYS/TEMP]`, `NO [UNAVAILABLE]`.
 */
export class Unavailable extends Error {
  override name = "Unavailable";
}
