import type { Conn } from "../core/conn.ts";
import { encodeReply, type Reply } from "./reply.ts";

/** Replies that may wait for their write; a client that pipelines more of them is held back by it. */
const GATHERED_REPLIES = 64;

/** What reading gave: octets, the end of the stream, or the news that the server drains. */
export type Read = Uint8Array | null | "draining";

/** A connection seen from the session: replies gathered into one write, reads that the drain can end. */
export class Link implements Disposable {
  readonly conn: Conn;
  readonly #draining: AbortSignal;
  readonly #onDrain = () => this.#wake?.("draining");
  #wake: ((what: Read) => void) | undefined;
  #replies: Uint8Array[] = [];

  constructor(conn: Conn, draining: AbortSignal) {
    this.conn = conn;
    this.#draining = draining;
    draining.addEventListener("abort", this.#onDrain, { once: true });
  }

  /** Adds a reply to the batch. A promise when the batch is full and must go out first. */
  put(what: Reply): Promise<void> | undefined {
    this.#replies.push(encodeReply(what));
    return this.#replies.length >= GATHERED_REPLIES ? this.flush() : undefined;
  }

  /** Sends the batch, in one write. */
  async flush(): Promise<void> {
    if (this.#replies.length === 0) return;
    const batch = this.#replies;
    this.#replies = [];
    await this.conn.write(batch);
  }

  /**
   * Reads. With `wakeable` a drain ends the wait; then nothing may be read any more.
   *
   * @throws ConnError
   */
  async read(timeout: number, wakeable: boolean): Promise<Read> {
    if (!wakeable) return await this.conn.read(timeout);
    if (this.#draining.aborted) return "draining";
    const read = this.conn.read(timeout);
    try {
      // No Promise.race with one promise per connection: each race would leave a reaction behind on it.
      return await new Promise<Read>((resolve, reject) => {
        this.#wake = resolve;
        read.then(resolve, reject);
      });
    } finally {
      this.#wake = undefined;
    }
  }

  /** Stops listening for the drain. */
  [Symbol.dispose](): void {
    this.#draining.removeEventListener("abort", this.#onDrain);
  }
}
