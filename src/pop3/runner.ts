import "./events.ts";
import type { AuthOrigin, AuthResult } from "../core/auth.ts";
import { type Conn, ConnError } from "../core/conn.ts";
import { emitBug } from "../core/events.ts";
import { Unavailable } from "../core/failure.ts";
import type { Services } from "../core/services.ts";
import type { Pop3End } from "./events.ts";
import { command } from "./grammar/rfc2449_3.ts";
import { Input } from "./input.ts";
import type { TextKey } from "./language.ts";
import type { Pop3Limits } from "./limits.ts";
import { exchange } from "./login.ts";
import { Output } from "./output.ts";
import { err, ok, refusalText, syntaxText } from "./reply.ts";
import { ReadAhead } from "./ahead.ts";
import { retrieve, Truncated } from "./retrieve.ts";
import { BEGIN, type Effect, type Offer, type Session, step, type Transaction } from "./session.ts";
import { open, update } from "./transaction.ts";

/** Carries out what the session decides. */
export class Runner {
  #session: Session = BEGIN;
  readonly #ahead = new ReadAhead();
  #lock: AsyncDisposable | undefined;
  #bad = 0;
  #refusedLogins = 0;
  #retrieved = 0;
  #octets = 0;
  #deleted = 0;
  readonly #began: number;
  readonly #in: Input;
  readonly #out: Output;
  readonly #flush = () => this.#out.flush();

  constructor(private readonly conn: Conn, private readonly services: Services<Pop3Limits>) {
    const { limits, world, draining } = services;
    this.#began = world.ticks();
    this.#in = new Input(conn, { line: limits.saslLine, overlong: limits.overlong }, world, draining);
    this.#out = new Output(conn, limits.outputGather);
  }

  /** Commands until something ends them. */
  async run(): Promise<Pop3End> {
    const { conn, services } = this;
    services.emit("pop3.open", {
      session: conn.id,
      remote: conn.remote.address,
      tls: conn.tls !== undefined,
    });
    await this.#out.text(`+OK ${services.hostname} Malleposte POP3 ready\r\n`);
    for (;;) {
      const incoming = await this.#in.next(this.#deadline(), this.#flush);
      switch (incoming.kind) {
        case "line": {
          const end = await this.#line(incoming.line);
          if (end !== undefined) return end;
          break;
        }
        case "fault": {
          const end = await this.#badCommand(incoming.rule, incoming.fatal);
          if (end !== undefined) return end;
          break;
        }
        default:
          return await this.#over(incoming.kind);
      }
    }
  }

  /** Turns what was thrown into the end of the session. */
  async failed(thrown: unknown): Promise<Pop3End> {
    if (thrown instanceof ConnError) return "broken";
    if (thrown instanceof Truncated) {
      // Half a message must not look like a whole one: no last line, no orderly end.
      this.conn.destroy();
      const { cause } = thrown;
      if (cause instanceof ConnError) return "broken";
      if (cause !== undefined && !(cause instanceof Unavailable)) this.#bug("pop3.retrieve", cause);
      return "truncated";
    }
    this.#bug("pop3.serve", thrown);
    try {
      await this.#out.text(err(this.#session.language, "internal"));
      await this.#out.flush();
    } catch (again) {
      if (!(again instanceof ConnError)) this.#bug("pop3.serve", again);
    }
    return "bug";
  }

  /** Gives the maildrop back, closes, and says how it ended. Never throws. */
  async finish(end: Pop3End): Promise<void> {
    this.#in[Symbol.dispose]();
    this.#ahead[Symbol.dispose]();
    await this.#unlock();
    try {
      await this.conn.close();
    } catch (thrown) {
      if (!(thrown instanceof ConnError)) this.#bug("pop3.close", thrown);
    }
    this.services.emit("pop3.close", {
      session: this.conn.id,
      end,
      retrieved: this.#retrieved,
      octets: this.#octets,
      deleted: this.#deleted,
    });
  }

  /** When the next line has to be here, in ticks. */
  #deadline(): number {
    const { limits, world } = this.services;
    if (this.#session.state === "transaction") return world.ticks() + limits.idleMs;
    return Math.min(world.ticks() + limits.idleBeforeLoginMs, this.#began + limits.authorizationMs);
  }

  async #over(kind: "end" | "idle" | "drain"): Promise<Pop3End> {
    if (kind === "end") return "client";
    // RFC 1939 §3: a timed-out client is sent nothing.
    if (kind === "idle") return "idle";
    await this.#out.text(err(this.#session.language, "closing"));
    await this.#out.flush();
    return "drain";
  }

  async #line(line: Uint8Array): Promise<Pop3End | undefined> {
    const parsed = command(line, this.services.limits.commandLine);
    if ("rule" in parsed) return await this.#badCommand(syntaxText(parsed.rule));
    const [session, effects] = step(this.#session, parsed, this.#offer());
    this.#session = session;
    for (const effect of effects) {
      const end = await this.#perform(effect);
      if (end !== undefined) return end;
    }
    return undefined;
  }

  #offer(): Offer {
    const { conn, services } = this;
    return {
      mechanisms: services.auth.mechanisms(conn.tls),
      stls: services.startTlsOffered && conn.tls === undefined,
    };
  }

  async #perform(effect: Effect): Promise<Pop3End | undefined> {
    switch (effect.do) {
      case "reply":
        await this.#out.text(effect.text);
        return undefined;
      case "bad":
        return await this.#badCommand(effect.key);
      case "lines":
        await this.#out.lines(effect.first, effect.lines);
        return undefined;
      case "password": {
        const { auth } = this.services;
        return await this.#login("PASS", await auth.password(effect.user, effect.password, this.#origin()));
      }
      case "exchange":
        return await this.#exchange(effect.mechanism, effect.initial);
      case "start-tls":
        return await this.#startTls();
      case "retrieve":
        await this.#retrieve(effect.message, effect.lines);
        return undefined;
      case "update":
        await this.#update();
        return undefined;
      case "close":
        await this.#out.flush();
        return "quit";
      default:
        return effect satisfies never;
    }
  }

  /** Answers a bad command, late, and ends the session at the last one that is borne. */
  async #badCommand(key: TextKey, fatal = false): Promise<Pop3End | undefined> {
    const { limits, emit } = this.services;
    this.#bad++;
    emit("pop3.bad", { session: this.conn.id, rule: key, count: this.#bad });
    await this.#out.flush();
    if (limits.badDelayMs > 0) await new Promise((resolve) => setTimeout(resolve, limits.badDelayMs));
    const { state, language } = this.#session;
    const most = state === "authorization" ? limits.badBeforeLogin : limits.badAfterLogin;
    const last = fatal || this.#bad >= most;
    await this.#out.text(err(language, last && !fatal ? "too-many-bad" : key));
    if (!last) return undefined;
    await this.#out.flush();
    return "abuse";
  }

  #origin(): AuthOrigin {
    const { conn } = this;
    return { session: conn.id, protocol: "pop3", remote: conn.remote.address, tls: conn.tls };
  }

  async #exchange(mechanism: string, initial: string | undefined): Promise<Pop3End | undefined> {
    const ended = await exchange(this.services, this.#origin(), mechanism, initial, {
      challenge: (text) => this.#out.text(text),
      response: () => this.#in.next(this.#deadline(), this.#flush),
    });
    switch (ended.kind) {
      case "result":
        return await this.#login(mechanism, ended.result);
      case "refused":
        if (ended.bad) return await this.#badCommand(ended.key);
        return await this.#refuse(mechanism, ended.key);
      case "over": {
        const { kind } = ended.incoming;
        return kind === "end" || kind === "idle" || kind === "drain" ? await this.#over(kind) : undefined;
      }
      default:
        return ended satisfies never;
    }
  }

  /** What the directory said, then the maildrop. */
  async #login(mechanism: string, result: AuthResult): Promise<Pop3End | undefined> {
    if (!result.ok) return await this.#refuse(mechanism, refusalText(result.reason));
    const { language, utf8 } = this.#session;
    const { identity } = result;
    let opened;
    try {
      opened = await open(this.services, identity, this.conn.id);
    } catch (thrown) {
      if (!(thrown instanceof Unavailable)) throw thrown;
      return await this.#refuse(mechanism, "unavailable");
    }
    if (!opened.ok) return await this.#refuse(mechanism, opened.key);
    const { maildrop } = opened;
    this.#lock = opened.lock;
    this.#session = { state: "transaction", language, utf8, identity, maildrop };
    this.#bad = 0;
    this.services.emit("pop3.login", {
      session: this.conn.id,
      address: identity.address,
      mechanism,
      messages: maildrop.count,
      octets: maildrop.octets,
    });
    await this.#out.text(ok(language, "logged-in", maildrop.count, maildrop.octets));
    return undefined;
  }

  async #refuse(mechanism: string, key: TextKey): Promise<Pop3End | undefined> {
    const { limits, emit } = this.services;
    emit("pop3.login.refused", {
      session: this.conn.id,
      remote: this.conn.remote.address,
      mechanism,
      reason: key,
    });
    this.#refusedLogins++;
    await this.#out.text(err(this.#session.language, key));
    if (this.#refusedLogins < limits.loginAttempts) return undefined;
    await this.#out.flush();
    return "abuse";
  }

  /** STLS (RFC 2595 §4): what a client, or somebody in between, sent behind it is never run. */
  async #startTls(): Promise<Pop3End | undefined> {
    const { language } = this.#session;
    if (!this.#in.drained) {
      await this.#out.text(err(language, "pipelined-tls"));
      await this.#out.flush();
      return "tls";
    }
    await this.#out.text(ok(language, "begin-tls"));
    await this.#out.flush();
    try {
      await this.conn.startTls();
    } catch (thrown) {
      if (!(thrown instanceof ConnError)) throw thrown;
      return "tls";
    }
    this.#in.reset();
    return undefined;
  }

  async #retrieve(message: number, lines: number | undefined): Promise<void> {
    const session = this.#transaction();
    const size = session.maildrop.sizeOf(message);
    const { store, limits } = this.services;
    const context = { store, out: this.#out, ahead: this.#ahead, limits };
    try {
      if (!await retrieve(context, session, message, lines)) return;
      this.#retrieved++;
      this.#octets += size;
    } catch (thrown) {
      if (!(thrown instanceof Unavailable)) throw thrown;
      await this.#out.text(err(session.language, "unavailable"));
    }
  }

  /**
   * What QUIT does after login. The maildrop is free before the answer is sent: a client that logs in again at
   * once must not find itself locked out.
   */
  async #update(): Promise<void> {
    const { language, maildrop } = this.#transaction();
    const updated = await update(this.services.store, maildrop);
    this.#deleted = updated.deleted;
    await this.#unlock();
    await this.#out.text(updated.ok ? ok(language, "goodbye") : err(language, "not-removed"));
  }

  #transaction(): Transaction {
    if (this.#session.state !== "transaction") throw new TypeError("Cannot do that before login");
    return this.#session;
  }

  async #unlock(): Promise<void> {
    const lock = this.#lock;
    this.#lock = undefined;
    try {
      await lock?.[Symbol.asyncDispose]();
    } catch (thrown) {
      // A database that is gone has let go of the lock as well.
      if (!(thrown instanceof Unavailable)) this.#bug("pop3.unlock", thrown);
    }
  }

  #bug(where: string, thrown: unknown): void {
    emitBug(this.services.emit, where, thrown, this.conn.id);
  }
}
