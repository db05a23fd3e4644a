/** A client of line protocols for tests against the running server. */

import { latin1 } from "../../src/bytes/ascii.ts";

/** A connection that is written to and read from line by line. */
export class LineClient implements AsyncDisposable {
  readonly #conn: Deno.Conn;
  /** An octet string: TextDecoder's latin1 is windows-1252, which loses octets. */
  #held = "";

  private constructor(conn: Deno.Conn) {
    this.#conn = conn;
  }

  static async connect(port: number): Promise<LineClient> {
    return new LineClient(await Deno.connect({ hostname: "127.0.0.1", port }));
  }

  /** Over a connection that is already open, e.g. a unix socket. */
  static over(conn: Deno.Conn): LineClient {
    return new LineClient(conn);
  }

  /**
   * The first line that matches; those before it are passed over.
   *
   * @throws Error at the end of the stream, and when it does not come within a minute.
   */
  async line(wanted: RegExp): Promise<string> {
    const buffer = new Uint8Array(64 * 1024);
    let passed = "";
    const late = setTimeout(() => this.#conn.close(), 60_000);
    try {
      return await this.#find(wanted, buffer, (line) => passed = line);
    } catch (error) {
      throw new Error(`no answer like ${wanted}; the last one was: ${passed}`, { cause: error });
    } finally {
      clearTimeout(late);
    }
  }

  async #find(
    wanted: RegExp,
    buffer: Uint8Array<ArrayBuffer>,
    pass: (line: string) => void,
  ): Promise<string> {
    for (;;) {
      for (let end = this.#held.indexOf("\r\n"); end >= 0; end = this.#held.indexOf("\r\n")) {
        const line = this.#held.slice(0, end);
        this.#held = this.#held.slice(end + 2);
        if (wanted.test(line)) return line;
        pass(line);
      }
      const count = await this.#conn.read(buffer);
      if (count === null) throw new Error("the server closed the connection");
      this.#held += latin1(buffer, 0, count);
    }
  }

  /** Sends octets. */
  async send(octets: Uint8Array): Promise<void> {
    for (let at = 0; at < octets.length;) at += await this.#conn.write(octets.subarray(at));
  }

  /** Sends a line and waits for the answer. */
  async exchange(line: string, wanted: RegExp): Promise<string> {
    await this.send(new TextEncoder().encode(`${line}\r\n`));
    return await this.line(wanted);
  }

  /** The next octets, in pieces that are valid until the next one. */
  async octets(count: number, take: (piece: Uint8Array) => void): Promise<void> {
    const held = this.#held.slice(0, count);
    this.#held = this.#held.slice(held.length);
    take(Uint8Array.from(held, (char) => char.charCodeAt(0)));
    const buffer = new Uint8Array(256 * 1024);
    for (let left = count - held.length; left > 0;) {
      const got = await this.#conn.read(buffer.subarray(0, Math.min(left, buffer.length)));
      if (got === null) throw new Error(`the server closed the connection ${left} octets too early`);
      take(buffer.subarray(0, got));
      left -= got;
    }
  }

  /** Everything that still comes until the server closes. */
  async rest(): Promise<string> {
    const buffer = new Uint8Array(64 * 1024);
    for (;;) {
      const count = await this.#conn.read(buffer).catch(() => null);
      if (count === null) return this.#held;
      this.#held += latin1(buffer, 0, count);
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    try {
      this.#conn.close();
    } catch { /* closed when an answer did not come */ }
    return Promise.resolve();
  }
}
