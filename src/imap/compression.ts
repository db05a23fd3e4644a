/** A connection under DEFLATE (RFC 4978, RFC 1951): what goes through it is compressed on the wire. */
import { constants, createDeflateRaw, createInflateRaw } from "node:zlib";
import { type Conn, ConnError, type Endpoint, type TlsInfo } from "../core/conn.ts";

/** Octets that are inflated at a time: they become at most 1032 times as many. */
const STEP = 16_384;
/** Octets that may come out whatever went in, and how many times as many as went in beyond that. */
const FREE = 1_048_576, RATIO = 200;
/** Of zlib's working memory: 5 takes 16 KiB for 8's 128, and compresses mail a few hundredths worse. */
const MEMORY_LEVEL = 5;

/** Compresses both directions of a connection that is up. Dispose it to give zlib's memory back. */
export class CompressedConn implements Conn, Disposable {
  readonly #deflate = createDeflateRaw({ memLevel: MEMORY_LEVEL });
  readonly #inflate = createInflateRaw({ chunkSize: STEP });
  #raw: Uint8Array = new Uint8Array(0);
  readonly #inflated: Uint8Array[] = [];
  #deflated: Uint8Array[] = [];
  #in = 0;
  #out = 0;
  #disposed = false;
  #failure: ConnError | undefined;
  /** Ends the step that runs. */
  #settle: (() => void) | undefined;
  /** Writes one after another. */
  #writing: Promise<void> = Promise.resolve();

  constructor(readonly inner: Conn) {
    this.#inflate.on("data", (octets: Uint8Array) => this.#arrived(octets));
    for (const stream of [this.#inflate, this.#deflate]) {
      stream.on("error", (error: Error) => this.#fail(`Cannot go on compressed: ${error.message}`));
    }
    this.#deflate.on("data", (octets: Uint8Array) => this.#deflated.push(octets));
  }

  get id(): string {
    return this.inner.id;
  }

  get remote(): Endpoint {
    return this.inner.remote;
  }

  get local(): Endpoint {
    return this.inner.local;
  }

  get tls(): TlsInfo | undefined {
    return this.inner.tls;
  }

  get buffered(): number {
    return this.inner.buffered + this.#raw.length +
      this.#inflated.reduce((sum, { length }) => sum + length, 0);
  }

  async read(timeoutMs: number): Promise<Uint8Array | null> {
    for (;;) {
      const ready = this.#inflated.shift();
      if (ready !== undefined) return ready;
      if (this.#failure !== undefined) throw this.#failure;
      if (this.#raw.length === 0) {
        const octets = await this.inner.read(timeoutMs);
        if (octets === null) return null;
        this.#raw = octets;
      }
      const step = this.#raw.subarray(0, STEP);
      this.#raw = this.#raw.subarray(step.length);
      this.#in += step.length;
      await this.#step((done) => this.#inflate.write(step, done));
    }
  }

  write(octets: Uint8Array | readonly Uint8Array[]): Promise<void> {
    const parts = octets instanceof Uint8Array ? [octets] : octets;
    const written = this.#writing.then(() => this.#send(parts));
    this.#writing = written.catch(() => {});
    return written;
  }

  startTls(): Promise<void> {
    return Promise.reject(new ConnError("tls", "TLS cannot begin under compression"));
  }

  async close(): Promise<void> {
    await this.#writing;
    this[Symbol.dispose]();
    await this.inner.close();
  }

  destroy(): void {
    this[Symbol.dispose]();
    this.inner.destroy();
  }

  [Symbol.dispose](): void {
    if (this.#disposed) return;
    this.#disposed = true;
    this.#fail("The connection is closed");
    this.#inflate.destroy();
    this.#deflate.destroy();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #send(parts: readonly Uint8Array[]): Promise<void> {
    for (const part of parts) {
      if (part.length > 0) await this.#through((done) => this.#deflate.write(part, done));
    }
    // RFC 4978 §3: the peer must be able to read all of it now.
    await this.#through((done) => this.#deflate.flush(constants.Z_SYNC_FLUSH, () => done()));
    const deflated = this.#deflated;
    this.#deflated = [];
    await this.inner.write(deflated);
  }

  #through(work: (done: (error?: Error | null) => void) => void): Promise<void> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    return new Promise((resolve, reject) => {
      work((error) => error ? reject(this.#failure ?? error) : resolve());
    });
  }

  /** Ends with its work or with a failure, of which zlib does not always tell both. */
  #step(work: (done: () => void) => void): Promise<void> {
    return new Promise((resolve) => {
      this.#settle = resolve;
      work(resolve);
    });
  }

  #arrived(octets: Uint8Array): void {
    this.#out += octets.length;
    if (this.#out > FREE && this.#out > this.#in * RATIO) {
      // Nothing that a client has to say repeats itself so much: it is meant to fill our memory.
      this.#inflated.length = 0;
      return this.#fail("Compressed input that grows without end");
    }
    if (this.#failure === undefined) this.#inflated.push(octets);
  }

  #fail(message: string): void {
    this.#failure ??= new ConnError("reset", message);
    this.#settle?.();
  }
}
