/**
 * Buffers that are used again and again: making a typed array takes longer than writing an envelope into it.
 * Nothing in this folder waits, so that one of each is enough.
 */

/** Octets of the buffer that is kept; larger ones go. */
const KEPT = 65_536;
let spare: Uint8Array | undefined;

/** A buffer with anything in it, for whoever gives it back with `giveBack`. */
export function borrow(): Uint8Array {
  const buffer = spare ?? new Uint8Array(4096);
  spare = undefined;
  return buffer;
}

/** Gives a borrowed buffer back, or the larger one that took its place. */
export function giveBack(buffer: Uint8Array): void {
  if (buffer.length <= KEPT) spare = buffer;
}

/** Octets of a slab: some messages' worth. Whoever keeps one of its pieces keeps all of it in memory. */
const SLAB = 16_384;
/** Larger copies get a buffer of their own. */
const PIECE = 2048;
let slab = new Uint8Array(0);
let used = 0;

/** A copy of `octets[0..length)` that nobody else writes to. */
export function copyOf(octets: Uint8Array, length: number = octets.length): Uint8Array {
  if (length > PIECE) return octets.slice(0, length);
  if (length > slab.length - used) {
    slab = new Uint8Array(SLAB);
    used = 0;
  }
  const start = used;
  used += length;
  slab.set(octets.subarray(0, length), start);
  return slab.subarray(start, used);
}
