/** Keeping search results up to date: UPDATE and CANCELUPDATE (RFC 5267 §4.3). */
import { Unavailable } from "../../core/failure.ts";
import type { SearchKey } from "../../core/search.ts";
import { rangesOf } from "../../core/uidset.ts";
import type { Command } from "../command.ts";
import type { SearchContext, Sorting } from "../contexts.ts";
import { type SearchAbout, searchUpdateLines } from "../encode/mod.ts";
import { condition } from "../reply.ts";
import { additions, removals } from "../result_changes.ts";
import type { Updates } from "../view.ts";
import { type Completion, type Context, no, ok, selectedAccount, selectedOf } from "./context.ts";
import { tellNew } from "./new_messages.ts";
import { localTest } from "./search_local.ts";

/** Keeps a result; or says that it will not, if there are enough already. */
export function keepContext(cx: Context, context: SearchContext): void {
  const { contexts } = cx.session;
  if (contexts.size < cx.services.limits.searchContexts) contexts.add(context);
  else refuseUpdates(cx, context.about.tag);
}

/** RFC 5267 §4.3.1. */
export function refuseUpdates(cx: Context, tag: string): void {
  condition(cx.out.gather, undefined, "NO", "This search is not kept up to date", { code: "NOUPDATE", tag });
}

/** CANCELUPDATE. */
export function cancelUpdate(
  cx: Context,
  command: Extract<Command, { readonly name: "CANCELUPDATE" }>,
): Completion {
  const missing = command.tags.filter((tag) => !cx.session.contexts.delete(tag));
  return missing.length === 0 ? ok("CANCELUPDATE completed") : no("No such search is kept up to date");
}

/** REMOVEFROM for messages that are about to be told as gone: their numbers still hold (RFC 5267 §4.3.4). */
export function tellRemovals(cx: Context, { expunged, vanished }: Updates): void {
  const { contexts } = cx.session;
  if (contexts.size === 0 || expunged.length === 0) return;
  const seqs = expunged.toReversed();
  const uids = vanished.flatMap(([low, high]) => Array.from({ length: high - low + 1 }, (_, n) => low + n));
  for (const { about, uids: known, sorting } of contexts.all) {
    const gone = new Map<number, number>();
    for (const [at, uid] of uids.entries()) {
      if (known.delete(uid)) gone.set(uid, about.by === "uid" ? uid : seqs[at]!);
    }
    if (gone.size === 0) continue;
    if (sorting === undefined) tellUnsorted(cx, about, "REMOVEFROM", [...gone.values()]);
    else {
      const isGone = (uid: number) => gone.has(uid);
      const changes = removals(sorting.uids, isGone, (uid) => gone.get(uid)!);
      searchUpdateLines(cx.out.gather, about, "REMOVEFROM", changes);
      sorting.uids = sorting.uids.filter((uid) => !isGone(uid));
    }
  }
}

/** Changes of a result in the order of the mailbox: the client knows where they belong. */
function tellUnsorted(
  cx: Context,
  about: SearchAbout,
  what: "ADDTO" | "REMOVEFROM",
  numbers: readonly number[],
): void {
  searchUpdateLines(cx.out.gather, about, what, [{ position: 0, set: rangesOf(numbers) }]);
}

/**
 * ADDTO and REMOVEFROM for what arrived or has other flags, after that itself was told (RFC 5267 §4.3.2).
 * `fresh`: what others have put there, of which FETCH is told if asked for, before ADDTO (RFC 5465 §7).
 */
export async function tellContexts(cx: Context, fresh: ReadonlySet<number>): Promise<void> {
  const { contexts } = cx.session;
  if (contexts.size === 0) return;
  const { view } = selectedOf(cx);
  const { arrived, changed, done } = contexts.touched(view);
  try {
    for (const context of [...contexts.all]) {
      const candidates = changed === undefined
        ? Array.from({ length: view.count }, (_, n) => view.uidAt(n + 1))
        : watchesFlags(context)
        ? [...changed, ...arrived]
        : arrived;
      await tellContext(cx, context, candidates.filter((uid) => view.mirror.indexOf(uid) >= 0), fresh);
    }
    done();
  } catch (thrown) {
    // What was not looked at comes again with the next updates.
    if (!(thrown instanceof Unavailable)) throw thrown;
  }
}

async function tellContext(
  cx: Context,
  context: SearchContext,
  candidates: number[],
  fresh: ReadonlySet<number>,
): Promise<void> {
  if (candidates.length === 0) return;
  candidates.sort((a, b) => a - b);
  const { view } = selectedOf(cx);
  const matching = await matchingOf(cx, context.key, candidates);
  if (matching === undefined) {
    cx.session.contexts.delete(context.about.tag);
    return refuseUpdates(cx, context.about.tag);
  }
  await tellNew(cx, context.items, candidates.filter((uid) => fresh.has(uid) && matching.has(uid)));
  const added: number[] = [], removed: number[] = [];
  const moves = isMoved(context.sorting);
  for (const uid of candidates) {
    if (view.seqOf(uid) === 0) continue;
    const was = context.uids.has(uid), is = matching.has(uid);
    if (was && (!is || moves)) removed.push(uid);
    if (is && (!was || moves)) added.push(uid);
  }
  if (context.sorting !== undefined) await tellSorted(cx, context, context.sorting, removed, added);
  else {
    for (const uid of removed) context.uids.delete(uid);
    for (const uid of added) context.uids.add(uid);
    const numberOf = context.about.by === "uid" ? (uid: number) => uid : (uid: number) => view.seqOf(uid);
    tellUnsorted(cx, context.about, "REMOVEFROM", removed.map(numberOf));
    tellUnsorted(cx, context.about, "ADDTO", added.map(numberOf));
  }
  await cx.out.breathe();
}

/** The same for a sorted result, by places. Throws Unavailable, and then has told and noted nothing. */
async function tellSorted(
  cx: Context,
  context: SearchContext,
  sorting: Sorting,
  removed: readonly number[],
  added: readonly number[],
): Promise<void> {
  if (removed.length === 0 && added.length === 0) return;
  const { view } = selectedOf(cx);
  const { about } = context;
  const out = cx.out.gather;
  const numberOf = about.by === "uid" ? (uid: number) => uid : (uid: number) => view.seqOf(uid);
  const gone = new Set(removed), fresh = new Set(added);
  const kept = sorting.uids.filter((uid) => !gone.has(uid));
  let now: readonly number[] = kept;
  if (added.length > 0) {
    const all = [...new Set([...kept, ...added])].sort((a, b) => a - b);
    const among: SearchKey = { key: "uid", set: rangesOf(all) };
    const { store, limits } = cx.services;
    const put = all.length > limits.sortContext
      ? undefined
      : await store.sort(selectedAccount(cx), view.mirror.id, among, sorting.order, sorting.comparator);
    if (put === undefined || !put.ok) {
      cx.session.contexts.delete(about.tag);
      return refuseUpdates(cx, about.tag);
    }
    // What vanished meanwhile is still in the client's result, and leaves it when its removal is told.
    const there = new Set(put.value);
    const lost = kept.filter((uid) => !there.has(uid));
    now = lost.length === 0 ? Array.from(put.value) : withLost(kept, lost, put.value);
    for (const uid of fresh) if (!there.has(uid)) fresh.delete(uid);
  }
  for (const uid of gone) context.uids.delete(uid);
  for (const uid of fresh) context.uids.add(uid);
  searchUpdateLines(out, about, "REMOVEFROM", removals(sorting.uids, (uid) => gone.has(uid), numberOf));
  searchUpdateLines(out, about, "ADDTO", additions(now, (uid) => fresh.has(uid), numberOf));
  sorting.uids = now;
}

/** A sorted result with what is not there any more behind the neighbour that it had before. */
function withLost(
  kept: readonly number[],
  lost: readonly number[],
  sorted: Iterable<number>,
): readonly number[] {
  const isLost = new Set(lost);
  const behind = new Map<number, number[]>();
  let neighbour = 0;
  for (const uid of kept) {
    if (!isLost.has(uid)) neighbour = uid;
    else behind.set(neighbour, [...behind.get(neighbour) ?? [], uid]);
  }
  const all = [...behind.get(0) ?? []];
  for (const uid of sorted) all.push(uid, ...behind.get(uid) ?? []);
  return all;
}

/** Which of some messages match; undefined when the store refuses to say. Throws Unavailable. */
async function matchingOf(
  cx: Context,
  key: SearchKey,
  uids: readonly number[],
): Promise<ReadonlySet<number> | undefined> {
  const { mirror } = selectedOf(cx).view;
  const test = localTest(key, mirror);
  if (test !== undefined) return new Set(uids.filter((uid) => test(uid, mirror.indexOf(uid))));
  const among: SearchKey = { key: "and", of: [{ key: "uid", set: rangesOf(uids) }, key] };
  const found = await cx.services.store.search(selectedAccount(cx), mirror.id, among);
  return found.ok ? new Set(found.value) : undefined;
}

/** True when other flags or annotations can make a message match otherwise, or stand elsewhere. */
function watchesFlags({ key, sorting }: SearchContext): boolean {
  return asksFlags(key) || isMoved(sorting);
}

/** True when a message that has other flags or annotations may stand elsewhere. */
function isMoved(sorting: Sorting | undefined): boolean {
  return sorting?.order.some(({ by }) => by === "annotation" || by === "modseq") ?? false;
}

function asksFlags(key: SearchKey): boolean {
  switch (key.key) {
    case "and":
    case "or":
      return key.of.some(asksFlags);
    case "not":
      return asksFlags(key.of);
    default:
      return key.key === "annotation" || key.key === "flag" || key.key === "keyword" || key.key === "modseq";
  }
}
