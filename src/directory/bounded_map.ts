/** A map that holds a bounded number of entries and forgets the one that was not used for longest. */
export class BoundedMap<K, V> {
  readonly #entries = new Map<K, V>();

  constructor(private readonly limit: number) {}

  /** How many entries are held. */
  get size(): number {
    return this.#entries.size;
  }

  /** The entry, which counts as used now. */
  get(key: K): V | undefined {
    const value = this.#entries.get(key);
    if (value === undefined) return undefined;
    // A Map keeps the order of insertion: the first key is the one that was not used for longest.
    this.#entries.delete(key);
    this.#entries.set(key, value);
    return value;
  }

  /** Puts an entry, which may cost the oldest one. */
  set(key: K, value: V): void {
    this.#entries.delete(key);
    this.#entries.set(key, value);
    if (this.#entries.size <= this.limit) return;
    for (const oldest of this.#entries.keys()) {
      this.#entries.delete(oldest);
      return;
    }
  }

  /** Removes an entry. */
  delete(key: K): void {
    this.#entries.delete(key);
  }
}
