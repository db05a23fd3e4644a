/** Numbers that look random and are the same for the same seed (sfc32). */
export class Random {
  #a: number;
  #b = 0x9e3779b9;
  #c = 0x243f6a88;
  #counter = 1;

  /** @param seed Any number; `index` picks one of its streams, so that one message can be made again alone. */
  constructor(seed: number, index = 0) {
    this.#a = seed | 0;
    this.#b ^= Math.floor(index / 0x1_0000_0000);
    this.#c ^= index | 0;
    for (let i = 0; i < 12; i++) this.next();
  }

  /** 0 … 2^32 - 1. */
  next(): number {
    const t = (this.#a + this.#b + this.#counter++) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = ((this.#c << 21) | (this.#c >>> 11)) + t | 0;
    return t >>> 0;
  }

  /** 0 … `n` - 1. */
  below(n: number): number {
    return Math.floor(this.next() / 0x1_0000_0000 * n);
  }

  /** True once in `n` times. */
  oneIn(n: number): boolean {
    return this.below(n) === 0;
  }

  /** One of a list. */
  pick<T>(list: readonly T[]): T {
    return list[this.below(list.length)]!;
  }

  /** Mostly small, sometimes up to `most`. */
  size(most: number): number {
    return this.below(1 + this.below(1 + this.below(most + 1)));
  }
}
