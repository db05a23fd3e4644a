/** Message-IDs (RFC 5322 §3.6.4) in the one form in which they are compared (RFC 5256 §3). */
import { latin1, octetsOf, utf8 } from "../bytes/ascii.ts";
import { Lexer } from "./lexer.ts";

/** Octets of one Message-ID; longer ones are no identification. */
const ID = 998;

/**
 * The Message-IDs of an unfolded value without their angle brackets, each once, at most `limit`: quoting,
 * comments and white space taken out, so that `<"a"@b>` and `<a@b>` are the same. Text outside brackets and
 * IDs without `@` between two words are no valid Message-IDs and are left out.
 */
export function messageIds(value: Uint8Array, limit: number): readonly string[] {
  const ids = new Set<string>();
  for (let at = 0; ids.size < limit;) {
    const start = value.indexOf(0x3c, at);
    if (start < 0) break;
    const { id, end } = readId(value, start + 1);
    if (id !== undefined) ids.add(id);
    at = end;
  }
  return [...ids];
}

/** msg-id, behind its `<`. */
function readId(value: Uint8Array, start: number): { readonly id: string | undefined; readonly end: number } {
  let close = -1, quoted = false;
  const most = Math.min(value.length, start + ID);
  for (let i = start; i < most && close < 0; i++) {
    const c = value[i]!;
    if (c === 0x5c) i++;
    else if (c === 0x22) quoted = !quoted;
    else if (c === 0x3e && !quoted) close = i;
    else if (c === 0x3c && !quoted) return { id: undefined, end: i };
  }
  // Without its end in sight: a `<` that begins nothing.
  if (close < 0) return { id: undefined, end: start };
  return { id: normal(value.subarray(start, close)), end: close + 1 };
}

function normal(octets: Uint8Array): string | undefined {
  const lexer = new Lexer(octets);
  let id = "";
  while (lexer.peek() >= 0) {
    if (lexer.skipCfws()) continue;
    const c = lexer.peek();
    if (c < 0) break;
    if (c === 0x22) id += lexer.quotedString();
    else if (c === 0x5b) id += lexer.domainLiteral();
    else {
      const atom = lexer.atom();
      if (atom === "") lexer.pos++;
      id += atom === "" ? latin1(octets, lexer.pos - 1, lexer.pos) : atom;
    }
  }
  const at = id.indexOf("@");
  if (at < 1 || at === id.length - 1) return undefined;
  const text = utf8(octetsOf(id)).replaceAll(/[\0\s]/g, "");
  return text.length < 3 ? undefined : text;
}
