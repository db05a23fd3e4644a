/** Walks over search keys as parsed. */
import type { SearchNode } from "./search_command.ts";

/** True when a test holds for a key anywhere in the criteria: AND, OR and NOT themselves are not asked. */
export function someKey(node: SearchNode, test: (leaf: SearchNode) => boolean): boolean {
  switch (node.key) {
    case "AND":
    case "OR":
      return node.of.some((each) => someKey(each, test));
    case "NOT":
      return someKey(node.of, test);
    case "FUZZY":
      return test(node) || someKey(node.of, test);
    default:
      return test(node);
  }
}
