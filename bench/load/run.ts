/** Runs rows against a server. */
import { availableParallelism } from "node:os";
import type { Figures, Report } from "./figures.ts";
import { type Load, type Row, Skip } from "./load.ts";
import { Recorder } from "./recorder.ts";
import { ROWS } from "./rows/mod.ts";

/** Rows by their names, all of them for none. @throws RangeError for a name that no row has. */
export function rowsNamed(names: readonly string[]): readonly Row[] {
  const unknown = names.filter((name) => !ROWS.some((row) => row.name === name));
  if (unknown.length > 0) throw new RangeError(`Cannot run ${unknown.join(", ")}: there are no such rows`);
  return names.length === 0 ? ROWS : ROWS.filter(({ name }) => names.includes(name));
}

/** Runs one row; never rejects, a row that broke says so in its figures. */
export async function runRow(load: Load, row: Row): Promise<Figures> {
  const record = new Recorder(load.target);
  let skipped: string | undefined;
  try {
    await row.run(load, record);
  } catch (error) {
    if (error instanceof Skip) skipped = error.message;
    else record.failed(error);
  }
  return record.figures(row.name, row.title, row.unit, skipped);
}

/** Figures with what they were taken with. */
export function report(load: Load, rows: readonly Figures[]): Report {
  const { connections, readers, seconds, messages, accounts, idle } = load;
  return {
    server: load.target.name,
    date: new Date().toISOString(),
    cores: availableParallelism(),
    options: { connections, readers, seconds, messages, accounts, idle },
    rows,
  };
}
