/** FLAGS and PERMANENTFLAGS, told together (RFC 9051 §7.1, §7.3.5, RFC 4314 §5.1.1). */
import { allowedFlags } from "../../core/acl.ts";
import { flagsLine } from "../encode/mod.ts";
import { condition } from "../reply.ts";
import type { Context } from "./context.ts";

/** Keywords that a mailbox may hold: beyond them PERMANENTFLAGS no longer says `\*`. */
const KEYWORDS = 256;

/** Which flags there are, and which of them can be changed. */
export function writeFlagsLines(cx: Context, keywords: readonly string[], readOnly: boolean): void {
  const out = cx.out.gather;
  flagsLine(out, keywords);
  const { flags, keywords: may } = allowedFlags(cx.session.selected?.rights ?? 0);
  if (readOnly || flags === 0) {
    return condition(out, undefined, "OK", "No permanent flags", { code: "NO PERMANENTFLAGS" });
  }
  const code = {
    code: "PERMANENTFLAGS",
    flags,
    keywords: may ? keywords : [],
    more: may && keywords.length < KEYWORDS,
  } as const;
  condition(out, undefined, "OK", "Flags that are kept", code);
}
