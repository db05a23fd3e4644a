/** How important an event is. */
import type { Events } from "../core/events.ts";

/** From least to most important. */
export const LEVELS = ["debug", "info", "warn", "error"] as const;

/** One of LEVELS. */
export type Level = typeof LEVELS[number];

/** Endings and names that are not `info`; the longest match wins. */
const RULES: readonly (readonly [pattern: string, level: Level])[] = [
  ["bug", "error"],
  [".unavailable", "error"],
  [".failed", "warn"],
  [".died", "error"],
  [".open", "debug"],
  [".close", "debug"],
  [".closed", "debug"],
];

/** The level of an event, by its name. */
export function levelOf(name: keyof Events): Level {
  for (const [pattern, level] of RULES) {
    if (pattern.startsWith(".") ? name.endsWith(pattern) : name === pattern) return level;
  }
  return "info";
}
