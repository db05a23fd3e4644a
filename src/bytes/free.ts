/** Memory that is given back at once: the collector lets 64 MiB of buffers lie about before it looks. */

/** Fewer octets are left to the collector: giving them back by hand costs more than it saves. */
const FREED_FROM = 8192;
/** What may stand around octets in their buffer, e.g. a message's head, for the buffer to be theirs. */
const MARGIN = 64;

/**
 * Gives back the memory of octets that nobody will look at any more; every view on their buffer is empty
 * afterwards. Does nothing where they are few, or only a part of a buffer that others may use.
 */
export function free(octets: Uint8Array): void {
  if (octets.length < FREED_FROM || octets.buffer.byteLength - octets.length > MARGIN) return;
  if (octets.buffer instanceof ArrayBuffer) octets.buffer.transfer(0);
}
