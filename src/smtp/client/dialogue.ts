import { type Conn, ConnError } from "../../core/conn.ts";
import type { HopReply } from "../../core/outbound.ts";
import type { ClientLimits } from "./limits.ts";
import { hopReply } from "./outcome.ts";
import { ReplyParser, type WireReply } from "./reply_parser.ts";

/** The reply that stands for none: the connection broke, ended, was silent for too long or made no sense. */
const LOST_STATUS = "4.4.2";

/**
 * Commands out, replies in, over one connection. Nothing here rejects: a connection that is gone answers with
 * code 0, and goes on doing so. 421 and nonsense end it too (RFC 5321 §3.8).
 */
export class Dialogue {
  readonly conn: Conn;
  readonly #limits: ClientLimits;
  #parser: ReplyParser;
  #lost: string | undefined;
  /** A 421: whatever else is asked, this is the answer. */
  #goodbye: WireReply | undefined;
  #over = false;

  constructor(conn: Conn, limits: ClientLimits) {
    this.conn = conn;
    this.#limits = limits;
    this.#parser = new ReplyParser(limits);
  }

  /** True once no command may follow. */
  get over(): boolean {
    return this.#over;
  }

  /** Octets that the server sent and nobody asked for yet. STARTTLS must find 0. */
  get pending(): number {
    return this.#parser.pending + this.conn.buffered;
  }

  /** Takes no more commands; what was sent may still be answered. */
  end(): void {
    this.#over = true;
  }

  /** Sends a command, or several, each with its CRLF. What goes wrong is said by the next reply. */
  async send(commands: string): Promise<void> {
    await this.write(new TextEncoder().encode(commands));
  }

  /** Sends octets. */
  async write(octets: Uint8Array | readonly Uint8Array[]): Promise<void> {
    if (this.#lost !== undefined) return;
    try {
      await this.conn.write(octets);
    } catch (thrown) {
      // A server that hung up may have said why before: the next reply reads on.
      this.#over = true;
      if (!(thrown instanceof ConnError)) throw thrown;
    }
  }

  /** The next reply within that time, all of its lines; what a reply's code 0 means is in its text. */
  async reply(timeoutMs: number): Promise<HopReply> {
    return hopReply(await this.wireReply(timeoutMs));
  }

  /** `reply`, line by line. */
  async wireReply(timeoutMs: number): Promise<WireReply> {
    if (this.#goodbye !== undefined) return this.#goodbye;
    const until = performance.now() + timeoutMs;
    while (this.#lost === undefined) {
      const step = this.#parser.next();
      if (step.kind === "item") {
        if (step.value.code === 421) {
          this.#over = true;
          this.#goodbye = step.value;
        }
        return step.value;
      }
      if (step.kind === "fault") this.#lose(step.fault.text);
      else await this.#read(until - performance.now());
    }
    return { code: 0, lines: [`${LOST_STATUS} ${this.#lost}`] };
  }

  /** Commands and replies begin anew under TLS. Says why it did not work, or undefined. */
  async startTls(): Promise<string | undefined> {
    try {
      await this.conn.startTls();
      this.#parser = new ReplyParser(this.#limits);
      return undefined;
    } catch (thrown) {
      if (!(thrown instanceof ConnError)) throw thrown;
      this.#lose(thrown.message);
      return thrown.message;
    }
  }

  /** Ends the connection for that reason: every reply from here on says it. */
  #lose(why: string): void {
    this.#lost = why;
    this.#over = true;
    this.conn.destroy();
  }

  async #read(timeoutMs: number): Promise<void> {
    try {
      if (timeoutMs <= 0) throw new ConnError("timeout", "no whole reply came in time");
      const chunk = await this.conn.read(timeoutMs);
      if (chunk === null) this.#lose("The next hop closed the connection without a reply");
      else this.#parser.push(chunk);
    } catch (thrown) {
      if (!(thrown instanceof ConnError)) throw thrown;
      this.#lose(
        thrown.reason === "timeout"
          ? "The next hop did not reply in time"
          : `Connection lost: ${thrown.message}`,
      );
    }
  }
}
