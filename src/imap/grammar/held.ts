/** Octets that wait for the rest of what they belong to: one growing buffer, given back when it is done. */
export class Held {
  #octets: Uint8Array = NONE;
  #length = 0;

  /** How many octets wait. */
  get length(): number {
    return this.#length;
  }

  /** The octets; valid until the next `add` or `clear`. */
  get octets(): Uint8Array {
    return this.#octets.subarray(0, this.#length);
  }

  /** Copies octets behind those that wait. The caller has checked its limits. */
  add(octets: Uint8Array): void {
    const need = this.#length + octets.length;
    if (need > this.#octets.length) {
      const larger = new Uint8Array(Math.max(need, 2 * this.#octets.length, 256));
      larger.set(this.octets);
      this.#octets = larger;
    }
    this.#octets.set(octets, this.#length);
    this.#length = need;
  }

  /** Forgets the octets. A small buffer stays for the next line, a large one does not: sessions idle long. */
  clear(): void {
    this.#length = 0;
    if (this.#octets.length > 1024) this.#octets = NONE;
  }
}

const NONE = new Uint8Array(0);
