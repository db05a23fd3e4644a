/** UIDBATCHES (RFC 10022). */
import type { Command } from "../command.ts";
import { uidBatchesLine } from "../encode/mod.ts";
import { type Completion, type Context, no, ok, selectedOf } from "./context.ts";

/** RFC 10022 §3.1.3.2: smaller ones would give sequence numbers away. */
const FEWEST = 500;

/** Ranges of UIDs, the newest first, each of as many messages as asked for but the last. */
export function uidBatches(
  cx: Context,
  tag: string,
  { size, range }: Extract<Command, { readonly name: "UIDBATCHES" }>,
): Completion {
  if (size < FEWEST) return no(`The smallest batch has ${FEWEST} messages`, { code: "TOOFEW" });
  const { view } = selectedOf(cx);
  if (cx.session.batches.isRepeated(view, size, range)) {
    return no("The answer would hardly differ from the one before", { code: "LIMIT" });
  }
  const batches: (readonly [number, number])[] = [];
  const last = Math.ceil(view.count / size);
  for (let n = range?.[0] ?? 1; n <= Math.min(last, range?.[1] ?? last); n++) {
    const high = view.count - (n - 1) * size;
    // The ranges touch, and the last one ends at 1: so a client sees that nothing is between or behind them.
    const highUid = n === 1 ? view.uidAt(high) : view.uidAt(high + 1) - 1;
    batches.push([highUid, n === last ? 1 : view.uidAt(high - size + 1)]);
  }
  uidBatchesLine(cx.out.gather, tag, batches);
  return ok("UIDBATCHES completed");
}
