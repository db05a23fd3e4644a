/** What the attacks share: a server, connections that do as they like, and eyes on its memory. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { connect as tlsConnect, type TLSSocket } from "node:tls";
import { createConnection, type Socket } from "node:net";
import { events, imap, messages, processTree, read, runs, send } from "../node/support.ts";
import { startServer, type TestServer } from "../support/server.ts";

/** The user who is attacked, and the one who attacks where that needs an account. */
export const OWNER = "owner@example.test", OTHER = "other@example.test";

/** Octets of a text, one a character. */
export function latin1(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(text, (char) => char.charCodeAt(0));
}

/** A server with both accounts; this machine's address has no limits of its own. */
export function attacked(settings: readonly string[] = []): Promise<TestServer> {
  return startServer({
    settings: ["auth.allow_plaintext=true", "limits.exempt=[127.0.0.0/8]", ...settings],
    accounts: [OWNER, OTHER],
  });
}

/** A connection that is written to whatever comes back, and whose answers are all kept. */
export class Raw implements Disposable {
  #text = "";
  #over = false;
  #wake: (() => void)[] = [];

  private constructor(readonly socket: Socket | TLSSocket) {
    socket.on("data", (octets: Uint8Array) => {
      this.#text += new TextDecoder("latin1").decode(octets);
      this.#tell();
    });
    // A server that hangs up on an attacker is right to.
    socket.on("error", () => {});
    socket.on("close", () => {
      this.#over = true;
      this.#tell();
    });
  }

  static async connect(port: number): Promise<Raw> {
    const socket = createConnection({ host: "127.0.0.1", port });
    await new Promise<void>((done, fail) => {
      socket.once("connect", () => done());
      socket.once("error", fail);
    });
    return new Raw(socket);
  }

  /** All that has come. */
  get text(): string {
    return this.#text;
  }

  /** True once the server has closed. */
  get over(): boolean {
    return this.#over;
  }

  send(what: string | Uint8Array): void {
    this.socket.write(typeof what === "string" ? latin1(what) : what);
  }

  /** Waits for an answer behind what was there before; gives all that has come. @throws Error after a minute. */
  async until(wanted: RegExp, from = 0): Promise<string> {
    const late = Date.now() + 60_000;
    while (!wanted.test(this.#text.slice(from))) {
      if (this.#over) throw new Error(`closed without ${wanted}: ${this.#text.slice(from).slice(-300)}`);
      if (Date.now() > late) {
        throw new Error(`no ${wanted} within a minute: ${this.#text.slice(from).slice(-300)}`);
      }
      await this.#news();
    }
    return this.#text.slice(from);
  }

  /** Sends a command and waits for its answer; gives what came since. */
  async ask(what: string, wanted: RegExp): Promise<string> {
    const from = this.#text.length;
    this.send(what);
    return await this.until(wanted, from);
  }

  /** Waits until the server has closed; gives all that came. @throws Error after a minute. */
  async end(): Promise<string> {
    const late = Date.now() + 60_000;
    while (!this.#over) {
      if (Date.now() > late) throw new Error(`still open after a minute: ${this.#text.slice(-300)}`);
      await this.#news();
    }
    return this.#text;
  }

  /** The same connection under TLS. */
  async tls(): Promise<Raw> {
    this.socket.removeAllListeners("data");
    const secure = tlsConnect({ socket: this.socket, rejectUnauthorized: false });
    await new Promise<void>((done, fail) => {
      secure.once("secureConnect", () => done());
      secure.once("error", fail);
      secure.once("close", () => fail(new Error("closed in the handshake")));
    });
    return new Raw(secure);
  }

  [Symbol.dispose](): void {
    this.socket.destroy();
  }

  #news(): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, 1_000);
      this.#wake.push(() => {
        clearTimeout(timer);
        resolve();
      });
    });
  }

  #tell(): void {
    for (const wake of this.#wake.splice(0)) wake();
  }
}

/** A raw IMAP connection that is logged in. */
export async function rawImap(server: TestServer, user = OWNER): Promise<Raw> {
  const raw = await Raw.connect(server.ports.imap);
  await raw.until(/^\* OK/);
  await raw.ask(`l LOGIN ${user} correct-horse-battery\r\n`, /^l OK/m);
  return raw;
}

/** Resident memory of the server's processes in MiB, PostgreSQL left out. */
export function residentMib(server: TestServer): number {
  return processTree(server.pid).reduce((sum, pid) => {
    return sum + Number(/^VmRSS:\s+(\d+)/m.exec(read(`/proc/${pid}/status`))?.[1] ?? 0) / 1024;
  }, 0);
}

/** Runs an attack and fails when the server's memory ever grew by more than `mib`. */
export async function within(server: TestServer, mib: number, attack: () => Promise<void>): Promise<void> {
  const before = residentMib(server);
  let most = before;
  const watch = setInterval(() => most = Math.max(most, residentMib(server)), 50);
  try {
    await attack();
  } finally {
    clearInterval(watch);
  }
  const growth = Math.round(Math.max(most, residentMib(server)) - before);
  assert(growth <= mib, `memory grew by ${growth} MiB; ${mib} are allowed`);
}

/** The server lives, serves, and found no bug in itself. */
export async function assertUnharmed(server: TestServer): Promise<void> {
  assertEquals(runs(server.pid), true);
  assertMatch(await send(server, OWNER), /^250 /);
  await using client = await imap(server.ports.imap, OWNER);
  await client.exchange("z STATUS INBOX (MESSAGES)", /^z OK/);
  assert(await messages(server, OWNER) > 0);
  const bad = events(server).filter(({ event }) => event === "bug" || event === "node.worker.died");
  assertEquals(bad, []);
}
