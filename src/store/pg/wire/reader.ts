/** Cuts the server's stream into messages: type, and a view on the payload. Sans-I/O. */

import { free } from "../../../bytes/free.ts";

/** One message from the server. */
export interface Message {
  /** ASCII letter. */
  readonly type: number;
  /** Without type and length; a view on the chunk, or an own buffer when it is long or spanned chunks. */
  readonly payload: Uint8Array;
}

/** A row may hold a 1 MiB chunk and little more; 64 MiB leaves room for aggregated columns. */
const LONGEST = 64 * 1024 * 1024;

/**
 * Payloads from this length on get a buffer of their own, which can be given back by hand as soon as it was used, and
 * so can the chunk: a copy costs a tenth of what the collector takes to find the memory.
 */
const LONG = 8192;

/** Push chunks, take messages until there is none. */
export class MessageReader {
  #chunk = new Uint8Array(0);
  #at = 0;
  /** A message that spans chunks, being gathered: head first, then the whole. */
  #gathered: Uint8Array | undefined;
  #filled = 0;
  /** A payload is a view on this chunk. */
  #viewed = false;

  /** The chunk is the reader's from now on: its memory is given back once all of it was copied elsewhere. */
  push(chunk: Uint8Array): void {
    if (this.#at < this.#chunk.length) this.#gather(this.#chunk.subarray(this.#at));
    if (!this.#viewed) free(this.#chunk);
    this.#viewed = false;
    // Views on a Buffer of the runtime's take several times as long to make.
    this.#chunk = new Uint8Array(chunk.buffer as ArrayBuffer, chunk.byteOffset, chunk.length);
    this.#at = 0;
  }

  /** @throws RangeError when the stream is not PostgreSQL's. */
  next(): Message | undefined {
    if (this.#gathered !== undefined) return this.#nextGathered();
    const left = this.#chunk.length - this.#at;
    if (left < 5) return undefined;
    const size = messageSize(this.#chunk, this.#at);
    if (left < size) return undefined;
    const start = this.#at;
    this.#at += size;
    const type = this.#chunk[start]!;
    if (size >= LONG) return { type, payload: this.#chunk.slice(start + 5, start + size) };
    this.#viewed = true;
    return { type, payload: this.#chunk.subarray(start + 5, start + size) };
  }

  /** Keeps the rest of a chunk whose message goes on in the next one. */
  #gather(rest: Uint8Array): void {
    const size = rest.length < 5 ? 5 : messageSize(rest, 0);
    this.#gathered = new Uint8Array(size);
    this.#gathered.set(rest);
    this.#filled = rest.length;
  }

  #nextGathered(): Message | undefined {
    let held = this.#gathered!;
    this.#take(held);
    if (this.#filled < held.length) return undefined;
    const size = messageSize(held, 0);
    if (size > held.length) {
      this.#gathered = new Uint8Array(size);
      this.#gathered.set(held);
      held = this.#gathered;
      this.#take(held);
      if (this.#filled < size) return undefined;
    }
    this.#gathered = undefined;
    this.#filled = 0;
    return { type: held[0]!, payload: held.subarray(5) };
  }

  #take(into: Uint8Array): void {
    const part = this.#chunk.subarray(this.#at, this.#at + into.length - this.#filled);
    into.set(part, this.#filled);
    this.#filled += part.length;
    this.#at += part.length;
  }
}

function messageSize(octets: Uint8Array, at: number): number {
  const size = octets[at + 1]! * 0x100_0000 +
    (octets[at + 2]! << 16 | octets[at + 3]! << 8 | octets[at + 4]!);
  if (size < 4 || size > LONGEST) {
    throw new RangeError(`Cannot read a message of ${size} octets from PostgreSQL`);
  }
  return size + 1;
}
