/** SEARCH and UID SEARCH (RFC 9051 §6.4.4, RFC 4731, RFC 5182, RFC 7162 §3.1.5). */
import { done, type Outcome } from "../../core/failure.ts";
import { rangesOf, type UidSet } from "../../core/uidset.ts";
import type { Command, SearchNode, SearchReturn } from "../command.ts";
import { esearchLine, searchLine } from "../encode/mod.ts";
import type { View } from "../view.ts";
import { accountOf, type Completion, type Context, failed, ok, selectedOf } from "./context.ts";
import { enableCondstore } from "./enable.ts";
import { asksModSeq, searchKey } from "./search_key.ts";
import { localTest } from "./search_local.ts";

/** SEARCH, or SORT, whose answers have the same form. */
type Search = Extract<Command, { readonly name: "SEARCH" | "SORT" }>;

/** Answers SEARCH, or ESEARCH where RETURN or IMAP4rev2 asks for it. */
export async function search(
  cx: Context,
  tag: string,
  command: Extract<Command, { readonly name: "SEARCH" }>,
): Promise<Completion> {
  return answer(cx, tag, command, await uidsFound(cx, command.criteria));
}

/** Answers with what was found, in the order of `found`. */
export function answer(
  cx: Context,
  tag: string,
  command: Search,
  found: Outcome<readonly number[]>,
): Completion {
  const { view } = selectedOf(cx);
  const withModSeq = asksModSeq(command.criteria);
  if (withModSeq) enableCondstore(cx);
  const saves = command.returns?.includes("SAVE") ?? false;
  if (!found.ok) {
    // RFC 5182 §2.1: a SEARCH that fails with NO empties the saved result.
    if (saves) cx.session.saved = [];
    return failed(found.failure);
  }
  const uids = found.value;
  if (saves) cx.session.saved = savedBy(command.returns!, uids);
  const { name } = command;
  const numbers = command.by === "uid" ? uids : uids.map((uid) => view.seqOf(uid));
  const plain = command.returns === undefined && !(cx.session.rev2 && name === "SEARCH");
  if (plain) {
    searchLine(cx.out.gather, name, numbers, withModSeq ? highest(view, uids) : undefined);
    return ok(`${name} completed`);
  }
  const asked: readonly string[] = command.returns ?? [];
  const wants = asked.length === 0 ? ["ALL"] : asked.filter((each) => each !== "SAVE");
  if (wants.length === 0) return ok(`${name} completed, result saved`);
  const some = numbers.length > 0;
  esearchLine(cx.out.gather, tag, command.by, {
    ...(some && wants.includes("MIN") ? { min: numbers[0]! } : {}),
    ...(some && wants.includes("MAX") ? { max: numbers[numbers.length - 1]! } : {}),
    // RFC 5267 §3.2: of a sorted result, runs that go up by one are ranges and nothing is put in order.
    ...(some && wants.includes("ALL") ? { all: rangesOf(numbers) } : {}),
    ...(wants.includes("COUNT") ? { count: numbers.length } : {}),
    ...(some && withModSeq ? { modSeq: highest(view, toldUids(wants, uids)) } : {}),
  });
  return ok(`${name} completed`);
}

/** UIDs that match among the messages that the client knows of, ascending. */
export async function uidsFound(cx: Context, criteria: SearchNode): Promise<Outcome<readonly number[]>> {
  const { view } = selectedOf(cx);
  const key = searchKey(criteria, view, cx.session.saved);
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
  return rangesOf(toldUids(returns, uids).toSorted((a, b) => a - b));
}

/** The messages that the return options name: the first and the last where only these are asked for. */
function toldUids(returns: readonly string[], uids: readonly number[]): readonly number[] {
  if (uids.length === 0 || returns.includes("ALL") || returns.includes("COUNT")) return uids;
  const ends = new Set<number>();
  if (returns.includes("MIN")) ends.add(uids[0]!);
  if (returns.includes("MAX")) ends.add(uids[uids.length - 1]!);
  return ends.size === 0 ? uids : [...ends];
}

/** The highest mod-sequence of messages; in ESEARCH of those that it names (RFC 4731 §3.2). */
function highest(view: View, uids: readonly number[]): number {
  let max = 1;
  for (const uid of uids) {
    const index = view.mirror.indexOf(uid);
    if (index >= 0) max = Math.max(max, view.mirror.modSeqAt(index));
  }
  return max;
}
