import { Unavailable } from "../core/failure.ts";

/**
 * Runs database work; what will pass (no connection, shutting down, timeouts, lost against another
 * transaction) is thrown as Unavailable, everything else as it is: a bug.
 */
export async function withDatabase<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (thrown) {
    throw isPassing(thrown)
      ? new Unavailable(`Cannot use the database: ${(thrown as Error).message}`)
      : thrown;
  }
}

/** The SQLSTATE of what npm `pg` threw; undefined when it did not come from PostgreSQL. */
export function sqlStateOf(thrown: unknown): string | undefined {
  const code = thrown instanceof Error ? (thrown as { code?: unknown }).code : undefined;
  return typeof code === "string" && /^[0-9A-Z]{5}$/.test(code) && !/^E[A-Z]{4}$/.test(code)
    ? code
    : undefined;
}

/**
 * SQLSTATE classes: connection (08), resources (53), shutdown and cancel (57), transaction lost (40), lock
 * not to be had (55P03), timed out (25P03). Errors of sockets and of the pool have no SQLSTATE.
 */
function isPassing(thrown: unknown): boolean {
  if (!(thrown instanceof Error)) return false;
  const state = sqlStateOf(thrown);
  if (state !== undefined) {
    return /^(08|53|57|40)/.test(state) || state === "55P03" || state === "25P03";
  }
  return typeof (thrown as { code?: unknown }).code === "string" ||
    thrown.message.startsWith("Connection terminated") ||
    thrown.message.startsWith("timeout exceeded when trying to connect") ||
    thrown.message.includes("Client has encountered a connection error");
}
