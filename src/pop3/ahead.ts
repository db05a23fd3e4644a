/** A client that retrieves one message after another: the next ones are read together with the one it asks for. */
import { Budget } from "../bytes/budget.ts";
import type { MailStore, OctetPiece, OctetRange } from "../core/store.ts";
import type { Maildrop } from "./maildrop.ts";

/** How much is read ahead. */
export interface AheadLimits {
  /** Octets that one session reads ahead; 0: nothing is. */
  readonly aheadOctets: number;
  /** Octets that all sessions of the worker hold so. */
  readonly aheadTotal: number;
}

/** All sessions of the worker. */
const budget = new Budget();

/** What one session has read ahead. Octets of a message never change. */
export class ReadAhead implements Disposable {
  /** By number of the message; all of them begin at 0 and end where `#part` says. */
  readonly #held = new Map<number, Uint8Array>();
  #part: Part = "message";
  #next = 0;
  #octets = 0;

  /**
   * A message's octets, or its header's, in pieces. Where the client goes from one message to the next, those
   * behind it are read in the same call, and kept once the caller has taken the last piece and asks for more.
   */
  async *pieces(
    store: MailStore,
    maildrop: Maildrop,
    n: number,
    part: Part,
    limits: AheadLimits,
  ): AsyncGenerator<Pick<OctetPiece, "octets" | "last">> {
    const follows = n === this.#next && part === this.#part;
    if (!follows) this[Symbol.dispose]();
    this.#next = n + 1;
    this.#part = part;
    const held = this.#take(n);
    if (held !== undefined) return yield { octets: held, last: true };
    const numbers = follows ? [n, ...this.#behind(maildrop, n, limits)] : [n];
    const ranges = numbers.map((one) => rangeOf(maildrop, one, part));
    let given = false;
    try {
      for await (const { index, octets, last } of store.octets(maildrop.account, ranges)) {
        if (index === 0) yield { octets, last };
        // Large messages come in several pieces, and are not worth keeping. A copy: what was read together
        // lies in one buffer, of which the last message would keep all alive.
        else if (octets.length === ranges[index]!.end) this.#hold(numbers[index]!, octets.slice(), limits);
        given ||= last;
      }
    } catch (thrown) {
      // Whatever hinders reading ahead will hinder the one who asks for it.
      if (!given) throw thrown;
    }
  }

  [Symbol.dispose](): void {
    this.#held.clear();
    budget.give(this.#octets);
    this.#octets = 0;
  }

  /** Messages that are likely to be asked for next, as many as may be read. */
  *#behind(maildrop: Maildrop, n: number, { aheadOctets }: AheadLimits): Generator<number> {
    let room = aheadOctets - rangeOf(maildrop, n, this.#part).end;
    for (let next = n + 1; next <= maildrop.last; next++) {
      if (!maildrop.has(next)) continue;
      room -= rangeOf(maildrop, next, this.#part).end;
      if (room < 0) return;
      yield next;
    }
  }

  #hold(n: number, octets: Uint8Array, { aheadTotal }: AheadLimits): void {
    if (!budget.take(octets.length, aheadTotal)) return;
    this.#held.set(n, octets);
    this.#octets += octets.length;
  }

  #take(n: number): Uint8Array | undefined {
    const octets = this.#held.get(n);
    if (octets === undefined) return undefined;
    this.#held.delete(n);
    this.#octets -= octets.length;
    budget.give(octets.length);
    return octets;
  }
}

/** What of a message is read. */
export type Part = "message" | "header";

function rangeOf(maildrop: Maildrop, n: number, part: Part): OctetRange {
  const entry = maildrop.at(n);
  if (entry === undefined) throw new RangeError(`Cannot read message ${n}: it is not there`);
  return { message: entry.message, start: 0, end: part === "message" ? entry.size : entry.headerSize };
}
