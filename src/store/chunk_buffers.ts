/**
 * Buffers of whole chunks are used again: a new one is a megabyte to be zeroed, and the collector looks through
 * everything whenever so many of them have come and gone.
 */

/** Buffers that a worker keeps. */
const KEPT = 8;

const kept: Uint8Array<ArrayBuffer>[] = [];

/** A buffer of so many octets; what is in it is left from earlier. */
export function wholeChunk(octets: number): Uint8Array<ArrayBuffer> {
  const buffer = kept.pop();
  return buffer?.length === octets ? buffer : new Uint8Array(octets);
}

/** Keeps the buffer of octets that nobody will look at any more, if it is a whole chunk's and there is room. */
export function keepChunk({ buffer }: Uint8Array, chunkOctets: number): void {
  if (buffer.byteLength !== chunkOctets || kept.length === KEPT || !(buffer instanceof ArrayBuffer)) return;
  kept.push(new Uint8Array(buffer));
}
