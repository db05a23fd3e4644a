/**
 * Everything around a POP3 session that is not POP3: a connection in memory, a clock that stands still until
 * it is told to move, a directory with one user, a recording store. For tests of the protocol only.
 */
import type { Authenticator, AuthOrigin, AuthResult, SaslReply, SaslSession } from "../../src/core/auth.ts";
import type { AccountId, MailboxId, MessageId, ModSeq, Uid } from "../../src/core/brands.ts";
import { type Conn, ConnError, type TlsInfo } from "../../src/core/conn.ts";
import type { Directory } from "../../src/core/directory.ts";
import type { Events } from "../../src/core/events.ts";
import { done, refused, Unavailable } from "../../src/core/failure.ts";
import type { Services } from "../../src/core/services.ts";
import type { FetchRow, MailboxInfo, MailStore, OctetPiece, OctetRange } from "../../src/core/store.ts";
import { inSet, type UidSet } from "../../src/core/uidset.ts";
import { POP3_LIMITS, type Pop3Limits, servePop3 } from "../../src/pop3/mod.ts";
import {
  createServer,
  deriveScramKeys,
  fakeScramKeys,
  mechanismNamed,
  type SaslServer,
  type SaslStep,
} from "../../src/sasl/mod.ts";

/** The one account. */
export const KATE = { account: 1 as AccountId, address: "kate@example.test" };
/** Its password. */
export const PASSWORD = "geheim";
/** What TLS looks like here. */
export const TLS: TlsInfo = {
  version: "TLSv1.3",
  cipher: "TLS_AES_128_GCM_SHA256",
  serverName: undefined,
  protocol: undefined,
  serverEndPoint: undefined,
  exporter: undefined,
};

const ascii = new TextEncoder();

/** Octets of a text, one for each character. */
export function latin1(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

/** Time that passes when a test says so. */
export class Clock {
  now = 0;
  #sleepers: (() => void)[] = [];

  /** Calls back whenever time has passed. */
  onTick(callback: () => void): void {
    this.#sleepers.push(callback);
  }

  /** Lets time pass. */
  advance(ms: number): void {
    this.now += ms;
    for (const callback of this.#sleepers) callback();
  }
}

/** The server's end of a connection in memory, and what a test does at the other end. */
export class MemoryConn implements Conn {
  readonly id = "s1";
  readonly remote = { address: "192.0.2.1", port: 40000 };
  readonly local = { address: "192.0.2.2", port: 110 };
  tls: TlsInfo | undefined;
  /** What the server sent, as it came. */
  readonly writes: Uint8Array[] = [];
  /** Set to refuse the next handshake. */
  handshakeFails = false;
  closed: "no" | "closed" | "destroyed" = "no";
  #input: Uint8Array[] = [];
  #ended = false;
  #broken = false;
  #reading:
    | { resolve: (octets: Uint8Array | null) => void; reject: (e: Error) => void; until: number }
    | undefined;
  #idlers: (() => void)[] = [];
  #gate: Promise<void> | undefined;
  #open: (() => void) | undefined;

  constructor(private readonly clock: Clock, tls: TlsInfo | undefined) {
    this.tls = tls;
    clock.onTick(() => {
      const reading = this.#reading;
      if (reading === undefined || reading.until > clock.now) return;
      this.#reading = undefined;
      reading.reject(new ConnError("timeout", "nothing came"));
    });
  }

  get buffered(): number {
    return this.#input.reduce((sum, chunk) => sum + chunk.length, 0);
  }

  read(timeoutMs: number): Promise<Uint8Array | null> {
    if (this.#broken) return Promise.reject(new ConnError("reset", "broken"));
    const chunk = this.#input.shift();
    // Views are valid until the next read only: a copy that is wiped then would show whoever keeps one.
    if (chunk !== undefined) return Promise.resolve(chunk.slice());
    if (this.#ended || this.closed !== "no") return Promise.resolve(null);
    return new Promise((resolve, reject) => {
      this.#reading = { resolve, reject, until: this.clock.now + timeoutMs };
      this.#wake();
    });
  }

  async write(octets: Uint8Array | readonly Uint8Array[]): Promise<void> {
    if (this.#broken || this.closed !== "no") throw new ConnError("reset", "broken");
    for (const part of octets instanceof Uint8Array ? [octets] : octets) this.writes.push(part.slice());
    if (this.#gate !== undefined) {
      this.#wake();
      await this.#gate;
      if (this.#broken) throw new ConnError("stalled", "nobody reads");
    }
  }

  startTls(): Promise<void> {
    if (this.handshakeFails) return Promise.reject(new ConnError("tls", "no handshake"));
    this.#input = [];
    this.tls = TLS;
    return Promise.resolve();
  }

  close(): Promise<void> {
    if (this.closed === "no") this.closed = "closed";
    this.#wake();
    return Promise.resolve();
  }

  destroy(): void {
    this.closed = "destroyed";
    this.#wake();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  // --- the client's side -----------------------------------------------------------------------------

  /** Sends octets, in chunks of at most `size`. */
  send(octets: Uint8Array, size = octets.length): void {
    for (let at = 0; at < octets.length; at += size) this.#input.push(octets.slice(at, at + size));
    this.#feed();
  }

  /** Ends the client's half. */
  end(): void {
    this.#ended = true;
    this.#feed();
  }

  /** Breaks the connection. */
  break(): void {
    this.#broken = true;
    const reading = this.#reading;
    this.#reading = undefined;
    reading?.reject(new ConnError("reset", "broken"));
    this.take();
  }

  /** Stops reading: writes wait from now on. */
  stall(): void {
    this.#gate = new Promise((resolve) => this.#open = resolve);
  }

  /** Reads again. */
  take(): void {
    this.#open?.();
    this.#gate = undefined;
  }

  /** Resolves once the server waits for input, or for a stalled client, or has closed. */
  idle(): Promise<void> {
    if (this.closed !== "no") return Promise.resolve();
    if (this.#reading !== undefined && this.#input.length === 0) return Promise.resolve();
    return new Promise((resolve) => this.#idlers.push(resolve));
  }

  /** All that was sent so far, and forgets it. */
  takeOutput(): string {
    const text = this.writes.map((part) => Array.from(part, (o) => String.fromCharCode(o)).join("")).join("");
    this.writes.length = 0;
    return text;
  }

  #feed(): void {
    const reading = this.#reading;
    if (reading === undefined) return;
    const chunk = this.#input.shift();
    if (chunk === undefined && !this.#ended) return;
    this.#reading = undefined;
    reading.resolve(chunk ?? null);
  }

  #wake(): void {
    for (const resolve of this.#idlers.splice(0)) resolve();
  }
}

/** One message of the recording store. */
export interface TestMessage {
  readonly uid: number;
  readonly octets: Uint8Array;
}

/** A store that holds one INBOX and writes down what is asked of it. */
export class RecordingStore {
  /** Calls in order, those that matter here. */
  readonly calls: string[] = [];
  readonly removed: number[] = [];
  locked = false;
  noInbox = false;
  /** Name of the method that throws Unavailable, `octets-late` for after the first piece. */
  down: string | undefined;
  pieceSize = 1 << 20;
  /** Octets that were asked for and given, to see that nothing is read ahead. */
  given = 0;

  constructor(readonly messages: TestMessage[]) {}

  /** As the protocols see it. */
  get store(): MailStore {
    return this as unknown as MailStore;
  }

  lockMaildrop(_account: AccountId, session: string): Promise<AsyncDisposable | undefined> {
    this.#check("lockMaildrop");
    if (this.locked) return Promise.resolve(undefined);
    this.locked = true;
    this.calls.push(`lock ${session}`);
    return Promise.resolve({
      [Symbol.asyncDispose]: () => {
        this.locked = false;
        this.calls.push("unlock");
        return Promise.resolve();
      },
    });
  }

  mailbox(_account: AccountId, name: string): Promise<MailboxInfo | undefined> {
    this.#check("mailbox");
    if (name !== "INBOX" || this.noInbox) return Promise.resolve(undefined);
    return Promise.resolve({
      id: 7 as MailboxId,
      name,
      uidValidity: 1700000000,
      uidNext: 1 + Math.max(0, ...this.messages.map((m) => m.uid)),
      highestModSeq: 1 as ModSeq,
      messages: this.messages.length,
      unseen: 0,
      deleted: 0,
      octets: 0,
      keywords: [],
      subscribed: true,
      keyResets: 0,
      specialUse: undefined,
    });
  }

  async *fetch(_a: AccountId, _m: MailboxId, uids: UidSet): AsyncGenerator<readonly FetchRow[]> {
    this.#check("fetch");
    const rows = this.messages.filter((m) => inSet(uids, m.uid)).map((m): FetchRow => ({
      uid: m.uid as Uid,
      message: (1000 + m.uid) as MessageId,
      flags: 0,
      keywords: [],
      modSeq: 1 as ModSeq,
      internalDate: 0,
      saveDate: 0,
      size: m.octets.length,
      headerSize: headerSizeOf(m.octets),
      envelope: undefined,
      bodyStructure: undefined,
      structure: undefined,
      batch: { octets: 0 },
    }));
    for (let at = 0; at < rows.length; at += 3) yield await Promise.resolve(rows.slice(at, at + 3));
  }

  async *octets(_account: AccountId, ranges: readonly OctetRange[]): AsyncGenerator<OctetPiece> {
    this.#check("octets");
    for (const [index, range] of ranges.entries()) {
      const octets = this.messages.find((m) => 1000 + m.uid === range.message)?.octets;
      if (octets === undefined) return;
      const end = Math.min(range.end, octets.length);
      let at = range.start;
      do {
        const next = Math.min(end, at + this.pieceSize);
        this.given += next - at;
        // The piece is wiped once the next one is asked for: nobody may have kept it.
        const piece = octets.slice(at, next);
        yield await Promise.resolve({ index, octets: piece, last: next === end });
        piece.fill(0x21);
        at = next;
        if (this.down === "octets-late") throw new Unavailable("gone");
        if (this.down === "vanish") return;
      } while (at < end);
    }
  }

  remove(_account: AccountId, _mailbox: MailboxId, uids: UidSet) {
    this.#check("remove");
    if (this.down === "refuse-remove") return Promise.resolve(refused("NONEXISTENT", "no mailbox"));
    const gone = this.messages.filter((m) => inSet(uids, m.uid));
    this.removed.push(...gone.map((m) => m.uid));
    this.calls.push(`remove ${gone.map((m) => m.uid).join(",")}`);
    return Promise.resolve(done({ removed: uids, modSeq: 2 as ModSeq }));
  }

  #check(method: string): void {
    if (this.down === method || this.down === "all") throw new Unavailable(`${method} cannot be reached`);
    if (this.down === `bug-${method}`) throw new TypeError(`bug in ${method}`);
  }
}

function headerSizeOf(octets: Uint8Array): number {
  for (let i = 3; i < octets.length; i++) {
    if (octets[i - 3] === 13 && octets[i - 2] === 10 && octets[i - 1] === 13 && octets[i] === 10) {
      return i + 1;
    }
  }
  return octets.length;
}

/** A directory with one user, over the real SASL machines; SCRAM's nonce is always `server`. */
export class TestAuthenticator implements Authenticator {
  readonly attempts: string[] = [];
  /** What every right login is answered with instead, when set. */
  refuse: (AuthResult & { readonly ok: false })["reason"] | undefined;

  constructor(private readonly allowPlaintext: boolean, private readonly scramOnly = false) {}

  mechanisms(tls: TlsInfo | undefined): readonly string[] {
    if (this.scramOnly) return ["SCRAM-SHA-256"];
    return tls !== undefined || this.allowPlaintext ? ["SCRAM-SHA-256", "PLAIN", "LOGIN"] : [];
  }

  begin(mechanism: string, origin: AuthOrigin): SaslSession | undefined {
    const name = mechanismNamed(mechanism);
    if (name === undefined || !this.mechanisms(origin.tls).includes(name)) return undefined;
    const server = createServer(name, { nonce: "server", bindings: {}, plusOffered: false });
    return { respond: (response) => Promise.resolve(this.#reply(server, server.respond(response))) };
  }

  password(user: string, password: string, _origin: AuthOrigin): Promise<AuthResult> {
    this.attempts.push(`${user}/${password}`);
    return Promise.resolve(this.#result(this.#right(user, password)));
  }

  identify(): Promise<undefined> {
    return Promise.resolve(undefined);
  }

  #reply(server: SaslServer, step: SaslStep): SaslReply {
    switch (step.kind) {
      case "challenge":
        return step;
      case "need-password": {
        this.attempts.push(`${step.user}/${step.password}`);
        const right = this.#right(step.user, step.password);
        return this.#reply(server, server.provide({ kind: "password", right }));
      }
      case "need-scram": {
        const salt = ascii.encode("salz und pfeffer");
        const keys = step.user === KATE.address
          ? deriveScramKeys(PASSWORD, salt, 4096, step.hash)!
          : fakeScramKeys(ascii.encode("secret"), step.user, 4096, step.hash);
        return this.#reply(server, server.provide({ kind: "scram", keys }));
      }
      case "done": {
        const allowed = step.authzid === undefined || step.authzid === step.user;
        if (allowed) return { kind: "done", result: this.#result(true) };
        return { kind: "done", result: { ok: false, reason: "authzid", text: "no" } };
      }
      case "need-token":
        return this.#reply(server, server.provide({ kind: "token", user: undefined }));
      case "need-certificate":
        return this.#reply(server, server.provide({ kind: "certificate", user: undefined }));
      case "failed":
        return { kind: "done", result: { ok: false, reason: step.reason, text: step.text } };
      default:
        return step satisfies never;
    }
  }

  #right(user: string, password: string): boolean {
    return user === KATE.address && password === PASSWORD;
  }

  #result(right: boolean): AuthResult {
    if (!right) return { ok: false, reason: "credentials", text: "wrong" };
    if (this.refuse !== undefined) return { ok: false, reason: this.refuse, text: "refused" };
    return { ok: true, identity: KATE };
  }
}

/** How a session is set up. */
export interface SetUp {
  readonly tls?: boolean;
  readonly allowPlaintext?: boolean;
  readonly scramOnly?: boolean;
  readonly noCertificate?: boolean;
  readonly messages?: readonly Uint8Array[];
  readonly limits?: Partial<Pop3Limits>;
}

/** A running session and all that a test may look at. */
export class Pop3Harness implements AsyncDisposable {
  readonly clock = new Clock();
  readonly conn: MemoryConn;
  readonly store: RecordingStore;
  readonly auth: TestAuthenticator;
  readonly events: { readonly name: string; readonly fields: unknown }[] = [];
  readonly drain = new AbortController();
  readonly served: Promise<void>;

  constructor(setUp: SetUp = {}) {
    this.conn = new MemoryConn(this.clock, setUp.tls === true ? TLS : undefined);
    this.store = new RecordingStore(
      (setUp.messages ?? []).map((octets, i) => ({ uid: 10 + i * 3, octets })),
    );
    this.auth = new TestAuthenticator(setUp.allowPlaintext ?? false, setUp.scramOnly);
    const services: Services<Pop3Limits> = {
      hostname: "mail.example.test",
      store: this.store.store,
      directory: {} as Directory,
      auth: this.auth,
      world: { now: () => this.clock.now, ticks: () => this.clock.now, random: (n) => new Uint8Array(n) },
      emit: (name, fields) => this.events.push({ name, fields }),
      limits: { ...POP3_LIMITS, badDelayMs: 0, ...setUp.limits },
      startTlsOffered: setUp.tls !== true && setUp.noCertificate !== true,
      draining: this.drain.signal,
    };
    this.served = servePop3(this.conn, services);
  }

  /** Sends text (one octet a character) and gives what the server answers until it waits again. */
  async say(text: string, chunk?: number): Promise<string> {
    this.conn.send(latin1(text), chunk);
    await this.conn.idle();
    return this.conn.takeOutput();
  }

  /** Greeting and login. */
  async login(): Promise<void> {
    await this.say(`USER ${KATE.address}\r\nPASS ${PASSWORD}\r\n`);
  }

  /** The last event of a name. */
  event<Name extends keyof Events>(name: Name): Events[Name] | undefined {
    return this.events.findLast((event) => event.name === name)?.fields as Events[Name] | undefined;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.conn.take();
    this.conn.end();
    await this.served;
  }
}
