/**
 * Stopping and starting the network side of a stream. The one place that knows of a defect of the runtime
 * (Deno 2.9.6): a paused TLS stream goes on reading its TCP socket and keeps everything in memory, so a peer
 * may send without end; only stopping the TCP socket's own handle holds it back. The TCP stream itself was
 * paused before TLS was put over it and must stay so: were it resumed, it would take octets from under TLS.
 * tests/net/backpressure_test.ts fails when another runtime behaves otherwise.
 */
import type { Socket } from "node:net";

interface Handle {
  readStart(): number;
  readStop(): number;
}

/** The runtime's own object behind a socket; null once the socket is closed. */
function handleOf(socket: Socket): Handle | null {
  return (socket as unknown as { _handle: Handle | null })._handle;
}

/**
 * Makes a stream buffer nothing of its own: a paused stream would otherwise fill itself up to its high-water
 * mark, which the runtime lets nobody set on a server's sockets.
 */
export function unbuffered(stream: Socket): void {
  (stream as unknown as { _readableState: { highWaterMark: number } })._readableState.highWaterMark = 0;
}

/** Stops reading from the network. `raw` is the TCP socket under a TLS stream, or the stream itself. */
export function hold(stream: Socket, raw: Socket): void {
  stream.pause();
  if (raw !== stream) handleOf(raw)?.readStop();
}

/** Reads from the network again. */
export function release(stream: Socket, raw: Socket): void {
  if (raw !== stream) handleOf(raw)?.readStart();
  stream.resume();
}
