/** IMAP sessions of alice and bob over a real store: the protocol in this process, PostgreSQL behind it. */
import { IMAP_LIMITS, type ImapSessionLimits, serveImap } from "../../src/imap/mod.ts";
import { type Bench, bench } from "../store/support.ts";
import { MemoryClient, MemoryConn } from "../support/imap_conn.ts";
import { testServices } from "../support/imap_transcript.ts";

/** A session that is logged in. */
export interface ImapClient {
  /** Sends a command, without its tag, and gives all lines up to its tagged answer, whose tag is left out. */
  run(command: string): Promise<readonly string[]>;
  /** The same for octets, which follow the tag as they are. */
  send(octets: Uint8Array): Promise<readonly string[]>;
}

/** Both accounts on one database. */
export interface ImapBench extends AsyncDisposable {
  readonly bench: Bench;
  /** What went wrong inside; a test ends with none. */
  readonly bugs: readonly string[];
  client(user?: "alice" | "bob"): Promise<ImapClient>;
}

const encoder = new TextEncoder();

/** Makes one; alice is the first account of the bench, bob the second. */
export async function imapBench(
  options: Parameters<typeof bench>[1] = {},
  session: Partial<ImapSessionLimits> = {},
): Promise<ImapBench> {
  const limits = { ...IMAP_LIMITS, authDelayMs: 0, badDelayMs: 0, ...session };
  const store = await bench(2, options);
  const bugs: string[] = [];
  const conns: MemoryConn[] = [], served: Promise<void>[] = [];
  return {
    bench: store,
    bugs,
    async client(user = "alice") {
      const conn = new MemoryConn(true);
      conns.push(conn);
      served.push(serveImap(conn, testServices(store.store, { bugs, limits })));
      const client = new MemoryClient(conn);
      await client.line();
      let count = 0;
      const send = async (octets: Uint8Array) => {
        const tag = `t${++count}`;
        client.send(encoder.encode(`${tag} `));
        client.send(octets);
        const lines: string[] = [];
        for (;;) {
          const line = await client.line();
          if (line === null) return [...lines, "(closed)"];
          if (line.startsWith(`${tag} `)) return [...lines, line.slice(tag.length + 1)];
          lines.push(line);
        }
      };
      const run = (command: string) => send(encoder.encode(`${command}\r\n`));
      await run(`LOGIN ${user} "open sesame"`);
      return { run, send };
    },
    async [Symbol.asyncDispose]() {
      for (const conn of conns) conn.toServer.end();
      await Promise.all(served);
      await store[Symbol.asyncDispose]();
    },
  };
}
