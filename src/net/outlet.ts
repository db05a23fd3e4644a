import { Buffer } from "node:buffer";
import type { Socket } from "node:net";
import type { ConnError } from "../core/conn.ts";
import type { NetLimits } from "./limits.ts";
import { BULK, BULKY } from "./turns.ts";

/** The answer to a write that waits for nobody, shared. */
const SENT: Promise<void> = Promise.resolve();

const NOTHING = new Uint8Array(0);

interface Waiter {
  /** The count of `#sent` at which all of its octets are gone. */
  readonly upTo: number;
  readonly resolve: () => void;
  readonly reject: (why: ConnError) => void;
}

/**
 * The writing half of a connection: octets in order, one piece in the runtime's hands at a time, so that
 * it can be seen whether the peer takes anything. What waits while a piece is under way goes out together.
 */
export class Outlet {
  #stream: Socket;
  readonly #limits: NetLimits;
  readonly #progress: (busy: boolean) => void;
  #queue: Uint8Array[] = [];
  /** Index of the first entry of `#queue` that is not sent: shifting an array costs its length. */
  #head = 0;
  #accepted = 0;
  #sent = 0;
  #inFlight = 0;
  #paused = false;
  /** A large piece waits until it is our turn. */
  #queued = false;
  #waiters: Waiter[] = [];
  #broken: ConnError | undefined;

  readonly #onSent = (error?: Error | null): void => this.#done(error);
  readonly #onTurn = (): void => {
    this.#queued = false;
    if (this.#inFlight === 0) this.#send();
  };

  /** @param progress told when a piece is handed over (`true`) and when nothing waits any more (`false`) */
  constructor(stream: Socket, limits: NetLimits, progress: (busy: boolean) => void) {
    this.#stream = stream;
    this.#limits = limits;
    this.#progress = progress;
  }

  /** Octets that wait for the peer. */
  get waiting(): number {
    return this.#accepted - this.#sent;
  }

  /**
   * Sends octets. Resolves when the buffers may be used again: at once for small writes, which are copied
   * while fewer than `outputBuffer` octets wait; otherwise when the kernel has them all.
   */
  write(octets: Uint8Array | readonly Uint8Array[]): Promise<void> {
    if (this.#broken !== undefined) return Promise.reject(this.#broken);
    let total = 0;
    if (octets instanceof Uint8Array) total = octets.length;
    else for (const part of octets) total += part.length;
    if (total === 0) return SENT;
    const copy = total <= this.#limits.smallWrite && this.waiting + total <= this.#limits.outputBuffer;
    if (copy) this.#queue.push(gather(octets, total));
    else if (octets instanceof Uint8Array) this.#queue.push(octets);
    else for (const part of octets) if (part.length > 0) this.#queue.push(part);
    this.#accepted += total;
    if (this.#inFlight === 0) this.#pump();
    return copy ? SENT : this.flushed();
  }

  /** Resolves when nothing waits. */
  flushed(): Promise<void> {
    if (this.#broken !== undefined) return Promise.reject(this.#broken);
    if (this.waiting === 0) return SENT;
    return new Promise((resolve, reject) => this.#waiters.push({ upTo: this.#accepted, resolve, reject }));
  }

  /** Nothing more can be sent: what waits is dropped, and who waits is told. */
  break(why: ConnError): void {
    if (this.#broken !== undefined) return;
    this.#broken = why;
    this.#queue = [];
    this.#head = 0;
    const waiters = this.#waiters;
    this.#waiters = [];
    for (const waiter of waiters) waiter.reject(why);
  }

  /** Keeps new octets until `attach`; call after `flushed`. */
  detach(): void {
    this.#paused = true;
  }

  /** Sends over another stream from now on. */
  attach(stream: Socket): void {
    this.#stream = stream;
    this.#paused = false;
    if (this.#inFlight === 0) this.#pump();
  }

  /** Sends the next piece now, or where it is large and others send as much, in a turn to come. */
  #pump(): void {
    if (this.#queued) return;
    if (this.waiting <= BULKY || this.#paused) return this.#send();
    if (BULK.take(Math.min(this.waiting, this.#limits.writePiece), this.#onTurn)) this.#send();
    else this.#queued = true;
  }

  /** Hands the next piece to the runtime: whole chunks where they fit, one writev. */
  #send(): void {
    if (this.#head === this.#queue.length || this.#paused) return;
    const room = this.#limits.writePiece;
    const first = this.#queue[this.#head]!;
    this.#progress(true);
    if (first.length >= room || this.#head + 1 === this.#queue.length) {
      const piece = first.length > room ? first.subarray(0, room) : first;
      this.#inFlight = piece.length;
      if (piece === first) this.#take();
      else this.#queue[this.#head] = first.subarray(room);
      this.#stream.write(piece, this.#onSent);
      return;
    }
    this.#stream.cork();
    let left = room;
    for (;;) {
      const piece = this.#take();
      left -= piece.length;
      const next = this.#queue[this.#head];
      if (next === undefined || next.length > left) {
        this.#inFlight = room - left;
        this.#stream.write(piece, this.#onSent);
        break;
      }
      this.#stream.write(piece);
    }
    this.#stream.uncork();
  }

  #take(): Uint8Array {
    const chunk = this.#queue[this.#head]!;
    this.#queue[this.#head++] = NOTHING; // what was sent is not kept alive
    if (this.#head === this.#queue.length) {
      this.#queue = [];
      this.#head = 0;
    } else if (this.#head === 1024) {
      this.#queue = this.#queue.slice(1024);
      this.#head = 0;
    }
    return chunk;
  }

  #done(error?: Error | null): void {
    // The stream reports the error itself, to the connection, which then breaks both halves.
    if (error || this.#broken !== undefined) return;
    this.#sent += this.#inFlight;
    this.#inFlight = 0;
    this.#pump();
    if (this.#inFlight === 0) this.#progress(false);
    let told = 0;
    for (const waiter of this.#waiters) {
      if (waiter.upTo > this.#sent) break;
      waiter.resolve();
      told++;
    }
    if (told > 0) this.#waiters.splice(0, told);
  }
}

/** One buffer of one's own; small ones come from the runtime's pool. */
function gather(octets: Uint8Array | readonly Uint8Array[], total: number): Uint8Array {
  const copy = Buffer.allocUnsafe(total);
  if (octets instanceof Uint8Array) {
    copy.set(octets);
    return copy;
  }
  let at = 0;
  for (const part of octets) {
    copy.set(part, at);
    at += part.length;
  }
  return copy;
}
