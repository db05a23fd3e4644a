import { Unavailable } from "../core/failure.ts";
import { PgError } from "./pg/door.ts";

/** How often a transaction is tried again that lost against another one. */
const ATTEMPTS = 6;

/** Serialization failure and deadlock: nothing was done, the same transaction may succeed now. */
function isConflict(code: string): boolean {
  return code === "40001" || code === "40P01";
}

/**
 * SQLSTATEs that mean "not now": timeouts of lock, statement and idle transaction, connection trouble (08),
 * no resources (53), shutting down (57P).
 */
function isPassing(code: string): boolean {
  return code === "55P03" || code === "57014" || code === "25P03" || code === "25P02" ||
    code.startsWith("08") || code.startsWith("53") || code.startsWith("57P");
}

/** True when a statement ran into `statement_timeout`. */
export function isTimeout(thrown: unknown): boolean {
  return codeOf(thrown) === "57014";
}

/**
 * Runs a transaction; again when it lost a conflict, after a pause that grows and varies.
 *
 * @throws Unavailable when the database cannot do it now; what else it throws is a bug.
 */
export async function retrying<T>(work: () => Promise<T>): Promise<T> {
  for (let attempt = 1;; attempt++) {
    try {
      return await work();
    } catch (thrown) {
      const code = codeOf(thrown);
      if (code === undefined || !isConflict(code)) throw asUnavailable(thrown);
      if (attempt === ATTEMPTS) throw new Unavailable(`Cannot commit: ${(thrown as Error).message}`);
      await pause(Math.random() * 2 ** attempt);
    }
  }
}

/** The same failure, as Unavailable when it will pass. */
export function asUnavailable(thrown: unknown): unknown {
  if (thrown instanceof Unavailable) return thrown;
  const code = codeOf(thrown);
  if (code !== undefined && (isPassing(code) || isConflict(code))) {
    return new Unavailable(`Cannot use the database: ${messageOf(thrown)}`);
  }
  // npm pg throws plain errors without SQLSTATE when the connection breaks or cannot be made.
  if (code === undefined && isNetworkError(thrown)) {
    return new Unavailable(`Cannot reach the database: ${messageOf(thrown)}`);
  }
  return thrown;
}

function isNetworkError(thrown: unknown): boolean {
  if (!(thrown instanceof Error)) return false;
  const code = (thrown as { code?: unknown }).code;
  return typeof code === "string" && /^E[A-Z]{3,20}$/.test(code) ||
    thrown.message.startsWith("Connection terminated") ||
    thrown.message.startsWith("timeout exceeded when trying to connect");
}

/** The SQLSTATE of an error of either door. */
function codeOf(thrown: unknown): string | undefined {
  if (thrown instanceof PgError) return thrown.code;
  const code = thrown instanceof Error ? (thrown as { code?: unknown }).code : undefined;
  return typeof code === "string" && code.length === 5 && !/^E[A-Z]{4}$/.test(code) ? code : undefined;
}

function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}

/** Waits. */
function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
