/** COMPARATOR (RFC 5255 §4.7). */
import { COMPARATORS } from "../../core/search.ts";
import type { Command } from "../command.ts";
import { comparatorLine } from "../encode/mod.ts";
import { type Completion, type Context, no, ok } from "./context.ts";

/** Says which comparator is active; before that makes the first one active that an argument matches, in their order. */
export function comparator(
  cx: Context,
  { wanted }: Extract<Command, { readonly name: "COMPARATOR" }>,
): Completion {
  const matched = wanted.map((each) => COMPARATORS.filter((known) => matches(each, known)));
  const first = matched.flat()[0];
  if (wanted.length > 0 && first === undefined) return no("No such comparator", { code: "BADCOMPARATOR" });
  cx.session.comparator = first ?? cx.session.comparator;
  const all = COMPARATORS.filter((known) => matched.some((some) => some.includes(known)));
  comparatorLine(cx.out.gather, cx.session.comparator, all.length > 1 ? all : []);
  return ok("COMPARATOR completed");
}

/**
 * True when a collation specification (RFC 4790 §3.2, §3.3) means a comparator: `default`, a name, or one with `*`
 * for any characters; a plus in front says the order that there is anyway. No comparator sorts backwards.
 */
function matches(wanted: string, known: typeof COMPARATORS[number]): boolean {
  const name = wanted.toLowerCase().replace(/^\+/, "");
  if (name === "default") return known === COMPARATORS[0];
  const parts = name.split("*");
  if (parts.length === 1) return name === known;
  if (!known.startsWith(parts[0]!)) return false;
  let at = parts[0]!.length;
  for (const part of parts.slice(1, -1)) {
    const found = known.indexOf(part, at);
    if (found < 0) return false;
    at = found + part.length;
  }
  return known.length - at >= parts.at(-1)!.length && known.endsWith(parts.at(-1)!);
}
