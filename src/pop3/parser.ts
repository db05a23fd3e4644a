import { fault, NEED, type Step } from "../core/step.ts";

const CR = 0x0d, LF = 0x0a;

/** How long a line may be. */
export interface LineLimits {
  /** Octets with the CRLF. */
  readonly line: number;
  /** Octets of an over-long line that are thrown away before it is fatal. */
  readonly overlong: number;
}

/**
 * Cuts octets into lines that end in CRLF. Items are lines without it.
 *
 * An over-long line is reported once, as soon as it is known to be one, and the next item is the line behind
 * it. A line that ends in a bare LF is reported and thrown away: taken as a line it could smuggle commands,
 * waited on it would hang clients that send nothing else.
 */
export class LineParser {
  #chunk: Uint8Array = new Uint8Array(0);
  #at = 0;
  /** The beginning of a line whose end has not come: a buffer of its own, so that items stay views. */
  #held: Uint8Array<ArrayBuffer> = new Uint8Array(0);
  #heldLength = 0;
  /** Octets of an over-long line thrown away so far; undefined while none is. */
  #skipped: number | undefined;

  constructor(private readonly limits: LineLimits) {}

  /** Octets that are here and not yet given out: what a client pipelined behind the last line. */
  get pending(): number {
    return this.#heldLength + this.#chunk.length - this.#at;
  }

  /** Takes octets; only after `next` has said `need`. */
  push(chunk: Uint8Array): void {
    this.#chunk = chunk;
    this.#at = 0;
  }

  /** The next line, or why there is none. */
  next(): Step<Uint8Array> {
    if (this.#skipped !== undefined) {
      const end = this.#chunk.indexOf(LF, this.#at);
      this.#skipped += (end < 0 ? this.#chunk.length : end) - this.#at;
      if (this.#skipped > this.limits.overlong) return TOO_MUCH;
      this.#at = end < 0 ? this.#chunk.length : end + 1;
      if (end < 0) return NEED;
      this.#skipped = undefined;
    }
    if (this.#at === this.#chunk.length) return NEED;

    const end = this.#chunk.indexOf(LF, this.#at);
    const stop = end < 0 ? this.#chunk.length : end + 1;
    const length = this.#heldLength + stop - this.#at;
    if (length > this.limits.line || (end < 0 && length === this.limits.line)) {
      this.#at += this.limits.line - this.#heldLength;
      this.#heldLength = 0;
      this.#skipped = 0;
      return TOO_LONG;
    }
    if (end < 0) {
      this.#hold(stop);
      return NEED;
    }
    let line: Uint8Array;
    if (this.#heldLength === 0) line = this.#chunk.subarray(this.#at, stop);
    else {
      this.#hold(stop);
      line = this.#held.subarray(0, this.#heldLength);
      this.#held = new Uint8Array(0);
      this.#heldLength = 0;
    }
    this.#at = stop;
    if (line[line.length - 2] !== CR) return BARE_LF;
    return { kind: "item", value: line.subarray(0, -2) };
  }

  /** Copies the chunk up to `stop` behind what is held. */
  #hold(stop: number): void {
    const length = this.#heldLength + stop - this.#at;
    if (length > this.#held.length) {
      const larger = new Uint8Array(Math.min(this.limits.line, Math.max(128, 2 * length)));
      larger.set(this.#held.subarray(0, this.#heldLength));
      this.#held = larger;
    }
    this.#held.set(this.#chunk.subarray(this.#at, stop), this.#heldLength);
    this.#heldLength = length;
    this.#at = stop;
  }
}

const TOO_LONG = fault("line-too-long", "The line is too long");
const TOO_MUCH = fault("line-too-long", "The line does not end", true);
const BARE_LF = fault("bare-lf", "A line ends in CR LF, not in LF alone");
