/** What a row measured, and how it is shown. */

/** One row's result. */
export interface Figures {
  readonly row: string;
  readonly title: string;
  /** What one operation is. */
  readonly unit: string;
  readonly operations: number;
  readonly seconds: number;
  readonly errors: number;
  /** Octets of messages that went either way. */
  readonly octets: number;
  /** Milliseconds of one exchange with the server, which may be many operations. */
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
  /** CPU seconds of the server's processes per 1000 operations, its database's included. */
  readonly cpu: number | undefined;
  /** The same, spent after the last operation until the server was idle: what it had put off. */
  readonly cpuAfter: number | undefined;
  /** MiB of the server's processes, pages that they share counted once (PSS). */
  readonly memory: number | undefined;
  /** KiB of memory for each operation, where that is what the row is about. */
  readonly memoryEach: number | undefined;
  /** The first error, for the person who reads this. */
  readonly firstError: string | undefined;
  /** Why the row did not run. */
  readonly skipped: string | undefined;
}

/** A run of several rows against one server. */
export interface Report {
  readonly server: string;
  readonly date: string;
  readonly cores: number;
  readonly options: Readonly<Record<string, number>>;
  readonly rows: readonly Figures[];
}

/** Operations a second. */
export function rate(figures: Figures): number {
  return figures.seconds === 0 ? 0 : figures.operations / figures.seconds;
}

/** A row in one line. */
export function line(f: Figures): string {
  if (f.skipped !== undefined) return `${f.row}: not run, ${f.skipped}`;
  const cpu = f.cpu === undefined ? "" : `, ${small(f.cpu)} CPU s/1000`;
  const each = f.memoryEach === undefined ? "" : `, ${f.memoryEach.toFixed(1)} KiB each`;
  return `${f.row}: ${rate(f).toFixed(0)} ${f.unit}/s, p99 ${
    f.p99.toFixed(1)
  } ms${cpu}${each}, ${f.errors} errors`;
}

/** A table for a person. */
export function table(all: readonly Figures[]): string {
  const ran = all.filter(({ skipped }) => skipped === undefined);
  const lines = columns([
    ["row", "ops/s", "of", "MB/s", "p50 ms", "p95 ms", "p99 ms", "errors", "CPU s/1000", "after", "PSS MiB"],
    ...ran.map((f) => [
      f.row,
      rate(f).toFixed(rate(f) < 100 ? 1 : 0),
      f.unit,
      (f.octets / Math.max(f.seconds, 1e-9) / 1e6).toFixed(1),
      f.p50.toFixed(2),
      f.p95.toFixed(2),
      f.p99.toFixed(2),
      String(f.errors),
      f.cpu === undefined ? "-" : small(f.cpu),
      f.cpuAfter === undefined ? "-" : small(f.cpuAfter),
      f.memory?.toFixed(0) ?? "-",
    ]),
  ]);
  for (const f of ran) {
    if (f.memoryEach !== undefined) lines.push(`${f.row}: ${f.memoryEach.toFixed(1)} KiB each`);
  }
  for (const f of ran) if (f.firstError !== undefined) lines.push(`${f.row}: ${f.firstError}`);
  for (const f of all) if (f.skipped !== undefined) lines.push(`${f.row}: not run, ${f.skipped}`);
  return lines.join("\n");
}

/** Text in columns; the first and the third to the left. */
export function columns(rows: readonly (readonly string[])[]): string[] {
  const widths = rows[0]!.map((_, i) => Math.max(...rows.map((row) => row[i]!.length)));
  return rows.map((row) =>
    row.map((cell, i) => i === 0 || i === 2 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!)).join("  ")
  );
}

function small(value: number): string {
  return value < 0.1 ? value.toFixed(4) : value.toFixed(3);
}
