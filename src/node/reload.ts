/** What a reload can change, and what needs a restart. */
import type { Config } from "../config/mod.ts";

/** Keys that are bound to sockets, threads or the database once the server runs. */
const FIXED = [
  "data",
  "database",
  "workers",
  "worker_memory_mb",
  "listeners",
] as const satisfies (keyof Config)[];

/** The new configuration with the old values where only a restart changes them, and the names of those. */
export function needsRestart(
  old: Config,
  fresh: Config,
): { readonly merged: Config; readonly ignored: readonly string[] } {
  const ignored = FIXED.filter((key) => JSON.stringify(old[key]) !== JSON.stringify(fresh[key]));
  return { merged: { ...fresh, ...Object.fromEntries(FIXED.map((key) => [key, old[key]])) }, ignored };
}
