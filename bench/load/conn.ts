/** A client connection for load: lines, and answers that are counted without being parsed. */

const encoder = new TextEncoder();
const decoder = new TextDecoder();
const LF = 10, STAR = 0x2a, CLOSE = 0x7d, OPEN = 0x7b;

/** An IMAP answer that was counted. */
export interface Counted {
  /** Untagged answers. */
  readonly lines: number;
  readonly octets: number;
}

/** A connection whose answers are read line by line. */
export class LoadConn implements Disposable {
  readonly #conn: Deno.Conn;
  #buffer: Uint8Array<ArrayBuffer>;
  #start = 0;
  #end = 0;

  private constructor(conn: Deno.Conn, buffer: number) {
    this.#conn = conn;
    this.#buffer = new Uint8Array(buffer);
  }

  /** Connects, with so many octets of buffer. */
  static async open(host: string, port: number, buffer = 65_536): Promise<LoadConn> {
    const conn = await Deno.connect({ hostname: host, port });
    conn.setNoDelay(true);
    return new LoadConn(conn, buffer);
  }

  async send(data: string | Uint8Array): Promise<void> {
    let octets = typeof data === "string" ? encoder.encode(data) : data;
    while (octets.length > 0) octets = octets.subarray(await this.#conn.write(octets));
  }

  /** The next line without its CRLF. @throws Error at the end of the stream. */
  async line(): Promise<string> {
    const line = await this.#rawLine();
    return decoder.decode(line.subarray(0, line.length - (line.at(-2) === 13 ? 2 : 1)));
  }

  /** The next `count` octets: a view that is good until the next read. */
  async take(count: number): Promise<Uint8Array> {
    while (this.#end - this.#start < count) await this.#fill(count);
    const octets = this.#buffer.subarray(this.#start, this.#start + count);
    this.#start += count;
    return octets;
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

  /** Reads an IMAP answer to its tagged line and gives its untagged ones, literals left out. @throws Error for NO or BAD. */
  async tagged(tag: string): Promise<readonly string[]> {
    const untagged: string[] = [];
    for (;;) {
      const line = await this.line();
      if (line.startsWith(`${tag} `)) {
        if (!line.startsWith(`${tag} OK`)) throw new Error(line);
        return untagged;
      }
      untagged.push(line);
      const size = /\{(\d+)\}$/.exec(line)?.[1];
      if (size !== undefined) await this.#skip(Number(size));
    }
  }

  /** As `tagged`, but only counts, and so is quick enough for answers of many megabytes. */
  async counted(tag: string): Promise<Counted> {
    let lines = 0, octets = 0, within = false;
    for (;;) {
      const line = await this.#rawLine();
      const last = line[line.length - 3];
      if (!within && line[0] === STAR) lines++;
      else if (!within) {
        const text = decoder.decode(line).trimEnd();
        if (!text.startsWith(`${tag} OK`)) throw new Error(text);
        return { lines, octets };
      }
      octets += line.length;
      within = last === CLOSE && await this.#literal(line, (size) => octets += size);
    }
  }

  /** Reads a POP3 multi-line answer; gives its octets behind the first line, the end left out. */
  async multiline(): Promise<number> {
    const first = await this.line();
    if (!first.startsWith("+OK")) throw new Error(first);
    let octets = 0;
    for (;;) {
      const line = await this.#rawLine();
      if (line.length === 3 && line[0] === 0x2e) return octets;
      octets += line.length - (line[0] === 0x2e ? 1 : 0);
    }
  }

  [Symbol.dispose](): void {
    try {
      this.#conn.close();
    } catch { /* the server was quicker */ }
  }

  /** Passes over the literal that a line announces at its end; false when it announces none. */
  async #literal(line: Uint8Array, count: (size: number) => void): Promise<boolean> {
    const open = line.lastIndexOf(OPEN);
    const digits = open < 0 ? "" : decoder.decode(line.subarray(open + 1, line.length - 3));
    if (!/^\d+$/.test(digits)) return false;
    count(Number(digits));
    await this.#skip(Number(digits));
    return true;
  }

  /** A line with its end: a view that is good until the next read. */
  async #rawLine(): Promise<Uint8Array> {
    let searched = 0;
    for (;;) {
      const at = this.#buffer.subarray(this.#start + searched, this.#end).indexOf(LF);
      if (at >= 0) {
        const line = this.#buffer.subarray(this.#start, this.#start + searched + at + 1);
        this.#start += line.length;
        return line;
      }
      searched = this.#end - this.#start;
      await this.#fill(1);
    }
  }

  async #skip(count: number): Promise<void> {
    while (count > this.#end - this.#start) {
      count -= this.#end - this.#start;
      this.#start = this.#end = 0;
      await this.#fill(1);
    }
    this.#start += count;
  }

  /** Reads on; makes room for `room` octets from where the unread ones begin. */
  async #fill(room: number): Promise<void> {
    if (this.#start === this.#end) this.#start = this.#end = 0;
    if (this.#end === this.#buffer.length || this.#start + room > this.#buffer.length) {
      const unread = this.#buffer.subarray(this.#start, this.#end);
      if (this.#start === 0 || room > this.#buffer.length) {
        const larger = new Uint8Array(Math.max(this.#buffer.length * 2, room));
        larger.set(unread);
        this.#buffer = larger;
      } else this.#buffer.copyWithin(0, this.#start, this.#end);
      this.#end = unread.length;
      this.#start = 0;
    }
    const got = await this.#conn.read(this.#buffer.subarray(this.#end));
    if (got === null) throw new Error("the server closed the connection");
    this.#end += got;
  }
}
