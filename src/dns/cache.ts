/** Answers by question, each for its time; bounded, the oldest goes first. */
export class TtlCache<T> {
  readonly #entries = new Map<string, { readonly until: number; readonly value: T }>();

  /** @param most entries that are kept */
  constructor(private readonly most: number) {}

  /** What is known at `now` (milliseconds), or undefined. */
  get(key: string, now: number): T | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined) return undefined;
    if (entry.until > now) return entry.value;
    this.#entries.delete(key);
    return undefined;
  }

  /** Keeps a value until `until`. */
  set(key: string, value: T, until: number): void {
    this.#entries.delete(key);
    this.#entries.set(key, { until, value });
    if (this.#entries.size > this.most) this.#entries.delete(this.#entries.keys().next().value!);
  }
}
