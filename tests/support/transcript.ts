/**
 * Dialogues in Markdown, replayed against a protocol's `serve` function over a connection in memory: in lock
 * step, pipelined, and octet by octet. The octets that come out must be the same each time.
 *
 * A dialogue is a fenced code block; the words behind its language are for the test that runs it. Lines:
 *
 * - `C: text` the client sends the text and CRLF; `c: text` without CRLF.
 *   `\r \n \t \0 \\ \xHH` are escapes; other characters go out as UTF-8.
 * - `S: text` the server sends this line; `*` stands for any characters.
 * - `C*3: text`, `S*3: text` three times the line. `{n}` in it is the number, from 1.
 * - `--` the client waits for the server, in every way of replaying.
 * - `T: word` something happens (the test says what); the client waits before it.
 * - `X: closed` the server has closed the connection.
 * - any other `L: text` line is given to the test as an expectation, in order.
 */
import { type Conn, ConnError, type Endpoint, type TlsInfo } from "../../src/core/conn.ts";
import { assertEquals } from "./assert.ts";

/** One line of a dialogue. */
export interface Line {
  readonly kind: string;
  readonly text: string;
}

/** One code block. */
export interface Dialogue {
  readonly title: string;
  readonly language: string;
  readonly words: readonly string[];
  readonly lines: readonly Line[];
}

/** Reads the dialogues of a Markdown file; `titlePrefix` stands before each title. */
export function readDialogues(markdown: string, language: string): Dialogue[] {
  const dialogues: Dialogue[] = [];
  let title = "", block: { words: string[]; lines: string[] } | undefined;
  const titles = new Map<string, number>();
  for (const line of markdown.split("\n")) {
    if (block === undefined) {
      if (line.startsWith("#")) title = line.replace(/^#+ */, "");
      if (line.startsWith("```" + language)) block = { words: line.slice(3).split(" ").slice(1), lines: [] };
    } else if (line.startsWith("```")) {
      const count = (titles.get(title) ?? 0) + 1;
      titles.set(title, count);
      const name = count === 1 ? title : `${title} (${count})`;
      dialogues.push({ title: name, language, words: block.words, lines: readLines(block.lines.join("\n")) });
      block = undefined;
    } else block.lines.push(line);
  }
  return dialogues;
}

/** Reads the lines of one dialogue. */
export function readLines(text: string): Line[] {
  const lines: Line[] = [];
  for (const line of text.split("\n")) {
    if (line === "") continue;
    if (line === "--") {
      lines.push({ kind: "--", text: "" });
      continue;
    }
    const match = /^([A-Za-z])(?:\*([0-9]+))?:(?: (.*))?$/.exec(line);
    if (match === null) throw new Error(`Cannot read the dialogue line ${JSON.stringify(line)}`);
    const times = match[2] === undefined ? 1 : Number(match[2]);
    for (let n = 1; n <= times; n++) {
      lines.push({ kind: match[1]!, text: (match[3] ?? "").replaceAll("{n}", String(n)) });
    }
  }
  return lines;
}

/** Octets of a client's text with its escapes. */
export function octetsOf(text: string): Uint8Array {
  const out: number[] = [];
  const encoder = new TextEncoder();
  for (let at = 0; at < text.length;) {
    if (text[at] !== "\\") {
      const letter = String.fromCodePoint(text.codePointAt(at)!);
      out.push(...encoder.encode(letter));
      at += letter.length;
      continue;
    }
    const escape = text[at + 1];
    if (escape === "x") {
      out.push(parseInt(text.slice(at + 2, at + 4), 16));
      at += 4;
      continue;
    }
    const index = "rnt0\\".indexOf(escape ?? " ");
    if (index < 0) throw new Error(`Cannot read the escape \\${escape} in ${JSON.stringify(text)}`);
    out.push([13, 10, 9, 0, 92][index]!);
    at += 2;
  }
  return Uint8Array.from(out);
}

/** How the client's octets are cut into reads. */
export type Way = "lock step" | "pipelined" | "octet by octet";
/** All of them. */
export const WAYS: readonly Way[] = ["lock step", "pipelined", "octet by octet"];

/**
 * Replays a dialogue and fails when the server's lines are not the expected ones. `happen` does what a `T:` line
 * asks. Gives the connection, when the server has ended.
 */
export async function replay(
  lines: readonly Line[],
  way: Way,
  conn: MemoryConn,
  serve: (conn: Conn) => Promise<void>,
  happen: (word: string) => void = () => {},
): Promise<MemoryConn> {
  const served = serve(conn);
  const expected: string[] = [];
  let pending: Uint8Array[] = [];
  const send = async () => {
    const octets = concat(pending);
    pending = [];
    if (octets.length > 0) {
      if (way === "octet by octet") {
        for (let at = 0; at < octets.length; at++) conn.feed(octets.slice(at, at + 1));
      } else conn.feed(octets);
    }
    await conn.starved();
  };
  const check = (where: string) => assertLines(conn.lines(), expected, where);
  let last = "";
  for (const { kind, text } of lines) {
    if (kind === "C" || kind === "c") {
      if (way === "lock step" && last === "S") await checkpoint();
      pending.push(octetsOf(text));
      if (kind === "C") pending.push(Uint8Array.of(13, 10));
    } else if (kind === "S") expected.push(text);
    else if (kind === "--") await checkpoint();
    else if (kind === "T") {
      await checkpoint();
      happen(text);
      // What happened may wake the server while it reads: a turn of the event loop for it.
      await new Promise((resolve) => setTimeout(resolve, 0));
    } else if (kind === "X") {
      await checkpoint();
      assertEquals(conn.closed, true, `${way}: the server did not close after ${expected.at(-1)}`);
    }
    last = kind;
  }
  await checkpoint();
  conn.end();
  await served;
  check(`${way}, at the end`);
  assertEquals(conn.closed, true, "the connection was not closed");
  return conn;

  async function checkpoint() {
    await send();
    check(`${way}, after ${JSON.stringify(expected.at(-1))}`);
  }
}

function assertLines(actual: readonly string[], expected: readonly string[], where: string): void {
  const shown = actual.map((line, i) => {
    const want = expected[i];
    return want !== undefined && matches(line, want) ? want : line;
  });
  assertEquals(shown, [...expected], where);
}

/** True when `*` in `pattern` can be filled so that it is `text`. */
export function matches(text: string, pattern: string): boolean {
  const parts = pattern.split("*");
  if (parts.length === 1) return text === pattern;
  if (!text.startsWith(parts[0]!)) return false;
  let at = parts[0]!.length;
  for (const part of parts.slice(1, -1)) {
    const found = text.indexOf(part, at);
    if (found < 0) return false;
    at = found + part.length;
  }
  const tail = parts.at(-1)!;
  return text.length - at >= tail.length && text.endsWith(tail);
}

/** One run of octets out of many. */
export function concat(parts: readonly Uint8Array[]): Uint8Array {
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

/** What TLS looks like on a connection in memory. */
export const MEMORY_TLS: TlsInfo = {
  version: "TLSv1.3",
  cipher: "TLS_AES_128_GCM_SHA256",
  serverName: undefined,
  protocol: undefined,
  serverEndPoint: undefined,
  exporter: undefined,
};

/** The server's end of a connection in memory; the test holds the other. */
export class MemoryConn implements Conn {
  readonly id: string = "t1";
  remote: Endpoint = { address: "192.0.2.7", port: 40000 };
  readonly local: Endpoint = { address: "192.0.2.1", port: 25 };
  tls: TlsInfo | undefined;
  closed = false;
  /** How many writes there were: one for each batch of replies. */
  writes = 0;
  /** What the last `read` would have waited, in milliseconds. */
  lastTimeout = 0;
  readonly #incoming: (Uint8Array | null | ConnError)[] = [];
  /** Index of the next of them: an array that is shifted often is slow. */
  #next = 0;
  #given: Uint8Array | undefined;
  #reader: { resolve(octets: Uint8Array | null): void; reject(error: ConnError): void } | undefined;
  #starving: (() => void)[] = [];
  readonly #sent: Uint8Array[] = [];

  /** The client sends octets: one read of the server's. */
  feed(octets: Uint8Array): void {
    this.#incoming.push(octets);
    this.#pump();
  }

  /** The client closes its side. */
  end(): void {
    this.#incoming.push(null);
    this.#pump();
  }

  /** The server's read fails, e.g. because it took too long. */
  fail(reason: ConnError["reason"]): void {
    this.#incoming.push(new ConnError(reason, `made to fail: ${reason}`));
    this.#pump();
  }

  /** Resolves when the server has read everything and asks for more, or has closed. */
  starved(): Promise<void> {
    if (this.closed || (this.#reader !== undefined && this.#next === this.#incoming.length)) {
      return Promise.resolve();
    }
    return new Promise((resolve) => this.#starving.push(resolve));
  }

  /** Everything that the server sent. */
  get sent(): Uint8Array {
    return concat(this.#sent);
  }

  /** The lines that the server sent; a line without its end shows as such. */
  lines(): string[] {
    const lines = new TextDecoder().decode(this.sent).split("\r\n");
    return lines.at(-1) === "" ? lines.slice(0, -1) : [...lines.slice(0, -1), `${lines.at(-1)}<no CRLF>`];
  }

  read(timeoutMs: number): Promise<Uint8Array | null> {
    if (this.#reader !== undefined) throw new Error("Cannot read twice at a time");
    this.lastTimeout = timeoutMs;
    // What the last read gave is not valid any more: whoever kept a view sees rubbish.
    this.#given?.fill(0x7e);
    this.#given = undefined;
    return new Promise((resolve, reject) => {
      this.#reader = { resolve, reject };
      this.#pump();
    });
  }

  write(octets: Uint8Array | readonly Uint8Array[]): Promise<void> {
    if (this.closed) return Promise.reject(new ConnError("closed", "written after close"));
    this.writes++;
    for (const part of octets instanceof Uint8Array ? [octets] : octets) this.#sent.push(part.slice());
    return Promise.resolve();
  }

  get buffered(): number {
    return this.#incoming.slice(this.#next).reduce(
      (sum, part) => sum + (part instanceof Uint8Array ? part.length : 0),
      0,
    );
  }

  startTls(): Promise<void> {
    this.tls = MEMORY_TLS;
    return Promise.resolve();
  }

  close(): Promise<void> {
    this.closed = true;
    this.#reader?.resolve(null);
    this.#reader = undefined;
    this.#wake();
    return Promise.resolve();
  }

  destroy(): void {
    void this.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #pump(): void {
    if (this.#reader === undefined) return;
    if (this.#next === this.#incoming.length) return this.#wake();
    const next = this.#incoming[this.#next++] ?? null;
    const reader = this.#reader;
    this.#reader = undefined;
    if (next instanceof ConnError) reader.reject(next);
    else {
      this.#given = next?.slice();
      reader.resolve(this.#given ?? null);
    }
  }

  #wake(): void {
    const starving = this.#starving;
    this.#starving = [];
    for (const resolve of starving) resolve();
  }
}
