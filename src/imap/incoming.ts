/** What the client sends, as the parser's steps. */
import { type Conn, ConnError } from "../core/conn.ts";
import type { Input } from "./commands/context.ts";
import type { AppendStep } from "./command.ts";
import { type CommandFault, CommandParser, type ParserStep } from "./parser.ts";
import { continueLine } from "./reply.ts";
import type { ImapSessionLimits, Session } from "./session.ts";
import type { Outgoing } from "./outgoing.ts";

/** The server drains: nothing more is read. */
export class Draining extends Error {
  override name = "Draining";
}

/** A line or literal inside a command broke a rule: the command ends with its answer. */
export class BadInput extends Error {
  override name = "BadInput";
  constructor(readonly fault: CommandFault) {
    super(fault.text);
  }
}

/** A step that says something. */
export type Heard = Exclude<ParserStep, { readonly kind: "need" }>;

/** How a read ended. */
type Arrived = { readonly octets: Uint8Array | null } | { readonly error: unknown };

/** Reads only when asked, and sends what waits before it does. */
export class Incoming implements Input, Disposable {
  #conn: Conn;
  readonly #parser: CommandParser;
  #reading = false;
  #arrived: Arrived | undefined;
  /** Ends the wait for the client. */
  #stir: (() => void) | undefined;
  readonly #onDrain = () => this.#stir?.();
  /** An APPEND whose message was neither taken nor refused yet; whether its client waits for `+`. */
  #literal: "waiting" | "coming" | undefined;

  constructor(
    conn: Conn,
    readonly out: Outgoing,
    readonly limits: ImapSessionLimits,
    readonly draining: AbortSignal,
    readonly session: () => Session,
    readonly ticks: () => number,
  ) {
    this.#conn = conn;
    this.#parser = new CommandParser({ limits: limits.beforeLogin, mode: session().mode });
    draining.addEventListener("abort", this.#onDrain);
  }

  /**
   * The next step; null at the end of the stream, undefined when `wake` was faster. All of it must come within
   * `timeoutMs`: one octet now and then keeps nobody here.
   *
   * @throws ConnError, and Draining while nothing whole has come.
   */
  async step(timeoutMs: number, wake?: Promise<void>): Promise<Heard | null | undefined> {
    const by = this.ticks() + timeoutMs;
    for (;;) {
      const step = this.#parser.next();
      if (step.kind !== "need") return this.#note(step);
      await this.out.flush();
      if (this.draining.aborted && this.#literal === undefined) throw new Draining("the server drains");
      const arrived = await this.#arrival(Math.max(1, by - this.ticks()), wake);
      if (arrived === undefined) {
        if (wake === undefined) continue;
        return undefined;
      }
      if ("error" in arrived) throw arrived.error;
      if (arrived.octets === null) return null;
      this.#parser.push(arrived.octets);
    }
  }

  steps: readonly AppendStep[] = [];

  async *literal(): AsyncGenerator<Uint8Array> {
    if (this.#literal === "waiting") continueLine(this.out.gather, "Ready for the message");
    this.#parser.accept();
    for (;;) {
      const step = await this.step(this.limits.idleMs);
      if (step === null || step === undefined) throw new ConnError("closed", "the client left");
      if (step.kind === "fault") {
        this.#literal = undefined;
        throw new BadInput(step.fault);
      }
      const { value } = step;
      if (value.kind === "literal") yield value.octets;
      // A URL behind the octets may be a literal of its own.
      else if (value.kind === "continue") continueLine(this.out.gather, "Ready for the literal");
      else if (value.kind === "literal-end") {
        this.steps = value.steps;
        const more = value.steps.at(-1)?.step === "octets";
        this.#literal = !more ? undefined : value.synchronizing ? "waiting" : "coming";
        return;
      }
    }
  }

  get literalWaits(): boolean {
    return this.#literal === "waiting";
  }

  refuseLiteral(): void {
    if (this.#literal === undefined) return;
    this.#literal = undefined;
    this.#parser.refuse();
  }

  async line(timeoutMs: number, wake?: Promise<void>): Promise<Uint8Array | null | undefined> {
    this.#parser.expectLine();
    const step = await this.step(timeoutMs, wake);
    if (step === null || step === undefined) return step;
    if (step.kind === "fault") throw new BadInput(step.fault);
    if (step.value.kind !== "line") throw new Error(`Cannot use ${step.value.kind}: a line was expected`);
    return step.value.octets;
  }

  use(conn: Conn): void {
    this.#conn = conn;
  }

  get pending(): number {
    return this.#parser.pending;
  }

  configure(): void {
    const session = this.session();
    const limits = session.identity === undefined ? this.limits.beforeLogin : this.limits.afterLogin;
    this.#parser.configure({ limits, mode: session.mode });
  }

  [Symbol.dispose](): void {
    this.draining.removeEventListener("abort", this.#onDrain);
  }

  #note(step: Heard): Heard {
    if (step.kind === "item" && step.value.kind === "append") {
      this.#literal = step.value.synchronizing ? "waiting" : "coming";
    }
    return step;
  }

  /** What a read brought; undefined when something else ended the wait, the read then goes on. */
  async #arrival(timeoutMs: number, wake: Promise<void> | undefined): Promise<Arrived | undefined> {
    if (!this.#reading) {
      this.#reading = true;
      this.#conn.read(timeoutMs).then((octets) => this.#end({ octets }), (error) => this.#end({ error }));
    }
    if (this.#arrived === undefined) {
      await new Promise<void>((resolve) => {
        this.#stir = resolve;
        wake?.then(resolve);
        if (this.draining.aborted && this.#literal === undefined) resolve();
      });
      this.#stir = undefined;
    }
    const arrived = this.#arrived;
    this.#arrived = undefined;
    return arrived;
  }

  #end(arrived: Arrived): void {
    this.#reading = false;
    this.#arrived = arrived;
    this.#stir?.();
  }
}
