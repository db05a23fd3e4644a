/** A message that comes in: parsed while it streams, small ones kept in memory, large ones staged. */
import type { BlobId } from "../core/brands.ts";
import type { Draft, StagedMessage } from "../core/store.ts";
import { MessageParser } from "../mime/mod.ts";
import type { StoreContext } from "./context.ts";
import { asUnavailable } from "./failures.ts";
import { keepBuffer, takeBuffer } from "./buffers.ts";
import { derive, dropBlob, Message } from "./message.ts";
import { call } from "./pg/door.ts";
import { stageOctets, touchStaged } from "./sql/deliver.ts";
import { relaxCommit } from "./sql/relax.ts";
import { newBlobId } from "./uuid.ts";

/** The store's own Draft. */
export class StoreDraft implements Draft {
  readonly #context: StoreContext;
  readonly #blob: BlobId;
  readonly #parser = new MessageParser();
  #buffer: Uint8Array | undefined;
  /** The first chunk, whole, while nothing was sent: a message of up to two chunks needs no staging. */
  #first: Uint8Array | undefined;
  /** A chunk's buffer whose octets have arrived: two buffers serve a message of any size. */
  #spare: Uint8Array | undefined;
  #filled = 0;
  #size = 0;
  #chunks = 0;
  /** The chunk on its way to the database: one at a time, so at most two chunks are in memory. */
  #sending: Promise<void> | undefined;
  #failure: unknown;
  #state: "open" | "finished" | "dropped" = "open";

  /** `aside`: nothing waits in memory once the message is whole. */
  constructor(context: StoreContext, readonly aside = false) {
    this.#context = context;
    this.#blob = newBlobId(context.world);
  }

  get size(): number {
    return this.#size;
  }

  write(octets: Uint8Array): Promise<void> | undefined {
    if (this.#state !== "open") throw new Error("Cannot write to a draft that has ended");
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    if (this.#size + octets.length > this.#context.limits.messageOctets) {
      throw new RangeError(`Cannot take more than ${this.#context.limits.messageOctets} octets a message`);
    }
    this.#parser.push(octets);
    this.#size += octets.length;
    const room = this.#context.limits.chunkOctets - this.#filled;
    if (octets.length <= room) {
      this.#keep(octets);
      return undefined;
    }
    return this.#keepAndSend(octets);
  }

  async finish(): Promise<StagedMessage> {
    if (this.#state !== "open") throw new Error("Cannot finish a draft that has ended");
    const derived = derive(this.#parser.finish());
    let pieces: Uint8Array[] | undefined;
    if (this.#chunks === 0 && !(this.aside && this.#size > 0)) {
      pieces = this.#first === undefined ? [] : [this.#first];
      if (this.#filled > 0 || pieces.length === 0) pieces.push(this.#rest());
    } else {
      await this.#sendAll();
      await this.#sent();
      if (this.#spare !== undefined) keepBuffer(this.#spare, this.#context.limits.chunkOctets);
    }
    this.#buffer = this.#first = this.#spare = undefined;
    this.#state = "finished";
    return new Message(this.#context, this.#blob, this.#size, pieces, derived);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#state !== "open") return;
    this.#state = "dropped";
    this.#buffer = this.#first = this.#spare = undefined;
    if (this.#chunks === 0) return;
    await this.#sending;
    await dropBlob(this.#context, this.#blob);
  }

  /** Copies octets that fit into the chunk. */
  #keep(octets: Uint8Array): void {
    const needed = this.#filled + octets.length;
    if (this.#buffer === undefined || this.#buffer.length < needed) {
      const grown = this.#larger(needed);
      if (this.#buffer !== undefined) {
        grown.set(this.#buffer.subarray(0, this.#filled));
        keepBuffer(this.#buffer, this.#context.limits.chunkOctets);
      }
      this.#buffer = grown;
    }
    this.#buffer.set(octets, this.#filled);
    this.#filled = needed;
  }

  /** A buffer for so many octets; once a chunk was sent always a whole chunk's. */
  #larger(needed: number): Uint8Array {
    const { chunkOctets } = this.#context.limits;
    if (this.#chunks === 0) return takeBuffer(needed, chunkOctets);
    const buffer = this.#spare ?? takeBuffer(chunkOctets, chunkOctets);
    this.#spare = undefined;
    return buffer;
  }

  /** What is in the buffer. */
  #rest(): Uint8Array {
    return this.#buffer?.subarray(0, this.#filled) ?? new Uint8Array(0);
  }

  async #keepAndSend(octets: Uint8Array): Promise<void> {
    // The caller's octets are its own again only when this resolves: no copy beside the chunk's is needed.
    for (let at = 0; at < octets.length;) {
      const room = this.#context.limits.chunkOctets - this.#filled;
      if (room === 0) {
        if (this.#chunks === 0 && this.#first === undefined) {
          this.#first = this.#buffer;
          this.#buffer = undefined;
          this.#filled = 0;
        } else await this.#sendAll();
        continue;
      }
      const piece = octets.subarray(at, at + room);
      this.#keep(piece);
      at += piece.length;
    }
  }

  /** Puts what is held on its way. */
  async #sendAll(): Promise<void> {
    const first = this.#first;
    this.#first = undefined;
    if (first !== undefined) await this.#send(first, first.length);
    const buffer = this.#buffer, filled = this.#filled;
    if (buffer === undefined || filled === 0) return;
    this.#buffer = undefined;
    this.#filled = 0;
    await this.#send(buffer, filled);
  }

  /** Puts a chunk on its way, once the one before it has arrived. */
  async #send(buffer: Uint8Array, filled: number): Promise<void> {
    await this.#sent();
    const octets = buffer.subarray(0, filled), seq = this.#chunks++;
    // The delivery's own commit puts what was staged before it on disk: it need not happen once for each chunk.
    this.#sending = this.#context.door
      .run(call(relaxCommit), call(touchStaged, this.#blob), call(stageOctets, this.#blob, seq, octets))
      .then(() => {
        if (buffer.length === this.#context.limits.chunkOctets) this.#spare = buffer;
      }, (thrown) => {
        this.#failure = asUnavailable(thrown);
      });
  }

  async #sent(): Promise<void> {
    await this.#sending;
    if (this.#failure !== undefined) throw this.#failure;
  }
}
