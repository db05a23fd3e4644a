/** THREAD responses, mirror of `grammar/sort.ts`: RFC 5256 §4, §5. */
import type { Gather } from "../../bytes/gather.ts";
import type { ThreadNode } from "../threads.ts";

/**
 * thread-list = "(" (thread-members / thread-nested) ")"
 * thread-members = nz-number *(SP nz-number) [SP thread-nested]
 * thread-nested = 2*thread-list
 *
 * `numbers`: what stands for a message. No recursion: threads may be as deep as they are long.
 */
export function threadList(out: Gather, root: ThreadNode, numbers: readonly number[]): void {
  const waiting: (ThreadNode | undefined)[] = [root];
  while (waiting.length > 0) {
    let node = waiting.pop();
    if (node === undefined) {
      out.octet(0x29);
      continue;
    }
    out.octet(0x28);
    if (node.at >= 0) out.number(numbers[node.at]!);
    while (node.children.length === 1) {
      node = node.children[0]!;
      out.octet(0x20).number(numbers[node.at]!);
    }
    waiting.push(undefined);
    if (node.children.length === 0) continue;
    if (node.at >= 0) out.octet(0x20);
    for (let i = node.children.length - 1; i >= 0; i--) waiting.push(node.children[i]!);
  }
}
