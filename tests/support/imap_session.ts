/** IMAP sessions without a socket, over any store, for tests that look at answers line by line. */
import { assert } from "@std/assert";
import type { MailStore } from "../../src/core/store.ts";
import { type ImapSessionLimits, serveImap } from "../../src/imap/mod.ts";
import { MemoryClient, MemoryConn } from "./imap_conn.ts";
import { testServices } from "./imap_transcript.ts";

const encoder = new TextEncoder();

/** One session. Dispose it as a client does that goes away without a word. */
export class TestSession implements AsyncDisposable {
  #count = 0;

  private constructor(
    readonly client: MemoryClient,
    readonly bugs: readonly string[],
    readonly served: Promise<void>,
  ) {}

  /** Logs in and runs some commands, which must succeed. */
  static async open(
    store: MailStore,
    options: { readonly user?: string; readonly limits?: ImapSessionLimits } = {},
    ...commands: readonly string[]
  ): Promise<TestSession> {
    const conn = new MemoryConn(true), bugs: string[] = [];
    const served = serveImap(conn, testServices(store, { ...options, bugs }));
    const session = new TestSession(new MemoryClient(conn), bugs, served);
    await session.client.line();
    await session.good(`LOGIN ${options.user ?? "alice"} "open sesame"`);
    for (const command of commands) await session.good(command);
    return session;
  }

  /** Sends a command; gives all lines up to its completion, without the tag. */
  async run(command: string): Promise<readonly string[]> {
    const tag = `t${++this.#count}`;
    this.client.send(encoder.encode(`${tag} ${command}\r\n`));
    const lines: string[] = [];
    for (;;) {
      const line = await this.client.line();
      assert(line !== null, `the connection ended at ${command}: ${this.bugs.join()}`);
      if (line.startsWith(`${tag} `)) return [...lines, line.slice(tag.length + 1)];
      lines.push(line);
    }
  }

  /** Sends octets as they are. */
  send(text: string): void {
    this.client.send(encoder.encode(text));
  }

  /** The untagged lines of a command that must succeed. */
  async good(command: string): Promise<readonly string[]> {
    const lines = await this.run(command);
    assert(lines.at(-1)!.startsWith("OK"), `${command}: ${lines.at(-1)}`);
    return lines.slice(0, -1);
  }

  /** Lines that come by themselves, up to one that starts so. */
  async until(start: string): Promise<readonly string[]> {
    const lines: string[] = [];
    for (;;) {
      const line = await this.client.line();
      assert(line !== null, "the connection ended");
      lines.push(line);
      if (line.startsWith(start)) return lines;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.client.conn.toServer.end();
    await this.served;
    assert(this.bugs.length === 0, this.bugs.join("\n"));
  }
}
