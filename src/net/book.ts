import { groupOf } from "./address.ts";
import type { NetLimits } from "./limits.ts";

/** Which limit a new connection ran into. */
export type BookRefusal = "connections-per-address" | "connections-per-group" | "new-per-minute";

/**
 * Counts connections by address and by network. Each worker keeps its own unless it is given one that the
 * node shares.
 */
export interface AddressBook {
  /** Enters a new connection from a canonical address; the lease must be disposed when it is over. */
  enter(address: string, limits: NetLimits): { readonly refused: BookRefusal } | Disposable;
}

const MINUTE_MS = 60_000;

/** Arrivals by name in this minute and the one before: a sliding window that costs two numbers a name. */
class Arrivals {
  #minute = 0;
  #now = new Map<string, number>();
  #before = new Map<string, number>();

  /** About how many came in the last 60 seconds; counts one more when `limit` allows it. */
  take(name: string, limit: number, ms: number, entries: number): boolean {
    const minute = Math.floor(ms / MINUTE_MS);
    if (minute !== this.#minute) {
      this.#before = minute === this.#minute + 1 ? this.#now : new Map();
      this.#now = new Map();
      this.#minute = minute;
    }
    const here = this.#now.get(name) ?? 0;
    const share = 1 - (ms % MINUTE_MS) / MINUTE_MS;
    if (here + (this.#before.get(name) ?? 0) * share >= limit) return false;
    // A flood from ever new addresses must not fill memory; who is not in the book is bounded by its group
    // and by the number of connections.
    if (here > 0 || this.#now.size < entries) this.#now.set(name, here + 1);
    return true;
  }
}

/** The book of one worker, in memory. */
export class LocalAddressBook implements AddressBook {
  readonly #ticks: () => number;
  #open = new Map<string, number>();
  #arrivals = new Arrivals();

  /** @param ticks monotonic milliseconds */
  constructor(ticks: () => number = () => performance.now()) {
    this.#ticks = ticks;
  }

  /** Names (addresses and groups) that have connections. */
  get size(): number {
    return this.#open.size;
  }

  enter(address: string, limits: NetLimits): { readonly refused: BookRefusal } | Disposable {
    const group = groupOf(address);
    const { connectionsPerAddress, newPerMinute, groupFactor, bookEntries } = limits;
    if ((this.#open.get(address) ?? 0) >= connectionsPerAddress) {
      return { refused: "connections-per-address" };
    }
    if ((this.#open.get(group) ?? 0) >= connectionsPerAddress * groupFactor) {
      return { refused: "connections-per-group" };
    }
    const now = this.#ticks();
    if (
      !this.#arrivals.take(group, newPerMinute * groupFactor, now, bookEntries) ||
      !this.#arrivals.take(address, newPerMinute, now, bookEntries)
    ) {
      return { refused: "new-per-minute" };
    }
    this.#count(address, 1);
    this.#count(group, 1);
    let over = false;
    return {
      [Symbol.dispose]: () => {
        if (over) return;
        over = true;
        this.#count(address, -1);
        this.#count(group, -1);
      },
    };
  }

  #count(name: string, by: number): void {
    const count = (this.#open.get(name) ?? 0) + by;
    if (count > 0) this.#open.set(name, count);
    else this.#open.delete(name);
  }
}
