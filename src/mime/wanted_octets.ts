/** Readers of binary formats as generators that ask for octets, and what feeds them however the input is cut. */

/** A wish of a reader: `take` octets at once (the answer), or octets to be passed over (no answer). */
export type Wish = { readonly take: number } | { readonly skip: number };

/** A reader. Octets that it is given are valid until its next wish. */
export type Reader<T> = Generator<Wish, T, Uint8Array>;

const NOTHING = new Uint8Array(0);

/** Takes octets, and says where in the input it is. */
export class Place {
  /** Octets that were taken or passed over. */
  at = 0;

  /** The next `size` octets. */
  *take(size: number): Reader<DataView> {
    const octets = yield { take: size };
    this.at += size;
    return new DataView(octets.buffer, octets.byteOffset, octets.length);
  }

  /** Passes over octets up to `end`. */
  *skipTo(end: number): Reader<void> {
    if (end > this.at) yield { skip: end - this.at };
    this.at = Math.max(this.at, end);
  }
}

/** Feeds a reader. It keeps no more than one `take`, which readers keep small. */
export class Feeder {
  readonly #reader: Reader<unknown>;
  #wish: Wish = { skip: 0 };
  #held = NOTHING;
  #heldLength = 0;
  #left = 0;
  #done = false;

  constructor(reader: Reader<unknown>) {
    this.#reader = reader;
    this.#answer(NOTHING);
  }

  /** True when the reader wants no more. */
  get done(): boolean {
    return this.#done;
  }

  /** Gives the next octets. */
  push(octets: Uint8Array): void {
    for (let at = 0; !this.#done;) {
      const size = Math.min(this.#left, octets.length - at);
      const piece = octets.subarray(at, at + size);
      at += size;
      this.#left -= size;
      if ("take" in this.#wish) {
        if (this.#left > 0 || this.#heldLength > 0) {
          if (this.#heldLength === 0) this.#held = new Uint8Array(this.#wish.take);
          this.#held.set(piece, this.#heldLength);
          this.#heldLength += size;
        }
        if (this.#left > 0) return;
        const whole = this.#heldLength > 0 ? this.#held : piece;
        this.#heldLength = 0;
        this.#answer(whole);
      } else if (this.#left > 0) return;
      else this.#answer(NOTHING);
    }
  }

  #answer(octets: Uint8Array): void {
    const { done, value } = this.#reader.next(octets);
    if (done) {
      this.#done = true;
      return;
    }
    this.#wish = value;
    this.#left = "take" in value ? value.take : value.skip;
  }
}
