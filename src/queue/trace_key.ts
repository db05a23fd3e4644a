/** What a page of the trace is found by: hashes, since a page holds some hundred steps. */

/** A 32-bit hash (FNV-1a) of a name, its ASCII letters in small; signed, as PostgreSQL's int4 is. */
export function traceKey(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    hash = Math.imul(hash ^ (code >= 0x41 && code <= 0x5a ? code | 0x20 : code), 0x01000193);
  }
  return hash | 0;
}
