/** ErrorResponse and NoticeResponse (PostgreSQL manual, §55.8). */
import { Unavailable } from "../../../core/failure.ts";
import { PgError } from "../door.ts";

/** Reads an ErrorResponse's payload: a letter and a text each, closed by zeros. */
export function pgError(payload: Uint8Array): PgError {
  const fields = new Map<string, string>();
  for (const field of new TextDecoder().decode(payload).split("\0")) {
    if (field !== "") fields.set(field[0]!, field.slice(1));
  }
  return new PgError(
    fields.get("C") ?? "XX000",
    fields.get("M") ?? "PostgreSQL refused without a word",
    fields.get("D"),
    fields.get("n"),
  );
}

/** A refusal as callers see it: the server's own trouble is `Unavailable`. */
export function asThrown(error: PgError): Error {
  if (!isServerTrouble(error.code)) return error;
  return new Unavailable(`PostgreSQL cannot serve now: ${error.message}`, { cause: error });
}

/**
 * True for SQLSTATEs that speak of the server, not of our statement: it is starting, stopping, full, out of
 * something, or was too slow (classes 08, 53, 57, 58, and 55P03 lock_not_available), so the same may work
 * later.
 */
function isServerTrouble(code: string): boolean {
  return TROUBLE.has(code.slice(0, 2)) || code === "55P03";
}

const TROUBLE: ReadonlySet<string> = new Set(["08", "53", "57", "58"]);
