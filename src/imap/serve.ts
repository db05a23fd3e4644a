/**
 * One IMAP connection from greeting to end (RFC 9051 §3): reads, lets one command run at a time, and answers
 * in one write for all commands that came together.
 */
import { type Conn, ConnError } from "../core/conn.ts";
import { emitBug } from "../core/events.ts";
import { Unavailable } from "../core/failure.ts";
import type { Serve, Services } from "../core/services.ts";
import { capabilityWords } from "./capabilities.ts";
import type { Tagged } from "./command.ts";
import { mayWork, refreshRights } from "./commands/access.ts";
import { capabilityFacts } from "./commands/capability.ts";
import { bad, type Completion, type Context, no, pause } from "./commands/context.ts";
import { Broken } from "./commands/fetch_body.ts";
import { prepare, run } from "./commands/mod.ts";
import { noteOwn, onNotice, tellNotices } from "./commands/notify.ts";
import { updatesAfter } from "./commands/updates.ts";
import { BadInput, Draining, type Heard, Incoming } from "./incoming.ts";
import { Outgoing } from "./outgoing.ts";
import { condition, continueLine, faultLine } from "./reply.ts";
import { type ImapSessionLimits, Session } from "./session.ts";

declare module "../core/events.ts" {
  interface Events {
    /** A connection began. */
    "imap.open": { readonly session: string; readonly remote: string; readonly tls: boolean };
    /** A connection ended: how, and after how many commands. */
    "imap.close": {
      readonly session: string;
      readonly reason: "logout" | "bye" | "client" | "timeout" | "drain" | "broken" | "bug";
      readonly commands: number;
    };
  }
}

/** How a connection ended, as `imap.close` says it. */
type End = "logout" | "bye" | "client" | "timeout" | "drain" | "broken" | "bug";

/** Serves one connection. Never rejects; closes it. */
export const serveImap: Serve<ImapSessionLimits> = async (conn, services) => {
  const runner = new Runner(conn, services);
  const { emit } = services;
  emit("imap.open", { session: conn.id, remote: conn.remote.address, tls: conn.tls !== undefined });
  let end: End;
  try {
    end = await runner.serve();
  } catch (thrown) {
    end = await runner.farewell(thrown);
  } finally {
    runner[Symbol.dispose]();
  }
  if (end === "broken") conn.destroy();
  else await conn.close().catch(() => conn.destroy());
  emit("imap.close", { session: conn.id, reason: end, commands: runner.commands });
};

/** The answer to a command that broke a rule behind its literal. */
function faulty({ fault }: BadInput): Completion {
  if (fault.status === "BAD") return bad(fault.text);
  return fault.code === undefined ? no(fault.text) : no(fault.text, fault.code);
}

/** Commands whose answer cannot wait for what comes behind them. */
const ANSWERS_ITSELF: ReadonlySet<string> = new Set(["COMPRESS", "STARTTLS"]);

/** One connection. */
class Runner implements Disposable {
  commands = 0;
  readonly #out: Outgoing;
  readonly #in: Incoming;
  readonly #cx: Context;

  constructor(readonly conn: Conn, readonly services: Services<ImapSessionLimits>) {
    const { limits } = services;
    this.#out = new Outgoing(conn, limits.gathered);
    const session = new Session();
    const current = () => this.#cx?.session ?? session;
    this.#in = new Incoming(
      conn,
      this.#out,
      limits,
      services.draining,
      current,
      () => services.world.ticks(),
    );
    const loginBy = services.world.ticks() + limits.loginMs;
    this.#cx = {
      session,
      loginBy,
      conn,
      compressed: undefined,
      services,
      out: this.#out,
      input: this.#in,
      tag: "",
    };
  }

  /** Until the client or the session ends it. */
  async serve(): Promise<End> {
    const names = capabilityWords(capabilityFacts(this.#cx));
    condition(this.#out.gather, undefined, "OK", "Malleposte is ready", { code: "CAPABILITY", names });
    let loggedOut = false;
    while (!this.#cx.session.ended) {
      const step = await this.#next();
      if (step === null || step === undefined) return "client";
      const name = await this.#heard(step);
      loggedOut = name === "LOGOUT";
      await this.#out.breathe();
    }
    await this.#out.flush();
    return loggedOut ? "logout" : "bye";
  }

  /** The client's next step. Meanwhile, what NOTIFY chose is told when it happens. */
  async #next(): Promise<Heard | null | undefined> {
    for (;;) {
      if (this.#cx.session.notify === undefined) return await this.#in.step(this.#timeoutMs());
      const { promise, resolve } = Promise.withResolvers<void>();
      using _listening = onNotice(this.#cx, resolve);
      await tellNotices(this.#cx);
      const step = await this.#in.step(this.#timeoutMs(), promise);
      if (step !== undefined) return step;
    }
  }

  /** Says BYE where that is still possible. */
  async farewell(thrown: unknown): Promise<End> {
    const end = this.#reason(thrown);
    const texts: Partial<Record<End, string>> = {
      timeout: "Idle for too long",
      drain: "The server is shutting down",
      bug: "Internal error",
    };
    const text = texts[end];
    if (text === undefined) return end;
    if (end === "bug") emitBug(this.services.emit, "imap.serve", thrown, this.conn.id);
    try {
      condition(
        this.#out.gather,
        undefined,
        "BYE",
        text,
        end === "drain" ? { code: "UNAVAILABLE" } : undefined,
      );
      await this.#out.flush();
      return end;
    } catch {
      return "broken";
    }
  }

  [Symbol.dispose](): void {
    this.#cx.session[Symbol.dispose]();
    this.#cx.compressed?.[Symbol.dispose]();
    this.#in[Symbol.dispose]();
  }

  #reason(thrown: unknown): End {
    if (thrown instanceof Draining) return "drain";
    if (thrown instanceof Broken) return "broken";
    if (!(thrown instanceof ConnError)) return "bug";
    return thrown.reason === "timeout" ? "timeout" : thrown.reason === "closed" ? "client" : "broken";
  }

  #timeoutMs(): number {
    const { limits, world } = this.services;
    if (this.#cx.session.identity !== undefined) return limits.idleMs;
    return Math.max(1, this.#cx.loginBy - world.ticks());
  }

  /** Handles one step; gives the name of a command that completed. */
  async #heard(step: Heard): Promise<string | undefined> {
    if (step.kind === "fault") {
      faultLine(this.#out.gather, step.fault);
      if (step.fault.fatal) this.#cx.session.ended = true;
      else if (step.fault.status === "BAD") await this.#punish();
      return undefined;
    }
    const { value } = step;
    switch (value.kind) {
      case "continue":
        continueLine(this.#out.gather, "Ready for the literal");
        return undefined;
      case "command":
        return await this.#command(value.tagged);
      case "append":
        return await this.#command({ tag: value.tag, command: value.command });
      case "literal":
      case "literal-end":
      case "line":
        throw new Error(`Cannot use ${value.kind}: no command asked for it`);
      default:
        return value satisfies never;
    }
  }

  async #command(tagged: Tagged): Promise<string> {
    this.commands++;
    this.#cx.tag = tagged.tag;
    const completion = await this.#complete(tagged);
    // What a command left of its literal belongs to nobody.
    this.#in.refuseLiteral();
    const { session } = this.#cx;
    if (completion !== undefined) {
      condition(this.#out.gather, tagged.tag, completion.status, completion.text, completion.code);
      if (completion.status === "BAD") await this.#punish();
      else if (session.identity !== undefined) session.badCommands = 0;
    } else if (!ANSWERS_ITSELF.has(tagged.command.name)) session.ended = true;
    if (session.refusedLogins >= this.services.limits.authTries) this.#bye("Too many refused logins");
    return tagged.command.name;
  }

  /** The tagged answer, with what must be told before it already gathered. */
  async #complete(tagged: Tagged): Promise<Completion | undefined> {
    try {
      const meant = await prepare(this.#cx, tagged);
      if ("status" in meant) return meant;
      await refreshRights(this.#cx, meant.command);
      const completion = mayWork(this.#cx, meant.command) ?? await run(this.#cx, meant);
      if (completion?.status === "OK") noteOwn(this.#cx, meant.command);
      if (completion !== undefined && completion.status !== "BAD") await updatesAfter(this.#cx, meant);
      return completion;
    } catch (thrown) {
      if (thrown instanceof BadInput && thrown.fault.fatal) {
        // Its framing is lost: the parser hears nothing any more.
        faultLine(this.#out.gather, thrown.fault);
        return undefined;
      }
      if (thrown instanceof BadInput) return faulty(thrown);
      if (thrown instanceof Unavailable) return no("Try again later", { code: "UNAVAILABLE" });
      if (thrown instanceof ConnError || thrown instanceof Draining || thrown instanceof Broken) throw thrown;
      emitBug(this.services.emit, `imap.${tagged.command.name}`, thrown, this.conn.id);
      return no("Internal error", { code: "SERVERBUG" });
    }
  }

  /** Bad commands cost time, and in the end the connection. After login a good one makes up for them. */
  async #punish(): Promise<void> {
    const { session } = this.#cx;
    const { limits } = this.services;
    session.badCommands++;
    const most = session.identity === undefined ? limits.badBeforeLogin : limits.badAfterLogin;
    if (session.badCommands >= most) return this.#bye("Too many bad commands");
    if (session.badCommands < limits.badDelayFrom) return;
    await this.#out.flush();
    await pause(limits.badDelayMs);
  }

  #bye(text: string): void {
    condition(this.#out.gather, undefined, "BYE", text);
    this.#cx.session.ended = true;
  }
}
