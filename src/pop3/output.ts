import type { Conn } from "../core/conn.ts";

const encoder = new TextEncoder();

/** Characters of a listing encoded in one go. */
const LISTING_BATCH = 8192;

/** Replies on their way to a connection: short ones are gathered, so that a pipeline is answered in one write. */
export class Output {
  #parts: Uint8Array[] = [];
  #size = 0;

  constructor(private readonly conn: Conn, private readonly gather: number) {}

  /** Queues a text; waits only once enough is gathered. */
  async text(text: string): Promise<void> {
    this.#queue(encoder.encode(text));
    if (this.#size >= this.gather) await this.flush();
  }

  /** Queues octets that stay as they are until the next `flush`, and flushes once enough is gathered. */
  async octets(octets: Uint8Array): Promise<void> {
    if (octets.length === 0) return;
    this.#queue(octets);
    if (this.#size >= this.gather) await this.flush();
  }

  /** Sends a multi-line answer; the client's pace is ours. */
  async lines(first: string, lines: Iterable<string>): Promise<void> {
    let batch = first;
    for (const line of lines) {
      batch += `${line}\r\n`;
      if (batch.length >= LISTING_BATCH) {
        await this.text(batch);
        batch = "";
      }
    }
    await this.text(`${batch}.\r\n`);
  }

  /**
   * Sends what is gathered, waiting for a slow client.
   *
   * @throws ConnError when the connection is broken or stalled.
   */
  async flush(): Promise<void> {
    if (this.#size === 0) return;
    const parts = this.#parts;
    this.#parts = [];
    this.#size = 0;
    await this.conn.write(parts);
  }

  #queue(octets: Uint8Array): void {
    this.#parts.push(octets);
    this.#size += octets.length;
  }
}
