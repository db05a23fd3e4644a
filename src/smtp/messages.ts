import type { MailAddress } from "../core/directory.ts";
import { type Outbound, SentTooMuch } from "../core/outbound.ts";
import type { StagedMessage } from "../core/store.ts";
import type { Context } from "./context.ts";
import type { DataDefect } from "./data.ts";
import { deliver } from "./deliver.ts";
import { formatPath } from "./grammar/path.ts";
import { Inspection } from "./inspect.ts";
import { forwardsThrough, leaves, planOf, priorityOf } from "./outbound.ts";
import { Reception } from "./receive.ts";
import { closes, REPLIES, type Reply, reply } from "./reply.ts";
import { ended, may, type Transaction, withChunking } from "./session.ts";
import { traceFields } from "./trace.ts";
import { append } from "./url_content.ts";

/** DATA and BDAT: takes messages in, has them delivered, answers. */
export class Messages implements AsyncDisposable {
  readonly #context: Context;
  #reception: Reception | undefined;
  /** The chunk whose octets are coming; undefined while DATA's do. */
  #chunk: { readonly verb: string; readonly last: boolean; readonly refusal: Reply | undefined } | undefined;
  /** Octets of refused chunks on this connection. */
  #dropped = 0;
  /** The connection's id as an Atom (RFC 5321 §4.4 ID): nothing else gets into the trace field. */
  readonly #atom: string;
  #begun = 0;
  #id = "";
  #startedAt = 0;

  constructor(context: Context) {
    this.#context = context;
    this.#atom = context.conn.id.slice(0, 64).replaceAll(/[^A-Za-z0-9-]/gu, "-");
  }

  /** DATA, once it may run. */
  async data(transaction: Transaction): Promise<void> {
    const context = this.#context;
    const reception = await this.#begin(transaction);
    if (reception.refusal !== undefined) {
      await this.drop();
      return await context.answer("DATA", reception.refusal);
    }
    this.#chunk = undefined;
    context.parser.expectData();
    await context.answer("DATA", REPLIES.startData);
  }

  /** BDAT. Its octets come whatever the answer is; a refused chunk takes the transaction with it. */
  async chunk(
    command: { readonly name: "BDAT"; readonly size: number; readonly last: boolean },
  ): Promise<void> {
    const context = this.#context;
    const refusal = may(command, context.session, context);
    this.#chunk = { verb: "BDAT", last: command.last, refusal };
    if (refusal !== undefined) return await this.drop();
    const reception = await this.#chunked();
    if (!reception.fits(command.size)) await reception.refuse(REPLIES.tooBig);
  }

  /** BURL, once it may run: a chunk that a URL stands for. */
  async fetched({ url, last }: { readonly url: string; readonly last: boolean }): Promise<void> {
    const context = this.#context;
    const reception = await this.#chunked();
    try {
      const refusal = await append(context.services.urls!, url, context.session.identity!, reception);
      if (refusal !== undefined) await reception.refuse(refusal);
    } catch (thrown) {
      context.failed("burl", thrown);
      await reception.refuse(REPLIES.unavailable);
    }
    this.#chunk = { verb: "BURL", last, refusal: undefined };
    await this.end(undefined);
  }

  /** The message that chunks make, begun with the first. */
  async #chunked(): Promise<Reception> {
    const context = this.#context;
    const transaction = context.session.transaction!;
    if (transaction.chunking) return this.#reception!;
    context.session = withChunking(context.session);
    return await this.#begin(transaction);
  }

  /** Octets of a message. A promise when the caller must wait. */
  content(octets: Uint8Array): Promise<void> | undefined {
    const reception = this.#reception;
    if (reception === undefined) {
      this.#dropped += octets.length;
      return this.#dropped > this.#context.limits.discardedOctets
        ? this.#context.hangUp(REPLIES.tooMuch)
        : undefined;
    }
    const wait = reception.write(octets);
    return reception.hopeless ? this.#context.hangUp(REPLIES.tooMuch) : wait;
  }

  /** The end of DATA's message, or of a chunk. */
  async end(defect: DataDefect | undefined): Promise<void> {
    const context = this.#context;
    const chunk = this.#chunk;
    this.#chunk = undefined;
    if (chunk?.refusal !== undefined) return await context.answer(chunk.verb, chunk.refusal);
    const reception = this.#reception!;
    const transaction = context.session.transaction!;
    if (chunk !== undefined && !chunk.last) {
      if (reception.refusal === undefined) {
        return await context.answer(chunk.verb, reply(250, "2.0.0", `${reception.octets} octets received`));
      }
      const { refusal } = reception;
      await this.drop();
      return await context.answer(chunk.verb, refusal);
    }
    const replies = await this.#complete(reception, transaction, defect);
    await this.drop();
    context.messages++;
    context.idleCommands = 0;
    for (const what of replies) {
      await context.link.put(what);
      if (closes(what)) context.close(what.status);
    }
  }

  /** Drops the transaction and what came of its message. */
  async drop(): Promise<void> {
    const reception = this.#reception;
    this.#reception = undefined;
    this.#context.session = ended(this.#context.session);
    await reception?.[Symbol.asyncDispose]();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.drop();
  }

  async #begin(transaction: Transaction): Promise<Reception> {
    const context = this.#context;
    const { services, session, role, secure, remote, limits } = context;
    this.#id = `${this.#atom}-${++this.#begun}`;
    this.#startedAt = services.world.ticks();
    const trace = traceFields({
      role,
      hello: session.hello,
      secure,
      authenticated: session.identity !== undefined,
      remote,
      hostname: services.hostname,
      id: this.#id,
      transaction,
      priority: priorityOf(transaction.parameters, context.trusted),
      now: services.world.now(),
    });
    const failed = (thrown: unknown) => context.failed("receive", thrown);
    const inspection = this.#inspection(transaction);
    return this.#reception = await Reception.begin(services.store, limits, trace, failed, inspection);
  }

  /** Submissions are held to rules, and what leaves is looked at; mail from outside for us passes untouched. */
  #inspection(transaction: Transaction): Inspection | undefined {
    const { services, session: { identity }, limits } = this.#context;
    if (identity === undefined) return leaves(transaction) ? new Inspection(services, undefined) : undefined;
    const { smtputf8 } = transaction.parameters;
    return new Inspection(services, { identity, smtputf8, fromMustMatch: limits.fromMustMatch });
  }

  /** Finishes and delivers; one reply, in LMTP one for each recipient (RFC 2033 §4.2). */
  async #complete(
    reception: Reception,
    transaction: Transaction,
    defect: DataDefect | undefined,
  ): Promise<readonly Reply[]> {
    const { recipients } = transaction;
    const perRecipient = this.#context.role === "lmtp";
    const message = await reception.finish(defect);
    const outcomes = message === undefined
      ? recipients.map(() => reception.refusal)
      : await this.#deliver(message, transaction, reception, !perRecipient);
    this.#report(transaction, message?.blob ?? "", reception.octets, outcomes);
    const answers = perRecipient ? outcomes : [outcomes.find((outcome) => outcome !== undefined)];
    return answers.map((outcome) =>
      outcome ?? reply(250, "2.0.0", `${leaves(transaction) ? "Queued" : "Delivered"} as ${this.#id}`)
    );
  }

  async #deliver(
    message: StagedMessage,
    transaction: Transaction,
    { contents }: Reception,
    atomic: boolean,
  ): Promise<readonly (Reply | undefined)[]> {
    const context = this.#context;
    const { services: { store, world, queue, hostname }, session: { identity }, trusted } = context;
    let forwarder: MailAddress | undefined;
    try {
      forwarder = await this.#forwarder(transaction);
    } catch (thrown) {
      context.failed("forward", thrown);
      return transaction.recipients.map(() => REPLIES.unavailable);
    }
    const { here, outbound } = planOf(transaction, {
      forwarder,
      identity,
      trusted,
      session: context.conn.id,
      hostname,
      contents,
      now: world.now(),
      reports: queue?.reports ?? false,
    });
    try {
      const outcomes = await deliver(store, message, here, this.#limited(outbound), atomic);
      // Who is not here now is queued.
      return transaction.recipients.map((_, i) => outcomes[i]);
    } catch (thrown) {
      if (thrown instanceof SentTooMuch) {
        const refusal = thrown.of === "messages" ? REPLIES.tooManySent : REPLIES.tooManyReached;
        return transaction.recipients.map(() => refusal);
      }
      context.failed("deliver", thrown);
      return transaction.recipients.map(() => REPLIES.unavailable);
    }
  }

  /** With what a user may send within an hour: RCPT asked too, but other connections of his may have sent since. */
  #limited(outbound: Outbound | undefined): Outbound | undefined {
    const { session: { identity }, limits: { messagesPerHour, recipientsPerHour } } = this.#context;
    const unlimited = messagesPerHour === Infinity && recipientsPerHour === Infinity;
    if (outbound === undefined || identity === undefined || unlimited) return outbound;
    return outbound.recipients.every(({ here }) => here)
      ? outbound
      : { ...outbound, limit: { messages: messagesPerHour, recipients: recipientsPerHour } };
  }

  /** Under whose name a message goes on that an alias leads elsewhere; undefined: its sender's. */
  async #forwarder(transaction: Transaction): Promise<MailAddress | undefined> {
    const { directory } = this.#context.services;
    const sender = transaction.from.address;
    const through = forwardsThrough(transaction);
    // The postmaster without a domain has none to go through.
    if (sender === undefined || through === undefined || through === "") return undefined;
    return await directory.forwarding?.(sender, through);
  }

  #report(
    transaction: Transaction,
    blob: string,
    size: number,
    outcomes: readonly (Reply | undefined)[],
  ): void {
    const { conn, services } = this.#context;
    const about = { session: conn.id, id: this.#id, from: formatPath(transaction.from.address) };
    const accepted = outcomes.filter((outcome) => outcome === undefined).length;
    if (accepted > 0) {
      const took = services.world.ticks() - this.#startedAt;
      services.emit("smtp.message.accepted", { ...about, blob, recipients: accepted, size, took });
    }
    for (const outcome of new Set(outcomes)) {
      if (outcome === undefined) continue;
      services.emit("smtp.message.refused", { ...about, reply: outcome.code, status: outcome.status });
    }
  }
}
