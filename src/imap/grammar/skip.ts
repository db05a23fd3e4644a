import { Held } from "./held.ts";
import { LITERAL_HEAD, literalHead } from "./literal_head.ts";

/** Octets of a skipped line that can matter: a literal's head and CRLF. */
const KEPT = LITERAL_HEAD + 2;

/**
 * Skips what is left of a refused command: to the line's end, and past every non-synchronizing literal that
 * ends a line, for the client sends these anyway (RFC 7888 §4). In constant memory.
 */
export class Skip {
  readonly #tail = new Held();
  #literal = 0;
  #budget = 0;
  #isDone = true;

  /** True once the command is over. */
  get isDone(): boolean {
    return this.#isDone;
  }

  /** True when the command goes on beyond the budget. */
  get isTooMuch(): boolean {
    return this.#budget < 0;
  }

  /** Begins in the middle of a line, whose octets so far end with `tail`. `budget`: octets. */
  line(tail: Uint8Array, budget: number): void {
    this.#tail.clear();
    this.#tail.add(tail.slice(-KEPT));
    this.#literal = 0;
    this.#budget = budget;
    this.#isDone = false;
  }

  /** Begins before a literal. `budget`: octets that may follow it. */
  literal(size: number, budget: number): void {
    this.line(NO_OCTETS, budget);
    this.#literal = size;
  }

  /** Takes octets of the chunk from `at`; gives how many were skipped. */
  take(chunk: Uint8Array, at: number): number {
    if (this.#literal > 0) {
      const count = Math.min(this.#literal, chunk.length - at);
      this.#literal -= count;
      return count;
    }
    const end = chunk.indexOf(0x0a, at) + 1;
    const piece = chunk.subarray(at, end === 0 ? chunk.length : end);
    const kept = this.#tail.octets.slice(-KEPT);
    this.#tail.clear();
    this.#tail.add(kept);
    this.#tail.add(piece.subarray(-KEPT));
    this.#budget -= piece.length;
    if (end > 0) this.#lineEnd();
    return piece.length;
  }

  #lineEnd(): void {
    const octets = this.#tail.octets;
    const end = octets.length - (octets[octets.length - 2] === 0x0d ? 2 : 1);
    const head = literalHead(octets, 0, end);
    this.#tail.clear();
    if (head?.nonSync !== true) {
      this.#isDone = true;
      return;
    }
    this.#budget -= head.size;
    this.#literal = head.size;
  }
}

const NO_OCTETS = new Uint8Array(0);
