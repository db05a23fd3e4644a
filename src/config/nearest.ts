/** Suggestions for words that are nearly right. */

/** The word that was probably meant; undefined when none is near. */
export function nearest(word: string, known: readonly string[]): string | undefined {
  const scored = known.map((name) => ({ name, steps: distance(word, name) })).sort((a, b) =>
    a.steps - b.steps
  );
  const best = scored[0];
  return best !== undefined && best.steps <= Math.max(1, word.length / 3) ? best.name : undefined;
}

/** Levenshtein's, for words of a few letters. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= Math.min(a.length, 64); i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      next[j] = Math.min(next[j - 1]! + 1, row[j]! + 1, row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1));
    }
    row = next;
  }
  return row[b.length]!;
}
