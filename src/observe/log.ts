/** Log lines from events: JSON, or text for a person at a terminal. */
import type { Emit } from "../core/events.ts";
import { type Level, levelOf, LEVELS } from "./levels.ts";

/** How and where to write. */
export interface LogOptions {
  readonly level: Level;
  readonly format: "json" | "text";
  /** Takes whole lines, with their line end. */
  readonly write: (line: string) => void;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Put into every line, e.g. the worker's number. */
  readonly fixed?: Readonly<Record<string, string | number>>;
}

/** Makes an emitter that writes a line for each event of `level` or above. */
export function createLog(options: LogOptions): Emit {
  const least = LEVELS.indexOf(options.level);
  return (name, fields) => {
    const level = levelOf(name);
    if (LEVELS.indexOf(level) < least) return;
    const time = new Date(options.now()).toISOString();
    const all = { ...options.fixed, ...fields } as Record<string, unknown>;
    options.write(
      options.format === "json"
        ? `${JSON.stringify({ time, level, event: name, ...all })}\n`
        : textLine(time, level, name, all),
    );
  };
}

function textLine(time: string, level: Level, name: string, fields: Record<string, unknown>): string {
  const { stack, ...rest } = fields;
  const pairs = Object.entries(rest).map(([key, value]) => `${key}=${word(value)}`);
  const head = `${time.slice(11, 23)} ${level.padEnd(5)} ${name} ${pairs.join(" ")}`.trimEnd();
  const trace = typeof stack === "string"
    ? stack.split("\n").slice(1).map((line) => `\n    ${clean(line.trim())}`)
    : [];
  return `${head}${trace.join("")}\n`;
}

/** Quoted where needed: what a peer sent must not be able to look like another field, line or colour. */
function word(value: unknown): string {
  if (typeof value !== "string") return JSON.stringify(value) ?? "";
  return /^[\x21\x23-\x7e]+$/.test(value) ? value : clean(JSON.stringify(value));
}

/** C0 and C1 controls, and what turns the direction of writing, as escapes. */
function clean(text: string): string {
  return text.replace(
    // deno-lint-ignore no-control-regex -- these are what must not reach a terminal
    /[\x00-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
