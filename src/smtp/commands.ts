import type { AuthOrigin, SaslSession } from "../core/auth.ts";
import type { Fault } from "../core/step.ts";
import { authRefusal, challenge, countsAsFailure } from "./authenticate.ts";
import { type Command, COMMANDS } from "./command.ts";
import type { Context } from "./context.ts";
import { announce } from "./extensions.ts";
import { formatPath } from "./grammar/path.ts";
import type { Messages } from "./messages.ts";
import { ownsSender, resolveRecipient } from "./recipients.ts";
import { faultReply, REPLIES, type Reply, reply } from "./reply.ts";
import { authenticated, ended, FRESH, greeted, may, opened, withRecipient } from "./session.ts";

/** Does what commands ask for, once they may run. */
export class Commands {
  readonly #context: Context;
  readonly #messages: Messages;
  #exchange: { readonly sasl: SaslSession; readonly mechanism: string } | undefined;
  /** True once a MAIL was accepted. */
  mailSeen = false;

  constructor(context: Context, messages: Messages) {
    this.#context = context;
    this.#messages = messages;
  }

  /** True while nothing is under way that a drain should let end. */
  get idle(): boolean {
    return this.#exchange === undefined && this.#context.session.transaction === undefined &&
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
    // Any refusal of DATA ends the transaction: nothing of it may leak into the next.
    if (command.name === "DATA") await this.#messages.drop();
    await context.answer(command.name, refusal);
  }

  /** A line that was no command, or no response. */
  async fault(fault: Fault): Promise<void> {
    const context = this.#context;
    const broken = faultReply(fault);
    if (this.#exchange !== undefined) {
      context.authFailures++;
      // RFC 4954 §4: a response that is too long has a status of its own.
      const long = fault.rule === "line too long";
      return await this.#authEnds("malformed", long ? reply(500, "5.5.6", fault.text) : broken);
    }
    await context.answer("?", broken);
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
        return await this.#mail(command);
      case "RCPT":
        return await this.#rcpt(command);
      case "DATA":
        return await this.#messages.data(context.session.transaction!);
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
        return await context.answer("VRFY", REPLIES.cannotVerify);
      case "EXPN":
        return await context.answer("EXPN", REPLIES.noExpn);
      case "STARTTLS":
        return await this.#startTls();
      case "AUTH":
        return await this.#auth(command.mechanism, command.initial);
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
    const { role, limits, startTls } = context;
    const mechanisms = context.session.identity === undefined ? context.mechanisms : [];
    await context.answer(verb, reply(250, "", announce(hostname, { role, limits, startTls, mechanisms })));
  }

  async #mail(command: Extract<Command, { readonly name: "MAIL" }>): Promise<void> {
    const context = this.#context;
    const { identity } = context.session;
    if (identity !== undefined && context.limits.senderMustMatch) {
      try {
        if (!await ownsSender(context.services.directory, identity, command.from.address)) {
          return await context.answer("MAIL", REPLIES.notYours);
        }
      } catch (thrown) {
        context.failed("mail", thrown);
        return await context.answer("MAIL", REPLIES.unavailable);
      }
    }
    this.mailSeen = true;
    context.session = opened(context.session, command.from, command.parameters);
    await context.answer("MAIL", REPLIES.senderOk);
  }

  async #rcpt(command: Extract<Command, { readonly name: "RCPT" }>): Promise<void> {
    const context = this.#context;
    const { directory, hostname } = context.services;
    const { local, domain } = command.to.address!;
    // RFC 5321 §4.5.1: a postmaster without a domain is ours.
    const address = { local, domain: domain === "" ? hostname.toLowerCase() : domain };
    const size = context.session.transaction!.parameters.size;
    const known = context.role === "submission" || context.session.identity !== undefined;
    let found;
    try {
      found = await resolveRecipient(directory, address, size, known);
    } catch (thrown) {
      context.failed("rcpt", thrown);
      found = { ok: false, reason: "unavailable", reply: REPLIES.unavailable } as const;
    }
    if (found.ok) {
      context.session = withRecipient(context.session, { path: command.to, targets: found.targets });
      return await context.answer("RCPT", REPLIES.recipientOk);
    }
    context.services.emit("smtp.rcpt.refused", {
      session: context.conn.id,
      recipient: formatPath(address),
      reason: found.reason,
      reply: found.reply.code,
    });
    await context.answer("RCPT", found.reply);
    if (found.reply.code >= 500 && ++context.refusedRecipients >= context.limits.refusedRecipients) {
      await context.hangUp(REPLIES.tooManyUnknown);
    }
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

  async #auth(mechanism: string, initial: Uint8Array | undefined): Promise<void> {
    const context = this.#context;
    const origin: AuthOrigin = {
      session: context.conn.id,
      protocol: "smtp",
      remote: context.conn.remote.address,
      tls: context.conn.tls,
    };
    const sasl = context.services.auth.begin(mechanism, origin);
    if (sasl === undefined) return await context.answer("AUTH", REPLIES.noMechanism);
    this.#exchange = { sasl, mechanism };
    await this.#respond(initial);
  }

  /** The client's next response in an exchange; undefined: it cancels (RFC 4954 §4). */
  async response(octets: Uint8Array | undefined): Promise<void> {
    if (octets !== undefined) return await this.#respond(octets);
    this.#context.authFailures++;
    await this.#authEnds("cancelled", authRefusal("cancelled"));
  }

  async #respond(octets: Uint8Array | undefined): Promise<void> {
    const context = this.#context;
    const step = await this.#exchange!.sasl.respond(octets);
    if (step.kind === "challenge") {
      context.parser.expectResponse();
      return await context.answer("AUTH", challenge(step.octets));
    }
    const { result } = step;
    if (!result.ok) {
      if (countsAsFailure(result.reason)) context.authFailures++;
      return await this.#authEnds(result.reason, authRefusal(result.reason));
    }
    context.session = authenticated(ended(context.session), result.identity);
    await this.#authEnds("ok", REPLIES.authOk, result.identity.address);
  }

  async #authEnds(reason: string, answer: Reply, address?: string): Promise<void> {
    const context = this.#context;
    const { mechanism } = this.#exchange!;
    this.#exchange = undefined;
    const about = { session: context.conn.id, mechanism, reason };
    context.services.emit("smtp.auth", address === undefined ? about : { ...about, address });
    await context.answer("AUTH", answer);
  }
}
