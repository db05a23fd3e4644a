/** What UIDBATCHES was asked, so that it is not asked again and again (RFC 10022 §3.1.1). */
import type { View } from "./view.ts";

/** How many different questions are remembered; a session that asks more begins anew. */
const QUESTIONS = 1000;

/** The questions about one selected mailbox, and how it stood then. */
export class BatchQuestions {
  readonly #asked = new Map<string, { readonly count: number; readonly topUid: number }>();

  /** True when hardly anything has changed since the same was asked; notes the question otherwise. */
  isRepeated(view: View, size: number, range: readonly [number, number] | undefined): boolean {
    const key = `${size} ${range?.join(":") ?? ""}`;
    const topUid = view.count === 0 ? 0 : view.uidAt(view.count);
    const before = this.#asked.get(key);
    if (before !== undefined) {
      const arrived = view.countIn([[before.topUid + 1, 0xffff_ffff]]);
      const removed = before.count - (view.count - arrived);
      if (arrived <= size / 2 && removed <= size / 2) return true;
    }
    if (this.#asked.size >= QUESTIONS) this.#asked.clear();
    this.#asked.set(key, { count: view.count, topUid });
    return false;
  }

  /** Another mailbox: nothing was asked about it. */
  clear(): void {
    this.#asked.clear();
  }
}
