/** Keeping search results up to date: UPDATE and CANCELUPDATE (RFC 5267 §4.3). */
import { Unavailable } from "../../core/failure.ts";
import type { SearchKey } from "../../core/search.ts";
import { rangesOf } from "../../core/uidset.ts";
import type { Command } from "../command.ts";
import type { SearchContext } from "../contexts.ts";
import { searchUpdateLines } from "../encode/mod.ts";
import { condition } from "../reply.ts";
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
  for (const { about, uids: known } of contexts.all) {
    const gone: number[] = [];
    for (const [at, uid] of uids.entries()) {
      if (known.delete(uid)) gone.push(about.by === "uid" ? uid : seqs[at]!);
    }
    searchUpdateLines(cx.out.gather, about, "REMOVEFROM", rangesOf(gone));
  }
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
        : watchesFlags(context.key)
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
  for (const uid of candidates) {
    const number = context.about.by === "uid" ? uid : view.seqOf(uid);
    if (number === 0 || matching.has(uid) === context.uids.has(uid)) continue;
    if (matching.has(uid)) {
      context.uids.add(uid);
      added.push(number);
    } else {
      context.uids.delete(uid);
      removed.push(number);
    }
  }
  searchUpdateLines(cx.out.gather, context.about, "REMOVEFROM", rangesOf(removed));
  searchUpdateLines(cx.out.gather, context.about, "ADDTO", rangesOf(added));
  await cx.out.breathe();
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

/** True when other flags can make a message match otherwise. */
function watchesFlags(key: SearchKey): boolean {
  switch (key.key) {
    case "and":
    case "or":
      return key.of.some(watchesFlags);
    case "not":
      return watchesFlags(key.of);
    default:
      return key.key === "flag" || key.key === "keyword" || key.key === "modseq";
  }
}
