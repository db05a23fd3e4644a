/** SEARCH and UID SEARCH (RFC 9051 §6.4.4, RFC 4731, RFC 5182, RFC 7162 §3.1.5). */
import { done, type Outcome } from "../../core/failure.ts";
import { rangesOf, type UidSet } from "../../core/uidset.ts";
import type { Command, SearchReturn } from "../command.ts";
import { esearchLine, searchLine } from "../encode/mod.ts";
import type { View } from "../view.ts";
import { accountOf, type Completion, type Context, failed, ok, selectedOf } from "./context.ts";
import { enableCondstore } from "./enable.ts";
import { asksModSeq, searchKey } from "./search_key.ts";
import { localTest } from "./search_local.ts";

type Search = Extract<Command, { readonly name: "SEARCH" }>;

/** Answers SEARCH, or ESEARCH where RETURN or IMAP4rev2 asks for it. */
export async function search(cx: Context, tag: string, command: Search): Promise<Completion> {
  const { view } = selectedOf(cx);
  const withModSeq = asksModSeq(command.criteria);
  if (withModSeq) enableCondstore(cx);
  const saves = command.returns?.includes("SAVE") ?? false;
  const found = await uidsFound(cx, view, command);
  if (!found.ok) {
    // RFC 5182 §2.1: a SEARCH that fails with NO empties the saved result.
    if (saves) cx.session.saved = [];
    return failed(found.failure);
  }
  const uids = found.value;
  if (saves) cx.session.saved = savedBy(command.returns!, uids);
  const numbers = command.by === "uid" ? uids : uids.map((uid) => view.seqOf(uid));
  const modSeq = withModSeq && numbers.length > 0 ? highest(view, uids) : undefined;
  if (command.returns === undefined && !cx.session.rev2) {
    searchLine(cx.out.gather, numbers, modSeq);
    return ok("SEARCH completed");
  }
  const asked: readonly string[] = command.returns ?? [];
  const wants = asked.length === 0 ? ["ALL"] : asked.filter((each) => each !== "SAVE");
  if (wants.length === 0) return ok("SEARCH completed, result saved");
  const some = numbers.length > 0;
  esearchLine(cx.out.gather, tag, command.by, {
    ...(some && wants.includes("MIN") ? { min: numbers[0]! } : {}),
    ...(some && wants.includes("MAX") ? { max: numbers[numbers.length - 1]! } : {}),
    ...(some && wants.includes("ALL") ? { all: rangesOf(numbers) } : {}),
    ...(wants.includes("COUNT") ? { count: numbers.length } : {}),
    ...(modSeq === undefined ? {} : { modSeq }),
  });
  return ok("SEARCH completed");
}

/** UIDs that match among the messages that the client knows of, ascending. */
async function uidsFound(cx: Context, view: View, command: Search): Promise<Outcome<readonly number[]>> {
  const key = searchKey(command.criteria, view, cx.session.saved);
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
  const found = await cx.services.store.search(accountOf(cx), mirror.id, key);
  if (!found.ok) return found;
  return done(Array.from(found.value).filter((uid) => view.seqOf(uid) > 0));
}

/** RFC 5182 §2.1: what `$` is, by the return options beside SAVE. */
function savedBy(returns: SearchReturn, uids: readonly number[]): UidSet {
  if (uids.length === 0) return [];
  if (returns.includes("ALL") || returns.includes("COUNT")) return rangesOf(uids);
  const ends = new Set<number>();
  if (returns.includes("MIN")) ends.add(uids[0]!);
  if (returns.includes("MAX")) ends.add(uids[uids.length - 1]!);
  return rangesOf(ends.size === 0 ? uids : ends);
}

/** The highest mod-sequence of the messages found. */
function highest(view: View, uids: readonly number[]): number {
  let max = 1;
  for (const uid of uids) {
    const index = view.mirror.indexOf(uid);
    if (index >= 0) max = Math.max(max, view.mirror.modSeqAt(index));
  }
  return max;
}
