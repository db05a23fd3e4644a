/** Searches whose results are kept up to date (RFC 5267 §4.3). */
import type { Comparator, SearchKey, SortOrder } from "../core/search.ts";
import type { FetchItem } from "./command.ts";
import type { SearchAbout } from "./encode/mod.ts";
import type { View } from "./view.ts";

/** One of them. */
export interface SearchContext {
  /** The command that asked for it. */
  readonly about: SearchAbout;
  /** Sequence numbers in it are the UIDs that they meant when the command came. */
  readonly key: SearchKey;
  /** What is told of new messages that match, by FETCH (RFC 5465 §7). */
  readonly items: readonly FetchItem[];
  /** What the client knows as the result. */
  readonly uids: Set<number>;
  /** Of a sorted result (RFC 5267 §4.1). */
  readonly sorting: Sorting | undefined;
}

/** How a result is sorted, and what the client knows of its order. */
export interface Sorting {
  readonly order: readonly SortOrder[];
  readonly comparator: Comparator;
  uids: readonly number[];
}

/** Those of one session's selected mailbox. */
export class SearchContexts {
  readonly #all = new Map<string, SearchContext>();
  #logAt = 0;
  #topUid = 0;

  /** In the order in which they were made. */
  get all(): Iterable<SearchContext> {
    return this.#all.values();
  }

  get size(): number {
    return this.#all.size;
  }

  has(tag: string): boolean {
    return this.#all.has(tag);
  }

  /** What changes from now on is looked at; called before the search whose result is added. */
  watch(view: View): void {
    if (this.#all.size > 0) return;
    this.#logAt = view.mirror.logEnd;
    this.#topUid = view.count === 0 ? 0 : view.uidAt(view.count);
  }

  add(context: SearchContext): void {
    this.#all.set(context.about.tag, context);
  }

  delete(tag: string): boolean {
    return this.#all.delete(tag);
  }

  /** Forgets all of them. */
  clear(): void {
    this.#all.clear();
  }

  /**
   * UIDs that the client knows of and that may match otherwise than before. `done` says that they were looked
   * at; without it they come again. `changed` undefined: all of them may have.
   */
  touched(view: View): {
    readonly arrived: readonly number[];
    readonly changed: readonly number[] | undefined;
    readonly done: () => void;
  } {
    const logEnd = view.mirror.logEnd;
    const logged = view.mirror.changedSince(this.#logAt);
    const arrived: number[] = [];
    let seq = view.count;
    for (; seq > 0 && view.uidAt(seq) > this.#topUid; seq--) arrived.push(view.uidAt(seq));
    const changed = logged?.filter((uid) => uid <= this.#topUid);
    const topUid = Math.max(this.#topUid, arrived[0] ?? 0);
    const done = () => {
      this.#logAt = logEnd;
      this.#topUid = topUid;
    };
    return { arrived: arrived.reverse(), changed: changed && [...new Set(changed)], done };
  }
}
