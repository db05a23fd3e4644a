/** Parents and children by Message-IDs: step 1 of the REFERENCES algorithm (RFC 5256 §3). */
import type { ThreadRow } from "../core/search.ts";

/** A node that is a message; others were only referred to. */
export const REAL = 1;

/** Nodes by number: first the rows in their order, then what they refer to and is not there. */
export interface Links {
  /** The parent of each node, -1 without one. */
  readonly parents: Int32Array;
  readonly kinds: Uint8Array;
}

/**
 * Steps that all walks towards the root may take together. No mail that was written by people comes near it;
 * for what is beyond it a link that might make a loop is left out.
 */
const STEPS = 20_000_000;

/** Links messages. */
export function linkAll(rows: readonly ThreadRow[]): Links {
  const numbers = new Map<string, number>();
  // Of messages with the same Message-ID the first has it.
  rows.forEach(({ messageId }, at) => {
    if (messageId !== undefined && !numbers.has(messageId)) numbers.set(messageId, at);
  });
  let count = rows.length;
  for (const { references } of rows) {
    for (const id of references) if (!numbers.has(id)) numbers.set(id, count++);
  }
  const parents = new Int32Array(count).fill(-1);
  const children = new Uint32Array(count);
  let steps = STEPS;
  /** True when making `parent` the parent of `child` would make a loop. */
  const loops = (parent: number, child: number): boolean => {
    if (parent === child) return true;
    // Nothing is below the child: it cannot be above its parent.
    if (children[child] === 0) return false;
    for (let at = parent; at >= 0; at = parents[at]!) if (at === child || --steps < 0) return true;
    return false;
  };
  const link = (parent: number, child: number) => {
    parents[child] = parent;
    children[parent]!++;
  };
  rows.forEach(({ references }, at) => {
    let last = -1;
    for (const id of references) {
      const next = numbers.get(id)!;
      if (last >= 0 && parents[next]! < 0 && !loops(last, next)) link(last, next);
      last = next;
    }
    if (parents[at]! >= 0) {
      children[parents[at]!]!--;
      parents[at] = -1;
    }
    if (last >= 0 && !loops(last, at)) link(last, at);
  });
  const kinds = new Uint8Array(count).fill(REAL, 0, rows.length);
  return { parents, kinds };
}
