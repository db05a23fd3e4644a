import type { Conn, Endpoint } from "../core/conn.ts";
import { emitBug } from "../core/events.ts";
import { Unavailable } from "../core/failure.ts";
import type { Services } from "../core/services.ts";
import "./events.ts";
import type { SmtpLimits } from "./limits.ts";
import { Link } from "./link.ts";
import { type Offer, offers } from "./extensions.ts";
import { SmtpParser } from "./parser.ts";
import { closes, isBadCommand, REPLIES, type Reply } from "./reply.ts";
import { FRESH, type Role, type Session, type Standing } from "./session.ts";

/** What the parts of one connection share: its session, its counters, and the way replies go out. */
export class Context implements Standing {
  readonly link: Link;
  readonly parser: SmtpParser;
  /** Replaced as a whole with each step. */
  session: Session = FRESH;
  /** The client: the peer, or whom a listed peer speaks for (XCLIENT). */
  remote: Endpoint;
  /** Messages that came to their end, accepted or not. */
  messages = 0;
  authFailures = 0;
  /** Commands since the last message that moved none. */
  idleCommands = 0;
  /** Recipients that were refused for good. */
  refusedRecipients = 0;
  #badCommands = 0;
  /** Set once the connection is to end, and why. */
  closing: string | undefined;

  constructor(
    readonly conn: Conn,
    readonly services: Services<SmtpLimits>,
    readonly role: Role,
  ) {
    this.remote = conn.remote;
    this.link = new Link(conn, services.draining);
    this.parser = new SmtpParser(services.limits);
  }

  get limits(): SmtpLimits {
    return this.services.limits;
  }

  get secure(): boolean {
    return this.conn.tls !== undefined;
  }

  get startTls(): boolean {
    return this.services.startTlsOffered && this.conn.tls === undefined;
  }

  get mechanisms(): readonly string[] {
    return this.services.auth.mechanisms(this.conn.tls);
  }

  get now(): number {
    return this.services.world.now();
  }

  /** Users, and servers that may relay: their wishes count (RFC 6710 §5). */
  get trusted(): boolean {
    return this.session.identity !== undefined || this.limits.policy.relays(this.remote.address);
  }

  /** What decides which extensions are announced now. */
  get offer(): Offer {
    const { role, limits, startTls, secure, now, session: { identity }, services: { queue, urls } } = this;
    const mechanisms = identity === undefined ? this.mechanisms : [];
    const peer = this.conn.remote.address;
    return { role, limits, startTls, mechanisms, secure, identity, peer, queue, urls, now };
  }

  offers(keyword: string): boolean {
    return offers(keyword, this.offer);
  }

  get draining(): boolean {
    return this.services.draining.aborted;
  }

  /** Answers. Counts what a well-made client does not send, and slows down who sends it. */
  async answer(verb: string, what: Reply): Promise<void> {
    if (what.code >= 400) {
      this.services.emit("smtp.command.refused", { session: this.conn.id, verb, reply: what.code });
    }
    const bad = isBadCommand(what);
    if (bad && ++this.#badCommands >= this.limits.badCommandDelayFrom) {
      await this.#holdBack(this.limits.badCommandDelay);
    }
    await this.link.put(what);
    if (closes(what)) this.close(verb === "QUIT" ? "quit" : what.status);
    else if (bad && this.#badCommands >= this.#badCommandLimit) await this.hangUp(REPLIES.tooManyBad);
  }

  /** Refuses a recipient for good; a stranger who goes on with such is slowed down, and in the end sent away. */
  async refuseRecipient(what: Reply): Promise<void> {
    const refused = ++this.refusedRecipients;
    if (refused >= this.limits.refusedRecipientDelayFrom && !this.trusted) {
      await this.#holdBack(this.limits.refusedRecipientDelay);
    }
    await this.answer("RCPT", what);
    if (refused >= this.limits.refusedRecipients) await this.hangUp(REPLIES.tooManyUnknown);
  }

  /** Ends the connection with a reply that nobody asked for (RFC 5321 §3.8). */
  async hangUp(what: Reply): Promise<void> {
    if (this.closing !== undefined) return;
    await this.link.put(what);
    this.close(what.status);
  }

  /** Waits before a reply; those before it are out by then. */
  async #holdBack(ms: number): Promise<void> {
    if (ms === 0) return;
    await this.link.flush();
    await new Promise((resolve) => setTimeout(resolve, ms));
  }

  /** Ends the connection once the replies are out. */
  close(reason: string): void {
    this.closing ??= reason;
  }

  /** Reports an exception from the store, the directory or ourselves; the client gets a 4xx for it. */
  failed(where: string, thrown: unknown): void {
    if (thrown instanceof Unavailable) {
      const error = thrown.message;
      this.services.emit("smtp.unavailable", { session: this.conn.id, where, error });
    } else emitBug(this.services.emit, `smtp.${where}`, thrown, this.conn.id);
  }

  get #badCommandLimit(): number {
    const { badCommandsBeforeAuth, badCommandsAfterAuth } = this.limits;
    return this.session.identity === undefined ? badCommandsBeforeAuth : badCommandsAfterAuth;
  }
}
