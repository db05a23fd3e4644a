import { matchesPattern } from "../../core/pattern.ts";
import { SEPARATOR } from "../../core/store.ts";

/** True when a pattern of LIST or LSUB matches a mailbox's name. */
export function matches(pattern: string, name: string): boolean {
  return matchesPattern(pattern, name, SEPARATOR);
}
