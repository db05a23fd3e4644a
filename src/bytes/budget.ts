/** Octets that a worker spends on what only makes it quicker. */

/** Counts what is held; nobody waits for it, who finds none left goes without. */
export class Budget {
  #used = 0;

  get used(): number {
    return this.#used;
  }

  /** Takes octets if no more than `most` are then in use. */
  take(octets: number, most: number): boolean {
    if (this.#used + octets > most) return false;
    this.#used += octets;
    return true;
  }

  give(octets: number): void {
    this.#used -= octets;
  }
}
