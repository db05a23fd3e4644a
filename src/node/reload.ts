/** What a reload can change, and what needs a restart. */
import type { Config } from "../config/mod.ts";

/** Keys that are bound to sockets, threads or the database once the server runs, as the configuration has them. */
const FIXED = [
  "data",
  "database",
  "workers",
  "worker_memory_mb",
  "listeners",
  "auth",
  "routes",
  "relay",
  "tls_policy",
  "dns",
  "outbound",
  "queue",
  "log",
  "store",
  "limits.exempt",
  "limits.directory",
  "limits.hash",
  "limits.throttle",
  "limits.verify_cache",
  "limits.store",
  "limits.queue",
  "limits.client",
  "limits.reach",
  "limits.dns",
] as const;

/** The new configuration with the old values where only a restart changes them, and the names of those. */
export function needsRestart(
  old: Config,
  fresh: Config,
): { readonly merged: Config; readonly ignored: readonly string[] } {
  const merged = structuredClone(fresh);
  const ignored = FIXED.filter((path) => {
    const keys = path.split(".");
    const last = keys.pop()!;
    const inside = (config: Config) => keys.reduce((at: any, key) => at[key], config);
    const [was, is] = [inside(old)[last], inside(merged)[last]];
    inside(merged)[last] = was;
    // As text: a key that is undefined is the same as none.
    return JSON.stringify(was) !== JSON.stringify(is);
  });
  return { merged, ignored };
}
