/** Wildcards of LIST and LSUB (RFC 9051 §6.3.9), and in names of annotations (RFC 5257 §4.3). */

/**
 * True when a pattern matches a name: `*` stands for anything, `%` for anything but the separator.
 *
 * Steps through the set of pattern positions that are still possible, one name character after another, so
 * the cost is |name| × |pattern| at worst and no pattern can make it backtrack.
 */
export function matchesPattern(pattern: string, name: string, separator: string): boolean {
  const end = pattern.length;
  let live = new Uint8Array(end + 1), next = new Uint8Array(end + 1);
  reach(live, 0, pattern);
  for (let i = 0; i < name.length; i++) {
    const char = name[i];
    next.fill(0);
    let alive = false;
    for (let at = 0; at < end; at++) {
      if (live[at] === 0) continue;
      const want = pattern[at];
      if (want === "*" || want === "%" && char !== separator) reach(next, at, pattern);
      else if (want === char) reach(next, at + 1, pattern);
      else continue;
      alive = true;
    }
    if (!alive) return false;
    [live, next] = [next, live];
  }
  return live[end] === 1;
}

/** Marks a position and those behind it that wildcards may skip to. */
function reach(live: Uint8Array, from: number, pattern: string): void {
  for (let at = from; live[at] === 0; at++) {
    live[at] = 1;
    if (pattern[at] !== "*" && pattern[at] !== "%") return;
  }
}
