/** A next hop made up for tests: an SMTP or LMTP server that does as it is told, and records what it was sent. */
import { latin1 } from "../../src/bytes/ascii.ts";
import type { Conn } from "../../src/core/conn.ts";
import { listen, type Listener, type TlsContextHolder } from "../../src/net/mod.ts";

/** What a hop does instead of a reply. */
export type Act =
  /** These octets, as they are. */
  | string
  /** Nothing more, ever; the connection stays. */
  | "(silence)"
  /** Closes in order. */
  | "(close)"
  /** Sends lines of one reply for as long as somebody reads. */
  | "(endless)";

/** A message that the hop took. */
export interface Taken {
  readonly mail: string;
  readonly rcpt: readonly string[];
  /** As it came: with DATA the stuffed octets with the final dot, with BDAT the chunks put together. */
  readonly octets: string;
  readonly via: "DATA" | "BDAT";
}

/** How a hop behaves. */
export interface HopRules {
  /** EHLO keywords. */
  readonly offers?: readonly string[];
  readonly lmtp?: boolean;
  readonly certificates?: TlsContextHolder;
  readonly implicit?: boolean;
  /** `host:port`; a free port of 127.0.0.1 when left out. */
  readonly address?: string;
  /**
   * The act for a verb (`GREETING`, `EHLO`, `MAIL`, `RCPT`, `DATA`, `END` …) and its line; undefined: what a good
   * server replies.
   */
  readonly act?: (verb: string, line: string, hop: NextHop) => Act | undefined;
}

/** The running hop. */
export class NextHop implements AsyncDisposable {
  readonly commands: string[] = [];
  readonly taken: Taken[] = [];
  connections = 0;
  #listener!: Listener;

  private constructor(readonly rules: HopRules) {}

  static async start(rules: HopRules = {}): Promise<NextHop> {
    const hop = new NextHop(rules);
    hop.#listener = await listen(
      {
        name: "hop",
        address: rules.address ?? "127.0.0.1:0",
        tls: rules.certificates === undefined ? "none" : rules.implicit === true ? "implicit" : "starttls",
        ...(rules.certificates === undefined ? {} : { certificates: rules.certificates }),
        exempt: ["127.0.0.0/8"],
        handler: (conn) => hop.#serve(conn).catch(() => conn.destroy()),
      } as Parameters<typeof listen>[0],
    );
    return hop;
  }

  get port(): number {
    return this.#listener.address.port;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#listener.close();
    this.#listener.destroy();
    await this.#listener.drained();
  }

  async #serve(conn: Conn): Promise<void> {
    this.connections++;
    const input = new Input(conn);
    const { lmtp = false, offers = [] } = this.rules;
    let mail = "", rcpt: string[] = [], chunks = "";
    const say = async (verb: string, line: string, good: string): Promise<boolean> => {
      const act = this.rules.act?.(verb, line, this) ?? good;
      if (act === "(silence)") {
        await conn.read(60_000).catch(() => null);
        return false;
      }
      if (act === "(close)") {
        await conn.close();
        return false;
      }
      if (act === "(endless)") {
        for (;;) await conn.write(bytes("250-and so on\r\n".repeat(100)));
      }
      await conn.write(bytes(act));
      if (/^\d21 /.test(act)) await conn.close();
      return act === good || /^[23]/.test(act);
    };
    const took = async (octets: string, via: Taken["via"]) => {
      this.taken.push({ mail, rcpt, octets, via });
      let alive = true;
      for (const one of lmtp ? rcpt : [rcpt[0] ?? ""]) alive = await say("END", one, "250 2.0.0 taken\r\n");
      mail = "";
      rcpt = [];
      chunks = "";
      return alive;
    };
    await say("GREETING", "", "220 hop.test ESMTP\r\n");
    for (let line = await input.line(); line !== undefined; line = await input.line()) {
      this.commands.push(line);
      const verb = line.split(" ")[0]!.toUpperCase();
      switch (verb) {
        case "EHLO":
        case "LHLO": {
          const words = ["hop.test", ...offers];
          const good = words.map((word, i) => `250${i + 1 < words.length ? "-" : " "}${word}\r\n`).join("");
          await say(verb, line, verb === "LHLO" === lmtp ? good : "500 5.5.1 what\r\n");
          break;
        }
        case "MAIL":
          if (await say(verb, line, "250 2.1.0 ok\r\n")) mail = line;
          break;
        case "RCPT":
          if (await say(verb, line, "250 2.1.5 ok\r\n")) rcpt.push(line);
          break;
        case "DATA":
          if (await say(verb, line, rcpt.length > 0 ? "354 go\r\n" : "503 5.5.1 no recipients\r\n")) {
            if (rcpt.length > 0) await took(await input.data(), "DATA");
          }
          break;
        case "BDAT": {
          const [, size, last] = line.split(" ");
          chunks += await input.take(Number(size));
          if (last === undefined) await say(verb, line, "250 2.0.0 go on\r\n");
          else await took(chunks, "BDAT");
          break;
        }
        case "STARTTLS":
          if (await say(verb, line, "220 2.0.0 go\r\n")) {
            await conn.startTls();
            mail = "";
          }
          break;
        case "RSET":
          mail = "";
          rcpt = [];
          chunks = "";
          await say(verb, line, "250 2.0.0 ok\r\n");
          break;
        case "QUIT":
          await say(verb, line, "221 2.0.0 bye\r\n");
          return;
        default:
          await say(verb, line, "502 5.5.1 no\r\n");
      }
    }
    await conn.close();
  }
}

/** Lines and octets of a connection, as latin1. */
class Input {
  #held = "";

  constructor(private readonly conn: Conn) {}

  async line(): Promise<string | undefined> {
    for (;;) {
      const end = this.#held.indexOf("\r\n");
      if (end >= 0) {
        const line = this.#held.slice(0, end);
        this.#held = this.#held.slice(end + 2);
        return line;
      }
      if (!await this.#more()) return undefined;
    }
  }

  async data(): Promise<string> {
    for (;;) {
      const end = this.#held.startsWith(".\r\n") ? 0 : this.#held.indexOf("\r\n.\r\n") + 2;
      if (this.#held.startsWith(".\r\n") || end > 1) {
        const all = this.#held.slice(0, end + 3);
        this.#held = this.#held.slice(end + 3);
        return all;
      }
      if (!await this.#more()) throw new Error("the message broke off");
    }
  }

  async take(count: number): Promise<string> {
    while (this.#held.length < count) if (!await this.#more()) throw new Error("the chunk broke off");
    const taken = this.#held.slice(0, count);
    this.#held = this.#held.slice(count);
    return taken;
  }

  async #more(): Promise<boolean> {
    const chunk = await this.conn.read(60_000);
    if (chunk === null) return false;
    this.#held += latin1(chunk);
    return true;
  }
}

function bytes(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}
