/** How many connections to a destination are wise: learned from how it answers. */
import type { QueueLimits } from "./limits.ts";

/**
 * Grows by one for each full round of successes, is halved by a failure that was not a recipient's: a destination
 * that takes mail gets more at once, one that is in trouble is left in peace.
 */
export class Window {
  readonly #limits: Pick<QueueLimits, "concurrencyFirst" | "concurrencyMost">;
  #size: number;
  #failures = 0;
  #proven = false;

  constructor(limits: Pick<QueueLimits, "concurrencyFirst" | "concurrencyMost">) {
    this.#limits = limits;
    this.#size = Math.min(limits.concurrencyFirst, limits.concurrencyMost);
  }

  /** Connections at once. */
  get size(): number {
    return Math.max(1, Math.floor(this.#size));
  }

  /** Failures since the last success. */
  get failures(): number {
    return this.#failures;
  }

  /** True once it took something, until it fails again. */
  get proven(): boolean {
    return this.#proven;
  }

  succeeded(): void {
    this.#failures = 0;
    this.#proven = true;
    this.#size = Math.min(this.#limits.concurrencyMost, this.#size + 1 / this.#size);
  }

  failed(): void {
    this.#failures++;
    this.#proven = false;
    this.#size = Math.max(1, this.#size / 2);
  }
}
