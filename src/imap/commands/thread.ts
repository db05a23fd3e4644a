/** THREAD and UID THREAD (RFC 5256 §3). */
import { rangesOf } from "../../core/uidset.ts";
import type { Command } from "../command.ts";
import { threadList } from "../encode/mod.ts";
import { threads } from "../threads.ts";
import { type Completion, type Context, failed, ok, selectedAccount, selectedOf } from "./context.ts";
import { enableCondstore } from "./enable.ts";
import { working } from "./progress.ts";
import { uidsFound } from "./search.ts";
import { asksModSeq, meaningOf, searchKey } from "./search_key.ts";

/** Searches, then puts what was found into threads. */
export async function thread(
  cx: Context,
  command: Extract<Command, { readonly name: "THREAD" }>,
): Promise<Completion> {
  const { view } = selectedOf(cx);
  if (asksModSeq(command.criteria)) enableCondstore(cx);
  const found = await uidsFound(cx, searchKey(command.criteria, meaningOf(cx)));
  if (!found.ok) return failed(found.failure);
  const rows = await working(
    cx,
    cx.services.store.threadRows(
      selectedAccount(cx),
      view.mirror.id,
      rangesOf(found.value),
      cx.session.comparator,
    ),
  );
  if (!rows.ok) return failed(rows.failure);
  const roots = threads(command.algorithm, rows.value);
  const numbers = rows.value.map(({ uid }) => command.by === "uid" ? uid : view.seqOf(uid));
  const out = cx.out.gather;
  out.text("* THREAD");
  let told = 0;
  for (const root of roots) {
    if (told === 0) out.octet(0x20);
    threadList(out, root, numbers);
    if (++told % 1000 === 0) await cx.out.breathe();
  }
  out.text("\r\n");
  return ok("THREAD completed");
}
