/** Threads of messages: ORDEREDSUBJECT and REFERENCES (RFC 5256 §3), REFS (draft-ietf-morg-inthread). */
import type { ThreadRow } from "../core/search.ts";
import type { ThreadAlgorithm } from "./command.ts";
import { linkAll, REAL } from "./thread_links.ts";

/** A message with those that follow it, or without a number (`at` < 0) what holds messages together. */
export interface ThreadNode {
  /** Index into the rows. */
  readonly at: number;
  children: ThreadNode[];
}

/** Puts messages, given in the order of the mailbox, into threads. */
export function threads(algorithm: ThreadAlgorithm, rows: readonly ThreadRow[]): readonly ThreadNode[] {
  switch (algorithm) {
    case "ORDEREDSUBJECT":
      return orderedSubject(rows);
    case "REFERENCES":
      return references(rows);
    case "REFS":
      return refs(rows);
    default:
      return algorithm satisfies never;
  }
}

/** One thread a base subject, by its first message's date; all others are that one's children. */
function orderedSubject(rows: readonly ThreadRow[]): readonly ThreadNode[] {
  const bySubject = new Map<string, number[]>();
  rows.forEach((row, at) => {
    const others = bySubject.get(row.subject);
    if (others === undefined) bySubject.set(row.subject, [at]);
    else others.push(at);
  });
  const byDate = (a: number, b: number) => rows[a]!.sentAt - rows[b]!.sentAt || a - b;
  const found: ThreadNode[] = [];
  for (const members of bySubject.values()) {
    const [first, ...rest] = members.sort(byDate);
    found.push({ at: first!, children: rest.map((at) => ({ at, children: [] })) });
  }
  return found.sort((a, b) => byDate(a.at, b.at));
}

function references(rows: readonly ThreadRow[]): readonly ThreadNode[] {
  const sorting = new Sorting(rows);
  // Step 4, with the children of what holds messages together, which the order of the roots depends on.
  const roots = sorting.sort(forest(rows));
  const merged = mergeSubjects(rows, roots);
  sorting.all(merged);
  return sorting.sort(merged);
}

/** Without a look at subjects; the thread with the newest message comes last. */
function refs(rows: readonly ThreadRow[]): readonly ThreadNode[] {
  const roots = forest(rows);
  new Sorting(rows).all(roots);
  const newest = new Map(roots.map((root) => {
    let most = -Infinity, first = Infinity;
    walk([root], (node) => {
      if (node.at < 0) return;
      most = Math.max(most, rows[node.at]!.sentAt);
      first = Math.min(first, node.at);
    });
    return [root, { most, first }];
  }));
  return roots.sort((a, b) => {
    const one = newest.get(a)!, other = newest.get(b)!;
    return one.most - other.most || one.first - other.first;
  });
}

/** Steps 1 to 3 of REFERENCES: links, without what only was referred to. */
function forest(rows: readonly ThreadRow[]): ThreadNode[] {
  const { parents, kinds } = linkAll(rows);
  const nodes: (ThreadNode | undefined)[] = rows.map((_, at) => ({ at, children: [] }));
  // For what is not there: the nearest message above, or the topmost node where no message is above.
  const stands = new Int32Array(parents.length).fill(-1);
  const standIn = (from: number): number => {
    const path: number[] = [];
    let at = from;
    while (kinds[at] !== REAL && stands[at] === -1 && parents[at]! >= 0) {
      path.push(at);
      at = parents[at]!;
    }
    const found = kinds[at] === REAL || stands[at] === -1 ? at : stands[at]!;
    for (const each of path) stands[each] = found;
    return found;
  };
  const roots: ThreadNode[] = [];
  const tops = new Map<number, ThreadNode>();
  for (let at = 0; at < rows.length; at++) {
    const node = nodes[at]!;
    if (parents[at]! < 0) {
      roots.push(node);
      continue;
    }
    const above = standIn(parents[at]!);
    if (kinds[above] === REAL) nodes[above]!.children.push(node);
    else {
      const top = tops.get(above) ?? { at: -1, children: [] };
      tops.set(above, top);
      top.children.push(node);
    }
  }
  for (const top of tops.values()) roots.push(top.children.length === 1 ? top.children[0]! : top);
  return roots;
}

/** Step 5 of REFERENCES: threads of one base subject become one thread. */
function mergeSubjects(rows: readonly ThreadRow[], roots: readonly ThreadNode[]): ThreadNode[] {
  const firstOf = (node: ThreadNode) => rows[node.at < 0 ? node.children[0]!.at : node.at]!;
  const isReply = (node: ThreadNode) => node.at >= 0 && rows[node.at]!.isReply;
  const table = new Map<string, ThreadNode>();
  for (const root of roots) {
    const { subject } = firstOf(root);
    if (subject === "") continue;
    const there = table.get(subject);
    if (there === undefined || there.at >= 0 && (root.at < 0 || isReply(there) && !isReply(root))) {
      table.set(subject, root);
    }
  }
  const kept = new Set(roots);
  for (const root of roots) {
    const { subject } = firstOf(root);
    const there = table.get(subject);
    if (subject === "" || there === undefined || there === root) continue;
    kept.delete(root);
    if (there.at < 0 && root.at < 0) { for (const child of root.children) there.children.push(child); }
    else if (there.at < 0 || isReply(root) && !isReply(there)) there.children.push(root);
    else {
      const both: ThreadNode = { at: -1, children: [there, root] };
      kept.delete(there);
      kept.add(both);
      table.set(subject, both);
    }
  }
  return [...kept];
}

/** Siblings by sent date, then by their place in the mailbox. */
class Sorting {
  constructor(readonly rows: readonly ThreadRow[]) {}

  /** Sorts siblings in place; what is no message stands where its first child would. */
  sort(siblings: ThreadNode[]): ThreadNode[] {
    for (const node of siblings) if (node.at < 0) node.children.sort((a, b) => this.#compare(a.at, b.at));
    return siblings.sort((a, b) => this.#compare(this.#first(a), this.#first(b)));
  }

  /** Sorts everything below, children before their parents. */
  all(roots: readonly ThreadNode[]): void {
    walk(roots, (node) => this.sort(node.children));
  }

  #first(node: ThreadNode): number {
    return node.at < 0 ? node.children[0]!.at : node.at;
  }

  #compare(a: number, b: number): number {
    return this.rows[a]!.sentAt - this.rows[b]!.sentAt || a - b;
  }
}

/** Visits all nodes; no recursion, for threads are as deep as senders like. */
function walk(roots: readonly ThreadNode[], visit: (node: ThreadNode) => void): void {
  const waiting = [...roots];
  for (let node = waiting.pop(); node !== undefined; node = waiting.pop()) {
    visit(node);
    for (const child of node.children) waiting.push(child);
  }
}
