/** Rows for FETCH: those that the worker keeps of the mailbox, or the store's. */
import type { FetchRow } from "../../core/store.ts";
import { inSet, type UidSet } from "../../core/uidset.ts";
import { maskOf } from "../kept_rows.ts";
import { type Context, selectedAccount, selectedOf } from "./context.ts";
import type { FetchPlan } from "./fetch_plan.ts";

/** Rows that are fetched at once for a client that reads one message after another. */
const AHEAD_ROWS = 64;

/** Rows of a set of messages, ascending, in batches. `ahead`: those behind it are asked for soon. */
export async function* rowsOf(
  cx: Context,
  plan: FetchPlan,
  uids: UidSet,
  ahead: boolean,
): AsyncGenerator<readonly FetchRow[]> {
  const { mirror } = selectedOf(cx).view;
  const mask = maskOf(plan.wanted), most = cx.services.limits.keptOctets;
  const known = keptRows(cx, uids, mask);
  if (known !== undefined) {
    mirror.rows.touch();
    return yield known;
  }
  const asked = ahead ? withNext(cx, uids) : uids;
  for await (const batch of cx.services.store.fetch(selectedAccount(cx), mirror.id, asked, plan.wanted)) {
    mirror.rows.keep(batch, mask, most);
    yield ahead ? batch.filter((row) => inSet(uids, row.uid)) : batch;
  }
}

/** The kept rows behind a message, up to the first that is not kept. */
export function* rowsBehind(cx: Context, seq: number, plan: FetchPlan): Generator<FetchRow> {
  const { view } = selectedOf(cx);
  const mask = maskOf(plan.wanted);
  for (let next = seq + 1; next <= view.count; next++) {
    const row = view.indexAt(next) < 0 ? undefined : view.mirror.rows.get(view.uidAt(next), mask);
    if (row === undefined) return;
    yield row;
  }
}

/** All of a set, or undefined when one is not kept, or is gone. */
function keptRows(cx: Context, uids: UidSet, mask: number): readonly FetchRow[] | undefined {
  const { view } = selectedOf(cx);
  const rows: FetchRow[] = [];
  for (const [first, last] of view.seqRanges(uids)) {
    for (let seq = first; seq <= last; seq++) {
      const row = view.indexAt(seq) < 0 ? undefined : view.mirror.rows.get(view.uidAt(seq), mask);
      if (row === undefined) return undefined;
      rows.push(row);
    }
  }
  return rows;
}

/** One message and those that follow it. */
function withNext(cx: Context, uids: UidSet): UidSet {
  const { view } = selectedOf(cx);
  const first = uids[0]![0];
  const last = Math.min(view.count, view.seqOf(first) + AHEAD_ROWS - 1);
  return [[first, view.uidAt(last)]];
}
