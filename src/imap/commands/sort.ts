/** SORT and UID SORT (RFC 5256 §3, RFC 5267 §3). */
import { done } from "../../core/failure.ts";
import type { Command } from "../command.ts";
import {
  accountOf,
  bad,
  type Completion,
  type Context,
  failed,
  selectedAccount,
  selectedOf,
} from "./context.ts";
import { working } from "./progress.ts";
import { answer } from "./search_answer.ts";
import { scoresFor } from "./search.ts";
import { keepContext, refuseUpdates } from "./search_context.ts";
import { meaningOf, searchKey } from "./search_key.ts";

/** Answers like SEARCH, in the order that was asked for. */
export async function sort(
  cx: Context,
  tag: string,
  command: Extract<Command, { readonly name: "SORT" }>,
): Promise<Completion> {
  const { contexts, comparator } = cx.session;
  const { view } = selectedOf(cx);
  const { returns } = command;
  const user = accountOf(cx);
  const order = command.order.map((one) =>
    one.value?.user === undefined ? one : { ...one, value: { ...one.value, user } }
  );
  const updates = returns?.options.includes("UPDATE") ?? false;
  if (updates && contexts.has(tag)) return bad("The tag still stands for another search");
  if (updates) contexts.watch(view);
  const key = searchKey(command.criteria, meaningOf(cx));
  const { store } = cx.services;
  const account = selectedAccount(cx);
  const found = await working(cx, store.sort(account, view.mirror.id, key, order, comparator));
  if (!found.ok) return answer(cx, tag, command, found);
  const uids = Array.from(found.value).filter((uid) => view.seqOf(uid) > 0);
  const scored = await scoresFor(cx, returns, view.mirror, key);
  if (!scored.ok) return failed(scored.failure);
  if (updates && uids.length > cx.services.limits.sortContext) refuseUpdates(cx, tag);
  else if (updates) {
    const about = { tag, by: command.by };
    const sorting = { order, comparator, uids };
    keepContext(cx, { about, key, items: returns!.update, uids: new Set(uids), sorting });
  }
  return answer(cx, tag, command, done(uids), scored.value);
}
