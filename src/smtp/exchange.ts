/** AUTH (RFC 4954): one exchange after the other on a connection. */
import type { AuthOrigin, SaslSession } from "../core/auth.ts";
import type { Fault } from "../core/step.ts";
import { authRefusal, challenge, countsAsFailure } from "./authenticate.ts";
import type { Context } from "./context.ts";
import { faultReply, REPLIES, type Reply, reply } from "./reply.ts";
import { authenticated, ended } from "./session.ts";

/** The exchange of a connection, while one runs. */
export class Exchange {
  readonly #context: Context;
  #running: { readonly sasl: SaslSession; readonly mechanism: string } | undefined;

  constructor(context: Context) {
    this.#context = context;
  }

  /** True while the client owes a response. */
  get running(): boolean {
    return this.#running !== undefined;
  }

  /** AUTH, once it may run. */
  async begin(mechanism: string, initial: Uint8Array | undefined): Promise<void> {
    const context = this.#context;
    const origin: AuthOrigin = {
      session: context.conn.id,
      protocol: "smtp",
      remote: context.remote.address,
      tls: context.conn.tls,
    };
    const sasl = context.services.auth.begin(mechanism, origin);
    if (sasl === undefined) return await context.answer("AUTH", REPLIES.noMechanism);
    this.#running = { sasl, mechanism };
    await this.#respond(initial);
  }

  /** The client's next response; undefined: it cancels (RFC 4954 §4). */
  async response(octets: Uint8Array | undefined): Promise<void> {
    if (octets !== undefined) return await this.#respond(octets);
    this.#context.authFailures++;
    await this.#end("cancelled", authRefusal("cancelled"));
  }

  /** A response that could not be read. */
  async fault(fault: Fault): Promise<void> {
    this.#context.authFailures++;
    // RFC 4954 §4: a response that is too long has a status of its own.
    const long = fault.rule === "line too long";
    await this.#end("malformed", long ? reply(500, "5.5.6", fault.text) : faultReply(fault));
  }

  async #respond(octets: Uint8Array | undefined): Promise<void> {
    const context = this.#context;
    const step = await this.#running!.sasl.respond(octets);
    if (step.kind === "challenge") {
      context.parser.expectResponse();
      return await context.answer("AUTH", challenge(step.octets));
    }
    const { result } = step;
    if (!result.ok) {
      if (countsAsFailure(result.reason)) context.authFailures++;
      return await this.#end(result.reason, authRefusal(result.reason));
    }
    context.session = authenticated(ended(context.session), result.identity);
    await this.#end("ok", REPLIES.authOk, result.identity.address);
  }

  async #end(reason: string, answer: Reply, address?: string): Promise<void> {
    const context = this.#context;
    const { mechanism } = this.#running!;
    this.#running = undefined;
    const about = { session: context.conn.id, mechanism, reason };
    context.services.emit("smtp.auth", address === undefined ? about : { ...about, address });
    await context.answer("AUTH", answer);
  }
}
