/** Work that is always the same, to compare CPU with: in this process, and in PostgreSQL. */
import { sql } from "kysely";
import type { Cost, Lab } from "./lab.ts";
import type { Operation } from "./operations.ts";

/** CPU as a share of the calibration's, for one operation, in thousandths. */
export interface Ratio {
  readonly postgres: number;
  readonly own: number;
}

/** What the calibration costs: µs of CPU. */
interface Calibration extends Cost {
  /** Time by the clock over CPU time of a piece of work that never waits: 1 where nobody else wants the processor. */
  readonly crowd: number;
}

const ROWS = 40_000, LINES = 20_000;
const TEXT = new TextEncoder().encode(
  "The mail coach left at eight and lost none of its letters.\r\n".repeat(100),
);

/** The calibration. */
export const calibration = {
  /** Until the compilers are done with it. */
  async warmUp(lab: Lab): Promise<void> {
    for (let i = 0; i < 5; i++) await calibration.cost(lab);
  },

  async cost(lab: Lab): Promise<Calibration> {
    const { postgres } = await lab.cost(
      1,
      () =>
        sql`select count(*), sum(hashtext(n::text)) from generate_series(1, ${sql.lit(ROWS)}) n`.execute(
          lab.t.db.database,
        ),
    );
    let clock = 0;
    const { own } = await lab.cost(1, () => {
      const began = performance.now();
      lines();
      clock = (performance.now() - began) * 1000;
      return Promise.resolve();
    });
    return { postgres, own, crowd: clock / own };
  },
};

/** An operation's CPU over that of the calibrations right before and right behind it, and the crowd there. */
export async function ratioOf(
  lab: Lab,
  { each, run }: Operation,
): Promise<Ratio & { readonly crowd: number }> {
  const before = await calibration.cost(lab);
  const cost = await lab.cost(each, run);
  const after = await calibration.cost(lab);
  return {
    postgres: 2000 * cost.postgres / (before.postgres + after.postgres),
    own: 2000 * cost.own / (before.own + after.own),
    crowd: Math.max(before.crowd, after.crowd),
  };
}

/** Octets searched, small objects made, text decoded: what a server of ours does all day. */
function lines(): number {
  let sum = 0;
  const found: { readonly start: number; readonly text: string }[] = [];
  for (let n = 0, at = 0; n < LINES; n++) {
    const end = TEXT.indexOf(10, at);
    const line = TEXT.subarray(at, end);
    found.push({ start: at, text: String.fromCharCode(...line.subarray(0, 12)) });
    sum += line[n % line.length]!;
    at = end + 1 < TEXT.length ? end + 1 : 0;
    if (found.length === 1000) found.length = 0;
  }
  return sum;
}
