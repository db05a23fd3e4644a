/**
 * Bulky work in small portions. Each turn of a thread's event loop serves whatever came on any connection, so a turn is as
 * long as all of that together: hundreds of peers that send or take without end made it a second, for which everybody
 * waited. Of large chunks read and large pieces written each turn does some, in the order in which they came; a command
 * or an answer of few octets waits for these only. Where even so a turn takes long (what these cause is more than they,
 * or the processors are busy) it does one.
 */
export class Turns {
  #left: number;
  /** When this turn's first was taken. */
  #began = 0;
  #waiting: { readonly octets: number; readonly go: () => void }[] = [];
  /** Index of the first of `#waiting` that waits: shifting an array costs its length. */
  #head = 0;
  #counting = false;

  /**
   * @param each octets of a turn; the last one may exceed them
   * @param ticks monotonic milliseconds
   */
  constructor(private readonly each: number, private readonly ticks: () => number = () => performance.now()) {
    this.#left = each;
  }

  /** Those that wait for a turn. */
  get waiting(): number {
    return this.#waiting.length - this.#head;
  }

  /** True when they may be read or written at once; otherwise `go` is called in a turn to come. */
  take(octets: number, go: () => void): boolean {
    this.#count();
    if (this.#left > 0) {
      this.#left -= octets;
      return true;
    }
    this.#waiting.push({ octets, go });
    return false;
  }

  #count(): void {
    if (this.#counting) return;
    this.#counting = true;
    this.#began = this.ticks();
    setImmediate(() => this.#next());
  }

  #next(): void {
    this.#counting = false;
    this.#left = this.ticks() - this.#began > LONG_MS ? 1 : this.each;
    while (this.#left > 0 && this.waiting > 0) {
      this.#count();
      const { octets, go } = this.#waiting[this.#head]!;
      this.#left -= octets;
      if (++this.#head === this.#waiting.length || this.#head === 1024) {
        this.#waiting = this.#waiting.slice(this.#head);
        this.#head = 0;
      }
      go();
    }
  }
}

/** A turn that took longer, in milliseconds, is long: of such delays a person sees two or three. */
const LONG_MS = 50;

/** Chunks and pieces above this many octets are bulky. The usual letter is not. */
export const BULKY = 16_384;

/** What a turn of this thread reads and writes of them: four of the largest. */
export const BULK = new Turns(262_144);
