/** A small client connection for load: lines and counted octets, nothing parsed that need not be. */

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** A connection whose answers are read line by line. */
export class LoadConn implements Disposable {
  readonly #conn: Deno.Conn;
  #buffer = new Uint8Array(64 * 1024);
  #start = 0;
  #end = 0;

  private constructor(conn: Deno.Conn) {
    this.#conn = conn;
  }

  /** Connects; `tls` is for ports that begin with TLS, whose certificate `ca` signed. */
  static async open(host: string, port: number): Promise<LoadConn> {
    const conn = await Deno.connect({ hostname: host, port });
    conn.setNoDelay(true);
    return new LoadConn(conn);
  }

  async send(data: string | Uint8Array): Promise<void> {
    let octets = typeof data === "string" ? encoder.encode(data) : data;
    while (octets.length > 0) octets = octets.subarray(await this.#conn.write(octets));
  }

  /** The next line without its CRLF. @throws Error at the end of the stream. */
  async line(): Promise<string> {
    for (;;) {
      const lf = this.#buffer.subarray(this.#start, this.#end).indexOf(10);
      if (lf >= 0) {
        const line = decoder.decode(this.#buffer.subarray(this.#start, this.#start + lf - 1));
        this.#start += lf + 1;
        return line;
      }
      await this.#fill();
    }
  }

  /** Passes over `count` octets. */
  async skip(count: number): Promise<void> {
    while (count > this.#end - this.#start) {
      count -= this.#end - this.#start;
      this.#start = this.#end = 0;
      await this.#fill();
    }
    this.#start += count;
  }

  /** The last line of an SMTP or LMTP reply. @throws Error unless its code begins with `want`. */
  async reply(want: string): Promise<string> {
    for (;;) {
      const line = await this.line();
      if (line[3] === "-") continue;
      if (!line.startsWith(want)) throw new Error(`wanted ${want}, got ${line}`);
      return line;
    }
  }

  /** Reads an IMAP command's answer to its tagged line; literals are counted and passed over. */
  async tagged(tag: string): Promise<{ readonly untagged: string[]; readonly octets: number }> {
    const untagged: string[] = [];
    let octets = 0;
    for (;;) {
      const line = await this.line();
      if (line.startsWith(`${tag} `)) {
        if (!line.startsWith(`${tag} OK`)) throw new Error(line);
        return { untagged, octets };
      }
      if (untagged.length < 100) untagged.push(line);
      octets += line.length + 2;
      if (!line.endsWith("}")) continue;
      const size = Number(line.slice(line.lastIndexOf("{") + 1, -1));
      await this.skip(size);
      octets += size;
    }
  }

  /** Reads a POP3 multi-line answer; gives its octets. */
  async multiline(): Promise<number> {
    const first = await this.line();
    if (!first.startsWith("+OK")) throw new Error(first);
    let octets = 0;
    for (;;) {
      const line = await this.line();
      if (line === ".") return octets;
      octets += line.length + 2;
    }
  }

  [Symbol.dispose](): void {
    try {
      this.#conn.close();
    } catch { /* the server was quicker */ }
  }

  async #fill(): Promise<void> {
    if (this.#start === this.#end) this.#start = this.#end = 0;
    if (this.#end === this.#buffer.length) {
      if (this.#start > 0) this.#buffer.copyWithin(0, this.#start, this.#end);
      else this.#buffer = grown(this.#buffer);
      this.#end -= this.#start;
      this.#start = 0;
    }
    const got = await this.#conn.read(this.#buffer.subarray(this.#end));
    if (got === null) throw new Error("the server closed the connection");
    this.#end += got;
  }
}

function grown(buffer: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  const larger = new Uint8Array(buffer.length * 2);
  larger.set(buffer);
  return larger;
}
