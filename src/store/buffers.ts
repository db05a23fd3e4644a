/**
 * Buffers of messages that come in are used again: a new one must be zeroed, and the collector looks through
 * everything whenever so many of them have come and gone.
 */

/** Octets of the buffers that small messages get, one after another; larger ones get a whole chunk's. */
const SIZES: readonly number[] = [8192, 32_768, 131_072];

/** Octets that a worker keeps in buffers of one of these sizes, and in whole chunks. */
const KEPT_SMALL = 1_048_576, KEPT_CHUNKS = 8_388_608;

const kept = new Map<number, Uint8Array<ArrayBuffer>[]>();

/** A buffer for so many octets, of a chunk's size at most; what is in it is left from earlier. */
export function takeBuffer(octets: number, chunkOctets: number): Uint8Array<ArrayBuffer> {
  const fitting = SIZES.find((size) => size >= octets) ?? chunkOctets;
  const size = Math.min(fitting, chunkOctets);
  return kept.get(size)?.pop() ?? new Uint8Array(size);
}

/** Keeps the buffer around octets that nobody will look at any more, if `takeBuffer` made it and there is room. */
export function keepBuffer({ buffer }: Uint8Array, chunkOctets: number): void {
  const size = buffer.byteLength;
  const chunk = size === chunkOctets;
  if (!(buffer instanceof ArrayBuffer) || !(chunk || SIZES.includes(size))) return;
  let list = kept.get(size);
  if (list === undefined) kept.set(size, list = []);
  if ((list.length + 1) * size <= (chunk ? KEPT_CHUNKS : KEPT_SMALL)) list.push(new Uint8Array(buffer));
}
