/**
 * Bulky work in small portions. Each turn of a thread's event loop serves whatever came on any connection, so a turn is as
 * long as all of that together: hundreds of peers that send or take without end made it a second, for which everybody
 * waited. Of what is bulky (large chunks read, large pieces written, connections begun) each turn does a few, in the
 * order in which they came, and a command of a few octets waits for these few only.
 */
export class Turns {
  #left: number;
  #waiting: (() => void)[] = [];
  /** Index of the first of `#waiting` that waits: shifting an array costs its length. */
  #head = 0;
  #counting = false;

  /** @param each how many a turn does */
  constructor(private readonly each: number) {
    this.#left = each;
  }

  /** Those that wait for a turn. */
  get waiting(): number {
    return this.#waiting.length - this.#head;
  }

  /** True when it may be done at once; otherwise `go` is called in a turn to come. */
  take(go: () => void): boolean {
    this.#count();
    if (this.#left > 0) {
      this.#left--;
      return true;
    }
    this.#waiting.push(go);
    return false;
  }

  /** As `take`, to be awaited. */
  async turn(): Promise<void> {
    await new Promise<void>((resolve) => {
      if (this.take(resolve)) resolve();
    });
  }

  #count(): void {
    if (this.#counting) return;
    this.#counting = true;
    setImmediate(() => this.#next());
  }

  #next(): void {
    this.#counting = false;
    this.#left = this.each;
    while (this.#left > 0 && this.waiting > 0) {
      this.#left--;
      this.#count();
      const go = this.#waiting[this.#head]!;
      if (++this.#head === this.#waiting.length || this.#head === 1024) {
        this.#waiting = this.#waiting.slice(this.#head);
        this.#head = 0;
      }
      go();
    }
  }
}

/** Chunks and pieces above this many octets are bulky. */
export const BULKY = 4_096;

/** Bulky chunks read, and pieces written, in a turn of this thread. 64 KiB each: enough for any link. */
export const BULK = new Turns(4);

/** Connections begun (a TLS handshake, a greeting) in a turn of this thread. */
export const OPENINGS = new Turns(4);
