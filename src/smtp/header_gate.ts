const NOTHING = new Uint8Array(0);
const CR = 0x0d, LF = 0x0a;

/** Holds a message's header back until all of it is there: its octets up to and with the first empty line. */
export class HeaderGate {
  readonly #limit: number;
  #kept = NOTHING;
  #length = 0;
  /** Octets of the line so far, but for CR. */
  #line = 0;

  /** @param limit Octets of the largest header. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** True when the header is larger than it may be. */
  get overflows(): boolean {
    return this.#length > this.#limit;
  }

  /** What is held. */
  get header(): Uint8Array {
    return this.#kept.subarray(0, this.#length);
  }

  /** Takes octets; gives those behind the header once it is whole, until then undefined. */
  push(octets: Uint8Array): Uint8Array | undefined {
    for (let at = 0; at < octets.length; at++) {
      const octet = octets[at]!;
      if (octet === LF) {
        if (this.#line === 0) {
          this.#keep(octets.subarray(0, at + 1));
          return octets.subarray(at + 1);
        }
        this.#line = 0;
      } else if (octet !== CR) this.#line++;
    }
    this.#keep(octets);
    return undefined;
  }

  #keep(octets: Uint8Array): void {
    const length = this.#length + octets.length;
    if (length <= this.#limit) {
      if (length > this.#kept.length) {
        const larger = new Uint8Array(Math.min(this.#limit, Math.max(4096, length, this.#kept.length * 2)));
        larger.set(this.header);
        this.#kept = larger;
      }
      this.#kept.set(octets, this.#length);
      this.#length = length;
    } else this.#length = this.#limit + 1;
  }
}
