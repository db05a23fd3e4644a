/** An IMAP client in the server's process that takes answers as they come and keeps none of them. */
import { type Conn, ConnError, type Endpoint, type TlsInfo } from "../../src/core/conn.ts";
import type { MailStore } from "../../src/core/store.ts";
import { serveImap } from "../../src/imap/mod.ts";
import { testServices } from "../../tests/support/imap_transcript.ts";

const TLS: TlsInfo = {
  version: "TLSv1.3",
  cipher: "TLS_AES_128_GCM_SHA256",
  serverName: undefined,
  protocol: undefined,
  serverEndPoint: undefined,
  exporter: undefined,
};

const encoder = new TextEncoder(), decoder = new TextDecoder();

/** Octets of an answer that are kept: more than its last line has. */
const KEPT = 4000;

/** One session. */
export class LargeClient implements AsyncDisposable {
  selected = false;
  #count = 0;
  #toServer: Uint8Array[] = [];
  #wakeServer: (() => void) | undefined;
  #octets = 0;
  /** The last octets of the answer: enough for its last line. */
  #tail = "";
  #wake: (() => void) | undefined;
  #ended = false;
  #served: Promise<void> = Promise.resolve();

  /** Logs in as the account with the large mailbox. */
  static async open(store: MailStore): Promise<LargeClient> {
    const client = new LargeClient();
    client.#served = serveImap(client.#conn(), testServices(store));
    await client.run('LOGIN alice "open sesame"');
    return client;
  }

  /** Runs a command; its time is from its octets to its tagged answer. */
  async run(
    command: string,
  ): Promise<{ readonly ms: number; readonly octets: number; readonly answer: string }> {
    const tag = `t${++this.#count}`;
    this.#octets = 0;
    this.#tail = "";
    const began = performance.now();
    this.#toServer.push(encoder.encode(`${tag} ${command}\r\n`));
    this.#wakeServer?.();
    const done = new RegExp(`(?:^|\\n)(${tag} (OK|NO|BAD) [^\\r\\n]*)\\r\\n$`);
    for (;;) {
      const match = done.exec(this.#tail);
      if (match !== null) {
        const ms = performance.now() - began;
        if (command.startsWith("SELECT")) this.selected = match[2] === "OK";
        if (command === "UNSELECT") this.selected = false;
        return { ms, octets: this.#octets, answer: match[1]! };
      }
      if (this.#ended) throw new Error(`the connection ended at ${command}`);
      await new Promise<void>((resolve) => this.#wake = resolve);
    }
  }

  /** Goes away. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#ended = true;
    this.#wakeServer?.();
    await this.#served;
  }

  #conn(): Conn {
    const here: Endpoint = { address: "127.0.0.1", port: 0 };
    return {
      id: "large",
      remote: here,
      local: here,
      tls: TLS,
      read: async () => {
        while (this.#toServer.length === 0 && !this.#ended) {
          await new Promise<void>((resolve) => this.#wakeServer = resolve);
        }
        return this.#toServer.shift() ?? null;
      },
      write: (octets) => {
        if (this.#ended) return Promise.reject(new ConnError("closed", "the client went away"));
        const parts = octets instanceof Uint8Array ? [octets] : octets;
        for (const part of parts) this.#octets += part.length;
        const last = parts.slice(-4).map((part) => decoder.decode(part.subarray(-KEPT))).join("");
        this.#tail = (this.#tail + last).slice(-KEPT);
        this.#wake?.();
        // As a socket does it: the next one after the event loop had its turn.
        return new Promise((resolve) => setTimeout(resolve, 0));
      },
      buffered: 0,
      startTls: () => Promise.reject(new ConnError("tls", "not here")),
      close: () => Promise.resolve(),
      destroy: () => {},
      [Symbol.asyncDispose]: () => Promise.resolve(),
    };
  }
}
