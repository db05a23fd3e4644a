import type { Server, Socket } from "node:net";
import { type Conn, ConnError, type Endpoint } from "../core/conn.ts";
import { type Emit, emitBug, silent } from "../core/events.ts";
import { type Address, canonicalAddress, formatAddress, Networks, parseAddress } from "./address.ts";
import { bind } from "./bind.ts";
import { type AddressBook, type BookRefusal, LocalAddressBook } from "./book.ts";
import "./events.ts";
import { type BeginTls, serverTls } from "./handshake.ts";
import { nextId } from "./ids.ts";
import { type ConnectionBudget, type NetLimits, netLimits } from "./limits.ts";
import { readProxyHeader } from "./proxied.ts";
import type { TlsContextHolder } from "./tls.ts";
import { Transport } from "./transport.ts";
import { suspectExhaustion, watch } from "./watchdog.ts";

/** Why a connection is refused before its protocol begins. */
export type Refusal = BookRefusal | "max-connections";

/** What to listen on, for whom, and what a connection may cost. */
export interface ListenOptions {
  /** Stands in events; the address when left out. */
  readonly name?: string;
  /** `host:port`, `[v6]:port`, `*:port` or `unix:/path`; port 0 takes a free one. May be left out with `fd`. */
  readonly address?: string;
  /** An inherited listening socket (systemd). It cannot be bound anew after descriptor exhaustion. */
  readonly fd?: number;
  /** `starttls`: `Conn.startTls` works · `implicit`: connections reach the handler with TLS up. */
  readonly tls: "none" | "starttls" | "implicit";
  /** Needed unless `tls` is `none`. */
  readonly certificates?: TlsContextHolder;
  /** RFC 7301 names of the protocol, e.g. `imap`; a client that offers only others is refused. */
  readonly alpn?: readonly string[];
  /** Ask clients for a certificate, where the certificates name authorities for those. */
  readonly askClient?: boolean;
  /** Expect a PROXY header, from these networks and from unix sockets only; all others are dropped. */
  readonly proxy?: readonly string[];
  /** Networks that per-address limits do not bind. */
  readonly exempt?: readonly string[];
  readonly limits?: Partial<NetLimits>;
  /** Places that this worker's listeners share; without it only `limits.maxConnections` bounds them. */
  readonly budget?: ConnectionBudget;
  /** Shared counts; an own book when left out. */
  readonly book?: AddressBook;
  /** Several threads bind the same port and the kernel spreads connections. */
  readonly reusePort?: boolean;
  /** Rights of a unix socket's file, e.g. 0o660. */
  readonly mode?: number;
  /** What a refused client is told, e.g. `421 …`; on implicit TLS it is told nothing. */
  readonly refusal?: (reason: Refusal) => Uint8Array;
  readonly emit?: Emit;
  /** Serves one connection to its end and closes it. */
  readonly handler: (conn: Conn) => Promise<void>;
}

/** A bound listener. */
export interface Listener extends AsyncDisposable {
  /** Where it listens, with the real port. */
  readonly address: Endpoint;
  /** Open connections, those being refused left out. */
  readonly connections: number;
  readonly maxConnections: number;
  /** Takes other limits for connections to come; those that are there keep theirs. */
  setLimits(limits: Partial<NetLimits>): void;
  /** Stops accepting; connections go on. Safe to call twice. */
  close(): Promise<void>;
  /** Resolves when no connection is left. */
  drained(): Promise<void>;
  /** Destroys what connections are left. */
  destroy(): void;
}

/**
 * Binds a listener and serves its connections.
 *
 * @throws Error with a `code` of the system (EADDRINUSE, EACCES), TypeError for options that cannot be.
 */
export async function listen(options: ListenOptions): Promise<Listener> {
  const address = options.address === undefined ? undefined : parseAddress(options.address);
  const listener = new NetListener(options, address);
  await listener.start();
  return listener;
}

class NetListener implements Listener {
  readonly #options: ListenOptions;
  #limits: NetLimits;
  readonly #emit: Emit;
  readonly #book: AddressBook;
  readonly #exempt: Networks;
  readonly #proxies: Networks | undefined;
  readonly #beginTls: BeginTls | undefined;
  #where: Address | undefined;
  #server: Server | undefined;
  #address: Endpoint = { address: "", port: 0 };
  #watch: Disposable | undefined;
  #closed = false;
  #recovering = false;
  readonly #open = new Set<Transport>();
  #refusing = 0;
  #onDrained: (() => void)[] = [];

  constructor(options: ListenOptions, where: Address | undefined) {
    this.#options = options;
    this.#where = where;
    this.#limits = netLimits(options.limits);
    this.#emit = options.emit ?? silent;
    this.#book = options.book ?? new LocalAddressBook();
    this.#exempt = new Networks(options.exempt ?? []);
    this.#proxies = options.proxy === undefined ? undefined : new Networks(options.proxy);
    if (options.tls !== "none") {
      if (options.certificates === undefined) throw new TypeError("Cannot listen with TLS: no certificates");
      this.#beginTls = serverTls(options.certificates, options.alpn ?? [], {
        askClient: options.askClient ?? false,
      });
    }
  }

  get address(): Endpoint {
    return this.#address;
  }

  get connections(): number {
    return this.#open.size;
  }

  get maxConnections(): number {
    return this.#limits.maxConnections;
  }

  setLimits(limits: Partial<NetLimits>): void {
    this.#limits = netLimits(limits);
  }

  async start(): Promise<void> {
    await this.#bind(false);
    this.#watch = watch(
      { recover: () => void this.#recover() },
      this.#limits.watchMs,
      this.#limits.spareDescriptors,
    );
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#watch?.[Symbol.dispose]();
    this.#server?.close();
    this.#server = undefined;
    // The runtime lets go of the socket in its next turn.
    await new Promise<void>((resolve) => setTimeout(resolve, 0));
  }

  drained(): Promise<void> {
    if (this.#open.size === 0) return Promise.resolve();
    return new Promise((resolve) => this.#onDrained.push(resolve));
  }

  destroy(): void {
    for (const conn of this.#open) conn.destroy();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
    this.destroy();
    await this.drained();
  }

  async #bind(again: boolean): Promise<void> {
    const { fd, mode } = this.#options;
    const server = await bind({
      ...(this.#where === undefined ? {} : { address: this.#where }),
      ...(fd === undefined ? {} : { fd }),
      ...(mode === undefined ? {} : { mode }),
      backlog: this.#limits.backlog,
      reusePort: this.#options.reusePort ?? false,
    });
    const bound = server.address();
    if (typeof bound === "string") this.#address = { address: bound, port: 0 };
    else if (bound !== null) {
      this.#address = { address: canonicalAddress(bound.address) ?? bound.address, port: bound.port };
      if (this.#where !== undefined && "host" in this.#where) {
        this.#where = { host: this.#where.host, port: bound.port };
      }
    }
    server.on("connection", (socket) => this.#accept(socket));
    server.on("error", (error) => emitBug(this.#emit, `net.listener ${this.#name()}`, error));
    this.#server = server;
    this.#emit("net.listen", { listener: this.#name(), address: formatAddress(this.#address), again });
  }

  #name(): string {
    return this.#options.name ?? this.#options.address ?? `fd ${this.#options.fd}`;
  }

  /** Listens anew after the process was out of descriptors: the old socket accepts nothing any more. */
  async #recover(): Promise<void> {
    if (this.#closed || this.#recovering) return;
    this.#recovering = true;
    try {
      if (this.#where === undefined) throw new Error("an inherited socket cannot be bound anew");
      const old = this.#server;
      this.#server = undefined;
      old?.close();
      await new Promise<void>((resolve) => setTimeout(resolve, 0));
      await this.#bind(true);
    } catch (thrown) {
      const error = thrown instanceof Error ? thrown.message : String(thrown);
      const address = formatAddress(this.#address);
      this.#emit("net.listen.failed", { listener: this.#name(), address, error });
      if (this.#where !== undefined) suspectExhaustion(); // the watchdog tries again
    } finally {
      this.#recovering = false;
      if (this.#closed) this.#server?.close();
    }
  }

  #accept(socket: Socket): void {
    const unix = this.#where !== undefined && "path" in this.#where;
    let remote = this.#address;
    let local = this.#address;
    if (!unix) {
      const peer = canonicalAddress(socket.remoteAddress ?? "");
      if (peer === undefined) return void socket.destroy(); // gone before it was accepted
      socket.setNoDelay(true);
      remote = { address: peer, port: socket.remotePort ?? 0 };
      local = { address: canonicalAddress(socket.localAddress ?? "") ?? "", port: socket.localPort ?? 0 };
    }
    const { budget } = this.#options;
    const place = budget?.take();
    const isFull = this.#open.size >= this.#limits.maxConnections ||
      (budget !== undefined && place === undefined);
    // Behind a proxy the peer's own address comes later.
    const entry = isFull || this.#proxies !== undefined ? undefined : this.#enter(remote);
    const refused = isFull
      ? "max-connections"
      : entry !== undefined && "refused" in entry
      ? entry.refused
      : "";
    if (refused !== "") {
      place?.[Symbol.dispose]();
      return this.#refuse(refused, remote, socket, () => this.#transport(socket, remote, local));
    }
    const conn = this.#transport(socket, remote, local);
    this.#open.add(conn);
    void conn.closed.then(() => {
      place?.[Symbol.dispose]();
      if (entry !== undefined && !("refused" in entry)) entry[Symbol.dispose]();
      this.#gone(conn);
    });
    void this.#serve(conn, unix);
  }

  #transport(socket: Socket, remote: Endpoint, local: Endpoint): Transport {
    const [limits, beginTls] = [this.#limits, this.#beginTls];
    return new Transport(socket, { id: nextId(), remote, local, limits, beginTls, frees: true });
  }

  #gone(conn: Transport): void {
    this.#open.delete(conn);
    if (this.#open.size > 0) return;
    const waiting = this.#onDrained;
    this.#onDrained = [];
    for (const resolve of waiting) resolve();
  }

  async #serve(conn: Transport, unix: boolean): Promise<void> {
    try {
      if (this.#proxies !== undefined) {
        if (!await this.#unwrap(conn, this.#proxies, unix)) return;
        const entry = this.#enter(conn.remote);
        if (entry !== undefined && "refused" in entry) {
          this.#open.delete(conn);
          return this.#refuse(entry.refused, conn.remote, conn, () => conn);
        }
        if (entry !== undefined) void conn.closed.then(() => entry[Symbol.dispose]());
      }
      if (this.#options.tls === "implicit") await conn.startTls();
      await this.#options.handler(conn);
      await conn.close();
    } catch (thrown) {
      if (thrown instanceof ConnError && thrown.reason === "tls") {
        const { id: session, remote } = conn;
        const fields = { listener: this.#name(), session, remote: remote.address, error: thrown.message };
        this.#emit("net.tls.failed", fields);
      } else if (!(thrown instanceof ConnError)) {
        emitBug(this.#emit, `net.handler ${this.#name()}`, thrown, conn.id);
      }
      conn.destroy();
    }
  }

  /** Reads who is behind the proxy; false when the connection is dropped. */
  async #unwrap(conn: Transport, proxies: Networks, unix: boolean): Promise<boolean> {
    const reason = unix || proxies.has(conn.remote.address)
      ? await readProxyHeader(conn, this.#limits.proxyHeaderMs)
      : "not a listed proxy";
    if (reason === undefined) return true;
    this.#emit("net.proxy.refused", { listener: this.#name(), remote: conn.remote.address, reason });
    conn.destroy();
    return false;
  }

  /** Enters a connection in the book of addresses; undefined where the book does not count. */
  #enter({ address, port }: Endpoint): { readonly refused: BookRefusal } | Disposable | undefined {
    if (port === 0 && address.startsWith("/") || address === "" || this.#exempt.has(address)) {
      return undefined;
    }
    return this.#book.enter(address, this.#limits);
  }

  /** Says why, to a few at a time; a flood of others costs no more than the accepting. */
  #refuse(reason: Refusal, remote: Endpoint, socket: Socket | Transport, conn: () => Transport): void {
    this.#emit("net.refused", { listener: this.#name(), remote: remote.address, reason });
    const { refusal, tls } = this.#options;
    if (refusal === undefined || tls === "implicit" || this.#refusing >= this.#limits.refusing) {
      if (!(socket instanceof Transport)) socket.on("error", () => {});
      return void socket.destroy();
    }
    this.#refusing++;
    const refusing = conn();
    void refusing.closed.then(() => this.#refusing--);
    refusing.write(refusal(reason)).catch(() => {}); // it may be gone already
    void refusing.close();
  }
}
