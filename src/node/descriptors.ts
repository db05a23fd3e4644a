/** How many connections the system lets us hold. */

/** For the database, files and what else is open. */
const RESERVED = 300;
/** Where the limit cannot be read (not Linux). */
const ASSUMED_LIMIT = 1024;

/**
 * Connections that one listener of one worker may hold, so that even all of them together stay below the
 * process's descriptor limit: a listener that meets EMFILE never accepts again (net/watchdog.ts repairs that,
 * but it is better not to get there). Listeners are rarely full at once, so each may have half of what its
 * worker may have.
 */
export function maxConnectionsPerListener(workers: number): number {
  return Math.max(16, Math.floor((descriptorLimit() - RESERVED) / workers / 2));
}

function descriptorLimit(): number {
  try {
    const line = Deno.readTextFileSync("/proc/self/limits").split("\n").find((text) =>
      text.startsWith("Max open files")
    );
    const limit = Number(line?.split(/\s+/)[3]);
    return Number.isInteger(limit) ? limit : ASSUMED_LIMIT;
  } catch {
    return ASSUMED_LIMIT;
  }
}
