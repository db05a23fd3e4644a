/** What a scenario measured, and how it is shown. */

/** One scenario's result. */
export interface Figures {
  readonly scenario: string;
  /** What one operation is. */
  readonly unit: string;
  readonly operations: number;
  readonly seconds: number;
  readonly errors: number;
  readonly octets: number;
  /** Milliseconds. */
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
  /** CPU seconds of the server's processes per 1000 operations, PostgreSQL's included; undefined if foreign. */
  readonly cpu: number | undefined;
  /** MiB resident of the server's processes, shared pages counted once each (PSS). */
  readonly memory: number | undefined;
  /** The first error, for the person who reads this. */
  readonly firstError: string | undefined;
}

/** Collects durations and errors while a scenario runs. */
export class Recorder {
  readonly #durations: number[] = [];
  errors = 0;
  octets = 0;
  firstError: string | undefined;

  ok(ms: number): void {
    this.#durations.push(ms);
  }

  failed(error: unknown): void {
    this.errors++;
    this.firstError ??= error instanceof Error ? error.message : String(error);
  }

  get count(): number {
    return this.#durations.length;
  }

  /** The `share` quantile in milliseconds. */
  quantile(share: number): number {
    const sorted = Float64Array.from(this.#durations).sort();
    return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0;
  }
}

/** A table for a person. */
export function table(all: readonly Figures[]): string {
  const rows = [
    ["scenario", "ops/s", "unit", "MB/s", "p50 ms", "p95 ms", "p99 ms", "errors", "CPU s/1000", "PSS MiB"],
    ...all.map((f) => [
      f.scenario,
      (f.operations / f.seconds).toFixed(0),
      f.unit,
      (f.octets / f.seconds / 1e6).toFixed(1),
      f.p50.toFixed(2),
      f.p95.toFixed(2),
      f.p99.toFixed(2),
      String(f.errors),
      f.cpu?.toFixed(3) ?? "-",
      f.memory?.toFixed(0) ?? "-",
    ]),
  ];
  const widths = rows[0]!.map((_, i) => Math.max(...rows.map((row) => row[i]!.length)));
  const lines = rows.map((row) =>
    row.map((cell, i) => i === 0 || i === 2 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!)).join("  ")
  );
  const problems = all.filter((f) => f.firstError !== undefined).map((f) => `${f.scenario}: ${f.firstError}`);
  return [...lines, ...problems].join("\n");
}
