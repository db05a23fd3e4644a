import type { Fault } from "../core/step.ts";
import { type Command, COMMANDS, type PeerAttributes } from "./command.ts";
import type { Context } from "./context.ts";
import { addRecipient, openTransaction } from "./envelope.ts";
import { Exchange } from "./exchange.ts";
import { announce } from "./extensions.ts";
import { inquire, startQueue } from "./inquiries.ts";
import type { Messages } from "./messages.ts";
import { note, speakFor } from "./peer.ts";
import { faultReply, REPLIES, reply } from "./reply.ts";
import { FRESH, greeted, may } from "./session.ts";

/** Does what commands ask for, once they may run. */
export class Commands {
  readonly #context: Context;
  readonly #messages: Messages;
  readonly #exchange: Exchange;
  /** True once a MAIL was accepted. */
  mailSeen = false;

  constructor(context: Context, messages: Messages) {
    this.#context = context;
    this.#messages = messages;
    this.#exchange = new Exchange(context);
  }

  /** True while nothing is under way that a drain should let end. */
  get idle(): boolean {
    return !this.#exchange.running && this.#context.session.transaction === undefined &&
      !this.#context.parser.receiving;
  }

  /** Runs a command: may it? – then – do it. */
  async run(command: Command): Promise<void> {
    const context = this.#context;
    if (context.draining && this.idle) return await context.hangUp(REPLIES.draining);
    if (COMMANDS[command.name].idle && ++context.idleCommands > context.limits.idleCommands) {
      return await context.hangUp(REPLIES.tooManyIdle);
    }
    if (command.name === "BDAT") return await this.#messages.chunk(command);
    const refusal = may(command, context.session, context);
    if (refusal === undefined) return await this.#do(command);
    // Any refusal of DATA or BURL ends the transaction: nothing of it may leak into the next.
    if (command.name === "DATA" || command.name === "BURL") await this.#messages.drop();
    await context.answer(command.name, refusal);
  }

  /** A line that was no command, or no response. */
  async fault(fault: Fault): Promise<void> {
    const context = this.#context;
    if (this.#exchange.running) return await this.#exchange.fault(fault);
    await context.answer("?", faultReply(fault));
    if (fault.fatal) context.close(fault.rule);
  }

  async #do(command: Exclude<Command, { readonly name: "BDAT" }>): Promise<void> {
    const context = this.#context;
    switch (command.name) {
      case "EHLO":
      case "LHLO":
      case "HELO":
        return await this.#hello(command.name, command.domain);
      case "MAIL":
        if (await openTransaction(context, command)) this.mailSeen = true;
        return;
      case "RCPT":
        return await addRecipient(context, command);
      case "DATA":
        return await this.#messages.data(context.session.transaction!);
      case "BURL":
        return await this.#messages.fetched(command);
      case "RSET":
        await this.#messages.drop();
        return await context.answer("RSET", REPLIES.ok);
      case "NOOP":
        return await context.answer("NOOP", REPLIES.ok);
      case "QUIT":
        return await context.answer("QUIT", REPLIES.bye);
      case "HELP":
        return await context.answer("HELP", REPLIES.help);
      case "VRFY":
      case "EXPN":
      case "ETRN":
        return await this.#inquire(command.name, command.text);
      case "XCLIENT":
        return await this.#speakFor(command.attributes);
      case "XFORWARD":
        return await context.answer("XFORWARD", note(context, command.attributes));
      case "STARTTLS":
        return await this.#startTls();
      case "AUTH":
        return await this.#exchange.begin(command.mechanism, command.initial);
      default:
        return command satisfies never;
    }
  }

  async #hello(verb: "EHLO" | "HELO" | "LHLO", name: string): Promise<void> {
    const context = this.#context;
    await this.#messages.drop();
    context.session = greeted(context.session, name, verb !== "HELO");
    const { hostname } = context.services;
    if (verb === "HELO") return await context.answer(verb, reply(250, "", `${hostname} greets you`));
    await context.answer(verb, reply(250, "", announce(hostname, context.offer)));
  }

  /** RFC 3207 §4. What was sent behind STARTTLS in clear must not count as sent within TLS (CVE-2011-0411). */
  async #startTls(): Promise<void> {
    const context = this.#context;
    const { conn, services } = context;
    await context.link.flush();
    if (!context.parser.empty || conn.buffered > 0) {
      services.emit("smtp.starttls.injection", { session: conn.id });
      return context.close("starttls injection");
    }
    // No wait between the look at the buffer, the reply and the upgrade: nothing can slip in between.
    const written = context.link.put(REPLIES.startTls) ?? context.link.flush();
    const upgraded = conn.startTls();
    await Promise.all([written, upgraded]);
    context.session = FRESH;
    const tls = conn.tls;
    if (tls === undefined) return context.close("no TLS");
    services.emit("smtp.starttls", { session: conn.id, version: tls.version, cipher: tls.cipher });
  }

  /** The client's next response in an exchange; undefined: it cancels. */
  async response(octets: Uint8Array | undefined): Promise<void> {
    await this.#exchange.response(octets);
  }

  async #inquire(verb: "VRFY" | "EXPN" | "ETRN", text: string): Promise<void> {
    const context = this.#context;
    try {
      const found = verb === "ETRN" ? startQueue(context, text) : inquire(context, verb, text);
      await context.answer(verb, await found);
    } catch (thrown) {
      context.failed(verb.toLowerCase(), thrown);
      await context.answer(verb, REPLIES.unavailable);
    }
  }

  async #speakFor(attributes: PeerAttributes): Promise<void> {
    const context = this.#context;
    try {
      await context.answer("XCLIENT", await speakFor(context, attributes));
    } catch (thrown) {
      context.failed("xclient", thrown);
      await context.answer("XCLIENT", REPLIES.unavailable);
    }
  }
}
