/** How many messages one command works on (RFC 9738). */
import type { SearchKey } from "../../core/search.ts";
import { intersect, type UidSet } from "../../core/uidset.ts";
import { condition } from "../reply.ts";
import { type Completion, type Context, no, selectedOf } from "./context.ts";

/** What a command works on. */
export interface Limited {
  readonly uids: UidSet;
  /** The lowest UID that is left; undefined when there were not too many. */
  readonly lowest: number | undefined;
}

/** RFC 9738 §3.1: of too many messages those with the highest UIDs. */
export function limited(cx: Context, uids: UidSet): Limited {
  const { view } = selectedOf(cx);
  const { messageLimit } = cx.services.limits;
  if (view.countIn(uids) <= messageLimit) return { uids, lowest: undefined };
  const kept = view.part(uids, { from: -1, to: -messageLimit });
  return { uids: kept, lowest: kept[0]![0] };
}

/** A search among too many messages looks at the last ones only; sets of UIDs in the key count. */
export function limitedSearch(
  cx: Context,
  key: SearchKey,
): { readonly key: SearchKey } & Pick<Limited, "lowest"> {
  const { uids, lowest } = limited(cx, scopeOf(key, selectedOf(cx).view.all));
  return { key: lowest === undefined ? key : { key: "and", of: [{ key: "uid", set: uids }, key] }, lowest };
}

function scopeOf(key: SearchKey, all: UidSet): UidSet {
  if (key.key === "uid") return intersect(all, key.set);
  return key.key === "and" ? key.of.reduce((scope, of) => scopeOf(of, scope), all) : all;
}

/** Nothing is done where a command is all or nothing. */
export function overLimit(cx: Context, lowest?: number): Completion {
  const limit = cx.services.limits.messageLimit;
  const code = { code: "MESSAGELIMIT", limit, ...(lowest === undefined ? {} : { uid: lowest }) } as const;
  return no("Too many messages for one command", code);
}

/** Says in the answer that some were left out; beside another code in an untagged NO. */
export function sayLimit(cx: Context, completion: Completion, lowest: number | undefined): Completion {
  if (lowest === undefined) return completion;
  const code = { code: "MESSAGELIMIT", limit: cx.services.limits.messageLimit, uid: lowest } as const;
  if (completion.status === "OK" && completion.code === undefined) return { ...completion, code };
  condition(cx.out.gather, undefined, "NO", "Only the last messages were worked on", code);
  return completion;
}
