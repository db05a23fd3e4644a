/** LANGUAGE (RFC 5255 §3). */
import type { Command } from "../command.ts";
import { languageLine } from "../encode/mod.ts";
import { type Completion, type Context, no, ok } from "./context.ts";

/** What texts for people are written in. i-default is English here (RFC 2277 §4.5). */
const LANGUAGES = ["en", "i-default"] as const;

/** Lists the languages, or takes the first one that matches one of the client's ranges, in its order. */
export function language(cx: Context, command: Extract<Command, { readonly name: "LANGUAGE" }>): Completion {
  if (command.ranges.length === 0) {
    languageLine(cx.out.gather, LANGUAGES);
    return ok("LANGUAGE completed");
  }
  for (const range of command.ranges) {
    // RFC 5255 §3.2: `default` goes back to the language that a session begins with.
    const wanted = range.toLowerCase() === "default" ? "i-default" : range;
    const found = LANGUAGES.find((tag) => matches(wanted, tag));
    if (found === undefined) continue;
    languageLine(cx.out.gather, [found]);
    return ok("LANGUAGE completed");
  }
  return no("No such language");
}

/** RFC 4647 §3.4 lookup: a range is shortened from its end until it is a tag; `*` is any. */
function matches(range: string, tag: string): boolean {
  for (
    let part = range.toLowerCase();
    part !== "";
    part = part.slice(0, Math.max(0, part.lastIndexOf("-")))
  ) {
    if (part === "*" || part === tag) return true;
  }
  return false;
}
