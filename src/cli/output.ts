/** How commands answer: for a person, or as JSON for a program. */
import type { Failure, Outcome } from "../core/failure.ts";
import { EXIT } from "./exit.ts";

/** What a command says, in both forms. */
export interface Answer {
  readonly json: unknown;
  /** Lines for a person. */
  readonly text: string;
}

/** Prints an outcome; gives the exit code. */
export function show<T>(outcome: Outcome<T>, json: boolean, answer: (value: T) => Answer): number {
  if (!outcome.ok) {
    console.error(outcome.failure.text);
    return outcome.failure.kind === ("syntax" satisfies Failure["kind"]) ? EXIT.usage : EXIT.refused;
  }
  print(answer(outcome.value), json);
  return EXIT.done;
}

/** Prints an answer. */
export function print({ json: value, text }: Answer, json: boolean): void {
  if (json) console.log(JSON.stringify(value, null, 2));
  else if (text !== "") console.log(text);
}

/** Rows under their headings, columns aligned; numbers to the right. */
export function table(headings: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  const cells = [headings, ...rows].map((row) => row.map(String));
  const widths = headings.map((_, i) => Math.max(...cells.map((row) => row[i]!.length)));
  const right = headings.map((_, i) => rows.length > 0 && rows.every((row) => typeof row[i] === "number"));
  return cells.map((row) =>
    row.map((cell, i) => right[i] ? cell.padStart(widths[i]!) : cell.padEnd(widths[i]!)).join("  ").trimEnd()
  ).join("\n");
}

/** Octets for a person: 1.5 GiB. */
export function octets(count: number): string {
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  let unit = 0;
  while (count >= 1024 && unit < units.length - 1) [count, unit] = [count / 1024, unit + 1];
  return `${unit === 0 ? count : count.toFixed(1)} ${units[unit]}`;
}
