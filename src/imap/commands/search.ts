/** SEARCH and UID SEARCH (RFC 9051 §6.4.4, RFC 4731, RFC 5182, RFC 5267, RFC 7162 §3.1.5). */
import type { AccountId, MailboxId } from "../../core/brands.ts";
import { done, type Outcome } from "../../core/failure.ts";
import type { SearchKey } from "../../core/search.ts";
import type { Command, SearchReturn } from "../command.ts";
import { bad, type Completion, type Context, failed, selectedAccount, selectedOf } from "./context.ts";
import { limitedSearch, sayLimit } from "./message_limit.ts";
import { working } from "./progress.ts";
import { answer, type Scores } from "./search_answer.ts";
import { keepContext } from "./search_context.ts";
import { meaningOf, searchKey } from "./search_key.ts";
import { localTest } from "./search_local.ts";

/** Answers SEARCH, or ESEARCH where RETURN or IMAP4rev2 asks for it. */
export async function search(
  cx: Context,
  tag: string,
  command: Extract<Command, { readonly name: "SEARCH" }>,
): Promise<Completion> {
  const { contexts } = cx.session;
  const { view } = selectedOf(cx);
  const updates = command.returns?.options.includes("UPDATE") ?? false;
  if (updates && contexts.has(tag)) return bad("The tag still stands for another search");
  if (updates) contexts.watch(view);
  const whole = searchKey(command.criteria, meaningOf(cx));
  const { key, lowest } = limitedSearch(cx, whole);
  const found = await uidsFound(cx, key);
  if (updates && found.ok) {
    keepContext(cx, {
      about: { tag, by: command.by },
      key: whole,
      items: command.returns!.update,
      uids: new Set(found.value),
      sorting: undefined,
    });
  }
  const scored = await scoresFor(cx, command.returns, view.mirror, key);
  if (!scored.ok) return failed(scored.failure);
  return sayLimit(cx, answer(cx, tag, command, found, scored.value), lowest);
}

/** How well messages match, where that is asked for (RFC 6203 §4). */
export async function scoresFor(
  cx: Context,
  returns: SearchReturn | undefined,
  { account, id }: { readonly account: AccountId; readonly id: MailboxId },
  key: SearchKey,
): Promise<Outcome<Scores | undefined>> {
  if (!returns?.options.includes("RELEVANCY")) return done(undefined);
  const found = await working(cx, cx.services.store.relevancy(account, id, key));
  if (!found.ok) return found;
  const { uids, scores } = found.value;
  return done(new Map(Array.from(uids, (uid, at) => [uid, scores[at]!])));
}

/** UIDs that match among the messages that the client knows of, ascending. */
export async function uidsFound(cx: Context, key: SearchKey): Promise<Outcome<readonly number[]>> {
  const { view } = selectedOf(cx);
  const { mirror } = view;
  const test = localTest(key, mirror);
  if (test !== undefined) {
    const uids: number[] = [];
    for (let seq = 1; seq <= view.count; seq++) {
      const uid = view.uidAt(seq), index = view.indexAt(seq);
      if (index >= 0 && test(uid, index)) uids.push(uid);
    }
    return done(uids);
  }
  const found = await working(cx, cx.services.store.search(selectedAccount(cx), mirror.id, key));
  if (!found.ok) return found;
  return done(Array.from(found.value).filter((uid) => view.seqOf(uid) > 0));
}
