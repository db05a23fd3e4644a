/** What is stored under a filter's name (RFC 5466 §3.2). */
import { done, type Outcome, syntax } from "../core/failure.ts";
import { Cursor } from "./grammar/cursor.ts";
import { searchProgram } from "./grammar/search.ts";
import { FILTER_NAME } from "./grammar/search_key.ts";
import { AFTER_LOGIN, type ImapLimits } from "./limits.ts";
import type { SearchNode } from "./search_command.ts";

/** The search that a filter's value is. */
export function parseFilter(value: Uint8Array, limits: ImapLimits): Outcome<SearchNode> {
  const cursor = new Cursor(value, limits, { utf8: true });
  const node = searchProgram(cursor);
  if (node !== undefined && cursor.fault === undefined && cursor.pos === cursor.end) return done(node);
  return syntax(cursor.fault?.text ?? "Unexpected text behind the search");
}

/** Why a filter cannot be what it is meant to be; undefined when it can. */
export function filterFault(
  name: string,
  value: Uint8Array,
  limits: ImapLimits = AFTER_LOGIN,
): string | undefined {
  if (!FILTER_NAME.test(name)) return "Not the name of a filter";
  const parsed = parseFilter(value, limits);
  return parsed.ok ? undefined : `Not a search: ${parsed.failure.text}`;
}
