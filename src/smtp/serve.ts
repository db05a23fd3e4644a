import { type Conn, ConnError } from "../core/conn.ts";
import type { Services } from "../core/services.ts";
import { Commands } from "./commands.ts";
import { Context } from "./context.ts";
import type { SmtpLimits } from "./limits.ts";
import { Messages } from "./messages.ts";
import type { Item } from "./parser.ts";
import { REPLIES, type Reply, reply } from "./reply.ts";
import type { Role } from "./session.ts";

/** Serves one SMTP connection to its end. Never rejects; closes the connection. */
export function serveSmtp(
  conn: Conn,
  services: Services<SmtpLimits>,
  options: { readonly kind: "mx" | "submission" },
): Promise<void> {
  return serveRole(conn, services, options.kind);
}

/** Serves one connection of any role to its end. Never rejects; closes the connection. */
export async function serveRole(conn: Conn, services: Services<SmtpLimits>, role: Role): Promise<void> {
  const context = new Context(conn, services, role);
  const { emit } = services;
  emit("smtp.connected", { session: conn.id, role, remote: conn.remote.address });
  const messages = new Messages(context);
  try {
    await new Server(context, messages).run();
    await context.link.flush();
  } catch (thrown) {
    if (thrown instanceof ConnError) context.close(thrown.reason);
    else {
      context.failed("serve", thrown);
      context.close("bug");
      await sayGoodbye(conn);
    }
  }
  context.link[Symbol.dispose]();
  await messages[Symbol.asyncDispose]();
  try {
    await conn.close();
  } catch {
    conn.destroy();
  }
  const { messages: count, closing } = context;
  emit("smtp.closed", { session: conn.id, role, reason: closing ?? "eof", messages: count });
}

async function sayGoodbye(conn: Conn): Promise<void> {
  try {
    await conn.write(new TextEncoder().encode("421 4.3.0 Something broke here, closing\r\n"));
  } catch {
    conn.destroy();
  }
}

/** The loop of one connection: reads within the deadlines, and hands on what the parser finds. */
class Server {
  readonly #context: Context;
  readonly #messages: Messages;
  readonly #commands: Commands;
  readonly #startedAt: number;
  /** Milliseconds that we waited for octets of the running message, and how many came. */
  #waited = 0;
  #received = 0;
  /** Since when a begun command line waits for its end. */
  #lineSince: number | undefined;

  constructor(context: Context, messages: Messages) {
    this.#context = context;
    this.#messages = messages;
    this.#commands = new Commands(context, messages);
    this.#startedAt = context.services.world.ticks();
  }

  async run(): Promise<void> {
    const context = this.#context;
    const { hostname } = context.services;
    const protocol = context.role === "lmtp" ? "LMTP" : "ESMTP";
    if (context.draining) return await context.hangUp(REPLIES.draining);
    await context.link.put(reply(220, "", `${hostname} ${protocol} ready`));
    while (context.closing === undefined) {
      const step = context.parser.next();
      if (step.kind === "item") await this.#take(step.value);
      else if (step.kind === "fault") await this.#commands.fault(step.fault);
      else await this.#read();
    }
  }

  #take(item: Item): Promise<void> | undefined {
    switch (item.kind) {
      case "command":
        return this.#commands.run(item.command);
      case "response":
        return this.#commands.response(item.octets);
      case "content":
        return this.#messages.content(item.octets);
      case "end":
        return this.#messages.end(item.defect);
      default:
        return item satisfies never;
    }
  }

  async #read(): Promise<void> {
    const context = this.#context;
    const { receiving } = context.parser;
    await context.link.flush();
    if (context.session.transaction === undefined && !receiving) this.#waited = this.#received = 0;
    const [timeout, tooLate] = receiving ? this.#dataDeadline() : this.#commandDeadline();
    if (timeout <= 0) return await context.hangUp(tooLate);
    const { ticks } = context.services.world;
    const from = ticks();
    try {
      const octets = await context.link.read(timeout, this.#commands.idle);
      if (octets === "draining") return await context.hangUp(REPLIES.draining);
      if (octets === null) return context.close("eof");
      if (receiving) {
        this.#waited += ticks() - from;
        this.#received += octets.length;
      }
      context.parser.push(octets);
    } catch (thrown) {
      if (!(thrown instanceof ConnError) || thrown.reason !== "timeout") throw thrown;
      await context.hangUp(tooLate);
    }
  }

  #commandDeadline(): [timeout: number, tooLate: Reply] {
    const { limits, services, parser } = this.#context;
    const now = services.world.ticks();
    // A line that drips in must not get a new deadline with each octet.
    this.#lineSince = parser.empty ? undefined : this.#lineSince ?? now;
    const left = limits.idle - (now - (this.#lineSince ?? now));
    if (this.#commands.mailSeen) return [left, REPLIES.idle];
    return [Math.min(left, limits.firstMail - (now - this.#startedAt)), REPLIES.idle];
  }

  /** So long that the message has come at the least rate, on average, once the grace is used up. */
  #dataDeadline(): [timeout: number, tooLate: Reply] {
    const { limits } = this.#context;
    const left = limits.dataGrace + this.#received * 1000 / limits.dataRate - this.#waited;
    return left < limits.idle ? [left, REPLIES.tooSlow] : [limits.idle, REPLIES.idle];
  }
}
