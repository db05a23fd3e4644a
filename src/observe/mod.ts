/** Log lines and figures from events. */
import type { Emit } from "../core/events.ts";
import { realWorld } from "../core/world.ts";
import type { Level } from "./levels.ts";
import { createLog } from "./log.ts";
import { Metrics } from "./metrics.ts";

/** One thread's eyes and ears. */
export interface Emitter {
  readonly emit: Emit;
  readonly metrics: Metrics;
}

/** An emitter that writes to stderr and counts. `fixed` stands in every line. */
export function createEmitter(
  log: { readonly level: Level; readonly format: "auto" | "json" | "text" },
  fixed: Readonly<Record<string, string | number>> = {},
): Emitter {
  const metrics = new Metrics();
  const encoder = new TextEncoder();
  const write = createLog({
    level: log.level,
    format: log.format === "auto" ? (Deno.stderr.isTerminal() ? "text" : "json") : log.format,
    write: (line) => {
      const octets = encoder.encode(line);
      try {
        for (let at = 0; at < octets.length;) at += Deno.stderr.writeSync(octets.subarray(at));
      } catch { /* nobody reads stderr any more: mail goes on */ }
    },
    now: realWorld.now,
    fixed,
  });
  return {
    metrics,
    emit: (name, fields) => {
      metrics.record(name, fields);
      write(name, fields);
    },
  };
}
