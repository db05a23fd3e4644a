/** An in-memory connection for protocol tests: what the test writes the server reads, and the other way round. */
import { type Conn, ConnError, type Endpoint, type TlsInfo } from "../../src/core/conn.ts";

const TLS: TlsInfo = {
  version: "TLSv1.3",
  cipher: "TLS_AES_128_GCM_SHA256",
  serverName: "mail.example.test",
  protocol: undefined,
  serverEndPoint: undefined,
  exporter: undefined,
};

/** One direction: chunks that wait, and whoever waits for one. */
class Pipe {
  readonly chunks: Uint8Array[] = [];
  ended = false;
  #wake: (() => void) | undefined;

  push(octets: Uint8Array): void {
    if (octets.length > 0) this.chunks.push(octets.slice());
    this.#wake?.();
  }

  end(): void {
    this.ended = true;
    this.#wake?.();
  }

  /** The next chunk, null at the end, undefined when nothing came in time. */
  async take(timeoutMs: number): Promise<Uint8Array | null | undefined> {
    if (this.chunks.length === 0 && !this.ended) {
      const { promise, resolve } = Promise.withResolvers<void>();
      const timer = setTimeout(resolve, Math.min(timeoutMs, 2 ** 31 - 1));
      this.#wake = resolve;
      await promise;
      clearTimeout(timer);
      this.#wake = undefined;
    }
    const next = this.chunks.shift();
    return next ?? (this.ended ? null : undefined);
  }
}

/** The server's end. */
export class MemoryConn implements Conn {
  readonly id = "test";
  readonly remote: Endpoint = { address: "192.0.2.1", port: 40000 };
  readonly local: Endpoint = { address: "192.0.2.2", port: 143 };
  tls: TlsInfo | undefined;
  readonly toServer = new Pipe();
  readonly toClient = new Pipe();
  /** How many times the server wrote. */
  writes = 0;

  constructor(encrypted: boolean) {
    this.tls = encrypted ? TLS : undefined;
  }

  async read(timeoutMs: number): Promise<Uint8Array | null> {
    const octets = await this.toServer.take(timeoutMs);
    if (octets === undefined) throw new ConnError("timeout", "nothing came in time");
    return octets;
  }

  write(octets: Uint8Array | readonly Uint8Array[]): Promise<void> {
    if (this.toClient.ended) return Promise.reject(new ConnError("closed", "the connection is closed"));
    this.writes++;
    for (const part of octets instanceof Uint8Array ? [octets] : octets) this.toClient.push(part);
    return Promise.resolve();
  }

  get buffered(): number {
    return this.toServer.chunks.reduce((sum, chunk) => sum + chunk.length, 0);
  }

  startTls(): Promise<void> {
    this.toServer.chunks.length = 0;
    this.tls = TLS;
    return Promise.resolve();
  }

  close(): Promise<void> {
    this.toClient.end();
    this.toServer.end();
    return Promise.resolve();
  }

  destroy(): void {
    this.toClient.end();
    this.toServer.end();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

/** The client's end: writes octets, reads lines. */
export class MemoryClient {
  #held: Uint8Array = new Uint8Array(0);
  /** What came behind `#held` without a line's end. */
  readonly #more: Uint8Array[] = [];

  constructor(readonly conn: MemoryConn) {}

  /** Sends octets whole, or in pieces of `size`. */
  send(octets: Uint8Array, size = octets.length): void {
    for (let at = 0; at < octets.length; at += size) {
      this.conn.toServer.push(octets.subarray(at, at + size));
    }
  }

  /** The next line without its CRLF as latin1; null at the end of the stream. Rejects after 30 s. */
  async line(): Promise<string | null> {
    for (;;) {
      const end = this.#crlf();
      if (end >= 0) {
        const line = text(this.#held.subarray(0, end));
        this.#held = this.#held.subarray(end + 2);
        return line;
      }
      const more = await this.conn.toClient.take(30_000);
      if (more === undefined) throw new Error(`Cannot read a line: only ${JSON.stringify(text(this.#held))}`);
      if (more === null) this.#join();
      if (more === null) return this.#held.length === 0 ? null : this.#rest();
      this.#more.push(more);
      if (more.includes(10)) this.#join();
    }
  }

  /** Everything that has arrived and was not read. */
  get unread(): string {
    this.#join();
    return text(this.#held) + this.conn.toClient.chunks.map(text).join("");
  }

  #join(): void {
    const parts = [this.#held, ...this.#more.splice(0)];
    const joined = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
    let at = 0;
    for (const part of parts) {
      joined.set(part, at);
      at += part.length;
    }
    this.#held = joined;
  }

  #rest(): string {
    const rest = text(this.#held);
    this.#held = new Uint8Array(0);
    return rest;
  }

  #crlf(): number {
    let at = -1;
    do at = this.#held.indexOf(13, at + 1); while (at >= 0 && this.#held[at + 1] !== 10);
    return at;
  }
}

function text(octets: Uint8Array): string {
  return new TextDecoder("utf-8").decode(octets);
}
