const NOTHING = new Uint8Array(0);

/** The header block that is being received: a view on the chunk where it came in one piece, else a copy. */
export class HeaderBlock {
  /** Where, in the current chunk, octets of the block begin that are not kept yet. */
  from = 0;
  /** True when the block that was taken last was longer than the limit. */
  truncated = false;
  readonly #limit: number;
  #kept = NOTHING;
  #length = 0;

  /** @param limit Octets of a block that are kept; the rest is passed over. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** A block begins at the index `from` of the current chunk. */
  begin(from: number): void {
    this.#length = 0;
    this.from = from;
  }

  /** The chunk ends inside the block: keeps what of it belongs to the block. */
  keep(chunk: Uint8Array): void {
    this.#append(chunk, chunk.length);
  }

  /** Ends the block after `size` octets; the answer is valid until the next chunk. */
  take(chunk: Uint8Array, size: number): Uint8Array {
    this.truncated = size > this.#limit;
    const wanted = Math.min(size, this.#limit);
    if (this.#length === 0) return chunk.subarray(this.from, this.from + wanted);
    if (this.#length < wanted) this.#append(chunk, this.from + wanted - this.#length);
    return this.#kept.subarray(0, wanted);
  }

  #append(chunk: Uint8Array, end: number): void {
    const piece = chunk.subarray(this.from, Math.min(end, this.from + this.#limit - this.#length));
    const length = this.#length + piece.length;
    if (length > this.#kept.length) {
      const larger = new Uint8Array(Math.min(this.#limit, Math.max(4096, length, this.#kept.length * 2)));
      larger.set(this.#kept.subarray(0, this.#length));
      this.#kept = larger;
    }
    this.#kept.set(piece, this.#length);
    this.#length = length;
  }
}
