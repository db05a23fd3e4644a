import { Buffer } from "node:buffer";
import { traceKey } from "./trace_key.ts";

/** What a step brings along: a member of TraceStep each, beside what it is found by. */
export interface PageRow {
  readonly firstAt: number;
  readonly lastAt: number;
  /** Hashes of the names in it. */
  readonly keys: readonly number[];
  /** A JSON array of the steps, in UTF-8. */
  readonly steps: Uint8Array;
  readonly count: number;
}

const START = 16_384;
const OPEN = 0x5b, CLOSE = 0x5d, COMMA = 0x2c;

/**
 * Steps on their way into a row, as octets from the first moment: objects that live until the page is written
 * would be copied by the garbage collector twice over, which cost more than all the rest of the trace.
 */
export class TracePage {
  #text = Buffer.allocUnsafeSlow(START);
  #length = 0;
  #keys = new Set<number>();
  #count = 0;
  #firstAt = 0;
  #lastAt = 0;

  /** Steps in it. */
  get count(): number {
    return this.#count;
  }

  /** Octets in it. */
  get length(): number {
    return this.#length;
  }

  /** Adds a step. @param at milliseconds since 1970 @param names what it is found by */
  add(step: unknown, at: number, names: readonly string[]): void {
    const text = JSON.stringify(step);
    // UTF-8 takes at most three octets for a UTF-16 unit; two more for what is between and behind steps.
    this.#reserve(text.length * 3 + 2);
    this.#text[this.#length++] = this.#count === 0 ? OPEN : COMMA;
    this.#length += this.#text.write(text, this.#length, "utf8");
    for (const name of names) this.#keys.add(traceKey(name));
    if (this.#count++ === 0) this.#firstAt = at;
    this.#lastAt = at;
  }

  /** What is in it, which is empty afterwards; the octets are good until the next `add`. */
  take(): PageRow {
    this.#text[this.#length++] = CLOSE;
    const row = {
      firstAt: this.#firstAt,
      lastAt: this.#lastAt,
      keys: [...this.#keys],
      steps: this.#text.subarray(0, this.#length),
      count: this.#count,
    };
    this.#length = this.#count = 0;
    this.#keys.clear();
    return row;
  }

  #reserve(octets: number): void {
    if (this.#length + octets <= this.#text.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(this.#text.length * 2, this.#length + octets));
    larger.set(this.#text.subarray(0, this.#length));
    this.#text = larger;
  }
}
