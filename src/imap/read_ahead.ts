/** A client that reads one message after another: the next ones are read before it asks. */
import type { OctetRange } from "../core/store.ts";
import { Budget } from "../bytes/budget.ts";
import type { View } from "./view.ts";

/** All sessions of the worker. */
const budget = new Budget();

/** What one session has read ahead of one mailbox. Octets of a message never change. */
export class ReadAhead implements Disposable {
  #view: View | undefined;
  #next = 0;
  #held = new Map<string, Uint8Array>();
  #octets = 0;

  /** Notes that bodies of one message were asked for; true when it is the one behind the last one. */
  follows(view: View, seq: number): boolean {
    const follows = this.#view === view && this.#next === seq;
    if (!follows) this[Symbol.dispose]();
    this.#view = view;
    this.#next = seq + 1;
    return follows;
  }

  /** Keeps the octets of a range as long as all sessions together keep at most `most`. */
  hold(range: OctetRange, octets: Uint8Array, most: number): void {
    const key = keyOf(range);
    if (this.#held.has(key) || !budget.take(octets.length, most)) return;
    this.#held.set(key, octets);
    this.#octets += octets.length;
  }

  /** Gives the octets of a range away, if they are here. */
  take(range: OctetRange): Uint8Array | undefined {
    const key = keyOf(range);
    const octets = this.#held.get(key);
    if (octets === undefined) return undefined;
    this.#held.delete(key);
    this.#octets -= octets.length;
    budget.give(octets.length);
    return octets;
  }

  [Symbol.dispose](): void {
    budget.give(this.#octets);
    this.#octets = 0;
    if (this.#held.size > 0) this.#held = new Map();
    this.#view = undefined;
  }
}

function keyOf({ message, start, end }: OctetRange): string {
  return `${message}:${start}:${end}`;
}
