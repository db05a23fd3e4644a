/** How many descriptors the system lets us have. */

/** Where the limit cannot be read (not Linux). */
const ASSUMED_LIMIT = 1024;

/** The process's limit of open files. */
export function descriptorLimit(): number {
  try {
    const lines = Deno.readTextFileSync("/proc/self/limits").split("\n");
    const limit = Number(lines.find((line) => line.startsWith("Max open files"))?.split(/\s+/)[3]);
    return Number.isInteger(limit) ? limit : ASSUMED_LIMIT;
  } catch {
    return ASSUMED_LIMIT;
  }
}
