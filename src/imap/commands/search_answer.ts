/** The answers to SEARCH and SORT (RFC 9051 §6.4.4, RFC 4731, RFC 5182, RFC 5267, RFC 9394). */
import type { Outcome } from "../../core/failure.ts";
import { rangesOf, type UidSet } from "../../core/uidset.ts";
import type { Command, SearchReturn } from "../command.ts";
import { esearchLine, type SearchData, searchLine } from "../encode/mod.ts";
import { partOf } from "../partial.ts";
import type { View } from "../view.ts";
import { type Completion, type Context, failed, ok, selectedOf } from "./context.ts";
import { enableCondstore } from "./enable.ts";
import { asksModSeq } from "./search_key.ts";

/** What IMAP4rev2 returns where nothing is asked (RFC 9051 §6.4.4). */
const ALL: SearchReturn = { options: ["ALL"], partial: undefined, update: [] };

/** How well messages match, by their UIDs. */
export type Scores = ReadonlyMap<number, number>;

/** Answers with what was found, in the order of `found`; with relevancies where there are some. */
export function answer(
  cx: Context,
  tag: string,
  command: Extract<Command, { readonly name: "SEARCH" | "SORT" }>,
  found: Outcome<readonly number[]>,
  scores?: Scores,
): Completion {
  const { view } = selectedOf(cx);
  const withModSeq = asksModSeq(command.criteria);
  if (withModSeq) enableCondstore(cx);
  const saves = command.returns?.options.includes("SAVE") ?? false;
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
  const returns = command.returns ?? ALL;
  // RFC 5182 §2.1: SAVE alone has no ESEARCH answer.
  if (returns.options.every((option) => option === "SAVE")) return ok(`${name} completed, result saved`);
  const named = withModSeq ? toldUids(returns, uids) : [];
  esearchLine(cx.out.gather, { tag, by: command.by }, {
    ...resultData(returns, numbers),
    ...relevancies(returns, uids, scores),
    ...(named.length > 0 ? { modSeq: highest(view, named) } : {}),
  });
  return ok(`${name} completed`);
}

/** What an ESEARCH says of a result; numbers are UIDs or sequence numbers, in the order of the result. */
export function resultData({ options, partial }: SearchReturn, numbers: readonly number[]): SearchData {
  const some = numbers.length > 0;
  return {
    ...(some && options.includes("MIN") ? { min: numbers[0]! } : {}),
    ...(some && options.includes("MAX") ? { max: numbers[numbers.length - 1]! } : {}),
    // RFC 5267 §3.2: of a sorted result, runs that go up by one are ranges and nothing is put in order.
    ...(some && options.includes("ALL") ? { all: rangesOf(numbers) } : {}),
    ...(options.includes("COUNT") ? { count: numbers.length } : {}),
    ...(partial === undefined
      ? {}
      : { partial: { range: partial, set: rangesOf(partOf(numbers, partial)) } }),
  };
}

/**
 * RFC 6203 §4: a score for each message that ALL or PARTIAL names, in their order; without these for each that
 * matched. A message that came into the result meanwhile has the lowest.
 */
export function relevancies(
  { options, partial }: SearchReturn,
  uids: readonly number[],
  scores: Scores | undefined,
): Pick<SearchData, "relevancy"> {
  if (scores === undefined || !options.includes("RELEVANCY")) return {};
  const told = partial === undefined ? uids : partOf(uids, partial);
  return { relevancy: told.map((uid) => scores.get(uid) ?? 1) };
}

/** RFC 5182 §2.1, RFC 9394 §3.2: what `$` is, by the return options beside SAVE. */
export function savedBy(returns: SearchReturn, uids: readonly number[]): UidSet {
  return rangesOf(toldUids(returns, uids).toSorted((a, b) => a - b));
}

/** The messages that the return options name: not all where only some are asked for. */
export function toldUids({ options, partial }: SearchReturn, uids: readonly number[]): readonly number[] {
  if (uids.length === 0 || options.includes("ALL") || options.includes("COUNT")) return uids;
  const named = new Set<number>(partial === undefined ? [] : partOf(uids, partial));
  if (options.includes("MIN")) named.add(uids[0]!);
  if (options.includes("MAX")) named.add(uids[uids.length - 1]!);
  const namesSome = partial !== undefined || options.includes("MIN") || options.includes("MAX");
  return namesSome ? [...named] : uids;
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
