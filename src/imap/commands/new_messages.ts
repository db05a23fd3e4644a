/** Unsolicited FETCH answers for messages that have just arrived (RFC 5465 §5.2, §7). */
import { Unavailable } from "../../core/failure.ts";
import { rangesOf } from "../../core/uidset.ts";
import type { FetchItem } from "../command.ts";
import type { Context } from "./context.ts";
import { planFetch } from "./fetch_plan.ts";
import { answer, type FetchRun } from "./fetch_run.ts";

/** Tells what was asked of new messages. Nothing becomes \\Seen by it. */
export async function tellNew(
  cx: Context,
  items: readonly FetchItem[],
  uids: readonly number[],
): Promise<void> {
  if (items.length === 0 || uids.length === 0) return;
  const { condstore, uidOnly } = cx.session;
  // RFC 7162 §3.2.4: what nobody asked for comes with UID and MODSEQ.
  const run: FetchRun = {
    plan: planFetch(items, condstore && !uidOnly, condstore),
    marked: [],
    unknownCte: false,
  };
  try {
    await answer(cx, run, rangesOf(uids));
  } catch (thrown) {
    // EXISTS has told of them; the client can ask.
    if (!(thrown instanceof Unavailable)) throw thrown;
  }
}
