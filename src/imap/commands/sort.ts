/** SORT and UID SORT (RFC 5256 §3, RFC 5267 §3). */
import { done } from "../../core/failure.ts";
import type { Command } from "../command.ts";
import { type Completion, type Context, selectedAccount, selectedOf } from "./context.ts";
import { working } from "./progress.ts";
import { answer } from "./search_answer.ts";
import { refuseUpdates } from "./search_context.ts";
import { searchKey } from "./search_key.ts";

/** Answers like SEARCH, in the order that was asked for. */
export async function sort(
  cx: Context,
  tag: string,
  command: Extract<Command, { readonly name: "SORT" }>,
): Promise<Completion> {
  const { view } = selectedOf(cx);
  // RFC 5267 §4.3.1: sorted results would have to be updated by position.
  if (command.returns?.options.includes("UPDATE")) refuseUpdates(cx, tag);
  const key = searchKey(command.criteria, view, cx.session.saved);
  const { store } = cx.services;
  const found = await working(cx, store.sort(selectedAccount(cx), view.mirror.id, key, command.order));
  if (!found.ok) return answer(cx, tag, command, found);
  return answer(cx, tag, command, done(Array.from(found.value).filter((uid) => view.seqOf(uid) > 0)));
}
