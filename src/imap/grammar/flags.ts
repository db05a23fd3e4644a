/** Flags: RFC 9051 §2.3.2, §9. */
import { Flag } from "../../core/store.ts";
import type { FlagList } from "../command.ts";
import type { Cursor } from "./cursor.ts";
import { atom } from "./string.ts";

const SYSTEM: ReadonlyMap<string, number> = new Map([
  ["SEEN", Flag.Seen],
  ["ANSWERED", Flag.Answered],
  ["FLAGGED", Flag.Flagged],
  ["DELETED", Flag.Deleted],
  ["DRAFT", Flag.Draft],
]);

/** flag-list = "(" [flag *(SP flag)] ")" */
export function flagList(c: Cursor): FlagList | undefined {
  if (!c.expect(0x28)) return undefined;
  if (c.take(0x29)) return { flags: 0, keywords: [] };
  const list = flags(c);
  return list !== undefined && c.expect(0x29) ? list : undefined;
}

/**
 * flag *(SP flag)
 *
 * A keyword that comes twice, in whatever case, is one keyword.
 */
export function flags(c: Cursor): FlagList | undefined {
  let bits = 0;
  const keywords = new Map<string, string>();
  do {
    if (c.take(0x5c)) {
      const bit = systemFlag(c);
      if (bit === undefined) return undefined;
      bits |= bit;
    } else {
      const keyword = flagKeyword(c);
      if (keyword === undefined) return undefined;
      if (keyword.length > c.limits.keyword) {
        return c.fail("keyword too long", "A keyword is too long", "NO", { code: "LIMIT" });
      }
      const folded = keyword.toLowerCase();
      if (!keywords.has(folded)) keywords.set(folded, keyword);
    }
  } while (c.take(0x20));
  return { flags: bits, keywords: [...keywords.values()] };
}

/** "\Answered" / "\Flagged" / "\Deleted" / "\Seen" / "\Draft", behind the backslash. */
function systemFlag(c: Cursor): number | undefined {
  const name = atom(c);
  if (name === undefined) return undefined;
  return SYSTEM.get(name.toUpperCase()) ?? c.fail("flag", "No such system flag can be set");
}

/** flag-keyword = atom; in the case that the client wrote. */
export function flagKeyword(c: Cursor): string | undefined {
  return atom(c);
}
