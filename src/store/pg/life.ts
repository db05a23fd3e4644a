/**
 * A worker's life as PostgreSQL sees it: an advisory lock on a connection that stays open as long as the worker
 * lives. Whoever finds the lock free knows that its holder is dead.
 */

/** The first key of our advisory locks: "life" in ASCII. */
export const LIFE_CLASS = 0x6c69_6665;

/** A second key that nobody else has. */
export function newLife(): number {
  return crypto.getRandomValues(new Uint32Array(1))[0]! >>> 1;
}
