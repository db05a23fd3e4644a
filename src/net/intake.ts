import type { Socket } from "node:net";
import { free } from "../bytes/free.ts";
import { ConnError } from "../core/conn.ts";
import { hold, release, unbuffered } from "./flow.ts";
import { BULK, BULKY } from "./turns.ts";

/**
 * The reading half of a connection: chunks as the runtime gives them (at most 64 KiB), handed to whoever
 * asks. One chunk is read ahead while the last one is being worked on; then the network is held until
 * somebody asks again. Nothing is read before the first time.
 */
export class Intake {
  #stream: Socket;
  #raw: Socket;
  #held: Uint8Array[] = [];
  #heldOctets = 0;
  #flowing = false;
  /** Set while the network is held until it is our turn; another one when the stream is. */
  #gate: symbol | undefined;
  #ended = false;
  #broken: ConnError | undefined;
  #resolve: ((chunk: Uint8Array | null) => void) | undefined;
  #reject: ((why: ConnError) => void) | undefined;
  #discardLimit: number | undefined;
  #full: () => void = () => {};

  /** What `next` gave last. */
  #given: Uint8Array | undefined;

  readonly #onData = (chunk: Uint8Array): void => this.#data(chunk);
  readonly #onEnd = (): void => this.#end();

  /**
   * @param stream paused, with nobody reading it yet
   * @param frees a chunk's memory is given back when the next one is asked for
   */
  constructor(stream: Socket, readonly frees = false) {
    this.#stream = this.#raw = stream;
    this.#listen();
  }

  /** Octets that came and were not read. */
  get buffered(): number {
    return this.#heldOctets + this.#stream.readableLength;
  }

  /** True once the peer has closed its end and everything was read. */
  get ended(): boolean {
    return this.#ended && this.#heldOctets === 0;
  }

  /** True while a `next` is not answered. */
  get waiting(): boolean {
    return this.#resolve !== undefined;
  }

  /** The next chunk, as soon as there is one; `null` at the end of the stream. */
  next(): Promise<Uint8Array | null> {
    if (this.#resolve !== undefined) {
      return Promise.reject(new TypeError("Cannot read: another read of this connection is waiting"));
    }
    if (this.frees && this.#given !== undefined) free(this.#given);
    this.#given = undefined;
    const chunk = this.#held.shift();
    if (chunk !== undefined) {
      this.#given = chunk;
      this.#heldOctets -= chunk.length;
      // Reads ahead while the caller works on this one.
      if (this.#held.length === 0) this.#release();
      return Promise.resolve(chunk);
    }
    if (this.#ended) return Promise.resolve(null);
    if (this.#broken !== undefined) return Promise.reject(this.#broken);
    return new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
      this.#release();
    });
  }

  /** Ends the waiting `next` with an error; the stream goes on, and a later `next` gets what came. */
  cancel(why: ConnError): void {
    const reject = this.#reject;
    this.#resolve = this.#reject = undefined;
    reject?.(why);
  }

  /** Nothing more will come, and not because the peer ended. What is held may still be read. */
  break(why: ConnError): void {
    if (this.#broken !== undefined) return;
    this.#broken = why;
    this.cancel(why);
  }

  /** Puts octets back in front of everything else. */
  unread(octets: Uint8Array): void {
    if (octets.length === 0) return;
    // They are a part of what was given last.
    this.#given = undefined;
    this.#held.unshift(octets);
    this.#heldOctets += octets.length;
  }

  /** Forgets what is held and drops what comes; `full` is called after `limit` octets. */
  discard(limit: number, full: () => void): void {
    this.#held = [];
    this.#heldOctets = 0;
    this.#discardLimit = limit;
    this.#full = full;
    if (!this.#ended) this.#release();
  }

  /**
   * Lets go of the stream: it stands still, and what is held is given back to it, so that the next reader
   * of the stream finds every octet in order.
   */
  detach(): void {
    this.#stream.off("data", this.#onData);
    this.#stream.off("end", this.#onEnd);
    this.#gate = undefined;
    hold(this.#stream, this.#raw);
    this.#flowing = false;
    for (let i = this.#held.length - 1; i >= 0; i--) this.#stream.unshift(this.#held[i]);
    this.#held = [];
    this.#heldOctets = 0;
  }

  /** Reads from another stream from now on: TLS over `raw`. */
  attach(stream: Socket, raw: Socket): void {
    this.#stream = stream;
    this.#raw = raw;
    this.#listen();
    hold(stream, raw);
    this.#flowing = false;
  }

  #listen(): void {
    unbuffered(this.#stream);
    // A listener for data sets a fresh stream flowing unless it was paused before.
    this.#stream.pause();
    this.#stream.on("data", this.#onData);
    this.#stream.on("end", this.#onEnd);
  }

  #release(): void {
    if (this.#flowing || this.#gate !== undefined || this.#ended || this.#broken !== undefined) return;
    this.#flowing = true;
    release(this.#stream, this.#raw);
  }

  #data(chunk: Uint8Array): void {
    const resolve = this.#resolve;
    if (resolve !== undefined) {
      this.#resolve = this.#reject = undefined;
      this.#given = chunk;
      this.#pace(chunk.length);
      resolve(chunk);
      return;
    }
    if (this.#discardLimit !== undefined) {
      this.#discardLimit -= chunk.length;
      if (this.#discardLimit < 0) this.#full();
      else this.#pace(chunk.length);
      if (this.frees) free(chunk);
      return;
    }
    this.#held.push(chunk);
    this.#heldOctets += chunk.length;
    this.#flowing = false;
    hold(this.#stream, this.#raw);
  }

  /** After a large chunk: what follows it is read in a turn to come, where others read as much. */
  #pace(octets: number): void {
    if (octets <= BULKY || !this.#flowing) return;
    const gate = Symbol();
    const mayGoOn = BULK.take(octets, () => {
      if (this.#gate !== gate) return;
      this.#gate = undefined;
      if (this.#held.length === 0) this.#release();
    });
    if (mayGoOn) return;
    this.#gate = gate;
    this.#flowing = false;
    hold(this.#stream, this.#raw);
  }

  #end(): void {
    this.#ended = true;
    const resolve = this.#resolve;
    this.#resolve = this.#reject = undefined;
    resolve?.(null);
  }
}
