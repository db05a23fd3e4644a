import type { Socket } from "node:net";
import { type Conn, ConnError, type Endpoint, type TlsInfo } from "../core/conn.ts";
import { deadlines, type Timed } from "./deadlines.ts";
import type { BeginTls } from "./handshake.ts";
import { Intake } from "./intake.ts";
import type { NetLimits } from "./limits.ts";
import { Outlet } from "./outlet.ts";

/** What a connection is made of. */
export interface TransportOptions {
  readonly id: string;
  readonly remote: Endpoint;
  readonly local: Endpoint;
  readonly limits: NetLimits;
  /** Undefined where TLS is not to be had. */
  readonly beginTls: BeginTls | undefined;
  /** Large chunks are freed when the next one is read: nobody may keep views on them (see Conn.read). */
  readonly frees?: boolean;
}

/**
 * The one Conn: a TCP or unix socket of the runtime, client or server side, with or without TLS.
 *
 * All of its deadlines (reading, writing, handshake, lingering) are numbers of which the nearest lies in the
 * thread's wheel; none has a timer of its own.
 */
export class Transport implements Conn, Timed {
  readonly id: string;
  due = Infinity;
  slot = -1;
  /** Resolves when the socket is gone. */
  readonly closed: Promise<void>;

  readonly #raw: Socket;
  #stream: Socket;
  #remote: Endpoint;
  #local: Endpoint;
  #tls: TlsInfo | undefined;
  readonly #limits: NetLimits;
  readonly #beginTls: BeginTls | undefined;
  readonly #intake: Intake;
  readonly #outlet: Outlet;
  #upgrading = false;
  #closing: Promise<void> | undefined;
  #destroyed = false;

  #readDue = Infinity;
  #writeDue = Infinity;
  #stepDue = Infinity;
  /** What to do when the handshake or the lingering has run out of time. */
  #stepOver: () => void = () => {};

  /** @param raw connected, paused, read by nobody; made with `allowHalfOpen`, so that we may still answer */
  constructor(raw: Socket, options: TransportOptions) {
    this.#raw = this.#stream = raw;
    this.id = options.id;
    this.#remote = options.remote;
    this.#local = options.local;
    this.#limits = options.limits;
    this.#beginTls = options.beginTls;
    this.#intake = new Intake(raw, options.frees);
    this.#outlet = new Outlet(raw, options.limits, (busy) => {
      this.#writeDue = busy ? performance.now() + this.#limits.writeStallMs : Infinity;
      this.#arm();
    });
    this.closed = new Promise((resolve) =>
      raw.on("close", () => {
        if (!this.#destroyed) this.#lost(new ConnError("reset", "The connection was closed"));
        deadlines.forget(this);
        resolve();
      })
    );
    raw.on("error", (error) => this.#lost(new ConnError("reset", `The connection broke: ${error.message}`)));
  }

  get remote(): Endpoint {
    return this.#remote;
  }

  get local(): Endpoint {
    return this.#local;
  }

  get tls(): TlsInfo | undefined {
    return this.#tls;
  }

  get buffered(): number {
    return this.#intake.buffered;
  }

  /** Octets that wait for the peer. */
  get unsent(): number {
    return this.#outlet.waiting;
  }

  /** Says who is really at the other end, as a proxy's header told us. */
  rename(remote: Endpoint, local: Endpoint): void {
    this.#remote = remote;
    this.#local = local;
  }

  /** Puts octets back, so that they are read (or taken for TLS) next. */
  unread(octets: Uint8Array): void {
    this.#intake.unread(octets);
  }

  read(timeoutMs: number): Promise<Uint8Array | null> {
    if (this.#closing !== undefined) return Promise.reject(closedError("read"));
    const chunk = this.#intake.next();
    if (this.#intake.waiting) {
      this.#readDue = performance.now() + timeoutMs;
      this.#arm();
    }
    return chunk;
  }

  write(octets: Uint8Array | readonly Uint8Array[]): Promise<void> {
    if (this.#closing !== undefined) return Promise.reject(closedError("write"));
    return this.#outlet.write(octets);
  }

  /**
   * What the peer sent before its handshake is not dropped but given to TLS, together with the handshake's
   * own octets that may have come already: plaintext there makes the handshake fail, so nothing sent in the
   * clear is ever taken for something sent under TLS (RFC 3207 §4.2, CVE-2011-0411).
   */
  async startTls(): Promise<void> {
    if (this.#closing !== undefined) throw closedError("start TLS");
    if (this.#beginTls === undefined || this.#tls !== undefined || this.#upgrading) {
      const why = this.#beginTls === undefined ? "no certificate is set" : "it is already started";
      throw new ConnError("tls", `Cannot start TLS: ${why}`);
    }
    this.#upgrading = true;
    try {
      this.#intake.detach();
      await this.#outlet.flushed();
      this.#outlet.detach();
      await this.#shakeHands(this.#beginTls);
    } catch (thrown) {
      this.destroy();
      if (thrown instanceof ConnError) throw thrown;
      throw new ConnError("tls", `Cannot start TLS: ${thrown instanceof Error ? thrown.message : thrown}`);
    } finally {
      this.#upgrading = false;
    }
  }

  async #shakeHands(begin: BeginTls): Promise<void> {
    const { stream, done } = begin(this.#raw);
    this.#stream = stream;
    stream.on("error", (error) => this.#lost(new ConnError("reset", `TLS broke: ${error.message}`)));
    const late = Promise.withResolvers<never>();
    this.#step(this.#limits.handshakeMs, () => {
      late.reject(new ConnError("tls", `The TLS handshake took longer than ${this.#limits.handshakeMs} ms`));
    });
    try {
      this.#tls = await Promise.race([done, late.promise]);
    } finally {
      this.#step(Infinity, () => {});
    }
    this.#intake.attach(stream, this.#raw);
    this.#outlet.attach(stream);
  }

  close(): Promise<void> {
    return this.#closing ??= this.#shutDown();
  }

  /** Sends what waits, ends our side, reads on for a while so that the peer gets our last octets. */
  async #shutDown(): Promise<void> {
    if (this.#destroyed) return this.closed;
    if (this.#intake.waiting) this.#intake.cancel(closedError("read"));
    try {
      await this.#outlet.flushed();
      if (this.#upgrading) this.destroy();
    } catch {
      this.destroy(); // It broke or stalled: the caller was told, or does not write any more.
    }
    if (!this.#destroyed) {
      this.#stream.end();
      this.#step(this.#limits.lingerMs, () => this.destroy());
      this.#intake.discard(this.#limits.lingerOctets, () => this.destroy());
    }
    return this.closed;
  }

  destroy(): void {
    if (!this.#destroyed) this.#lost(CLOSED);
    this.#closing ??= this.closed;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /** The wheel says that `due` has passed. */
  expired(now: number): void {
    if (this.#readDue <= now) {
      this.#readDue = Infinity;
      // A read that was answered leaves its deadline behind: nobody waits, nothing happens.
      this.#intake.cancel(new ConnError("timeout", "The peer sent nothing for too long"));
    }
    if (this.#writeDue <= now) {
      this.#lost(new ConnError("stalled", `The peer took nothing for ${this.#limits.writeStallMs} ms`));
    }
    if (this.#stepDue <= now) {
      this.#stepDue = Infinity;
      this.#stepOver();
    }
    this.due = this.#destroyed ? Infinity : Math.min(this.#readDue, this.#writeDue, this.#stepDue);
  }

  #step(ms: number, over: () => void): void {
    this.#stepDue = performance.now() + ms;
    this.#stepOver = over;
    this.#arm();
  }

  #arm(): void {
    if (this.#destroyed) return;
    this.due = Math.min(this.#readDue, this.#writeDue, this.#stepDue);
    deadlines.watch(this);
  }

  /** The end, whoever brought it about: both halves are told why, the sockets go. */
  #lost(why: ConnError): void {
    if (this.#destroyed) return;
    this.#destroyed = true;
    deadlines.forget(this);
    this.#outlet.break(why);
    this.#intake.break(why.reason === "stalled" ? new ConnError("reset", why.message) : why);
    this.#stream.destroy();
    this.#raw.destroy();
  }
}

/** Shared: every connection ends with it, and an error of its own would cost a walk over the stack. */
const CLOSED = closedError("go on");

function closedError(what: string): ConnError {
  return new ConnError("closed", `Cannot ${what}: this side has closed the connection`);
}
