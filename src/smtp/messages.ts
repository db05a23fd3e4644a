import type { StagedMessage } from "../core/store.ts";
import type { Context } from "./context.ts";
import type { DataDefect } from "./data.ts";
import { deliver } from "./deliver.ts";
import { formatPath } from "./grammar/path.ts";
import { Reception } from "./receive.ts";
import { closes, REPLIES, type Reply, reply } from "./reply.ts";
import { ended, may, type Transaction, withChunking } from "./session.ts";
import { traceFields } from "./trace.ts";

/** DATA and BDAT: takes messages in, has them delivered, answers. */
export class Messages implements AsyncDisposable {
  readonly #context: Context;
  #reception: Reception | undefined;
  /** The chunk whose octets are coming; undefined while DATA's do. */
  #chunk: { readonly last: boolean; readonly refusal: Reply | undefined } | undefined;
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
    this.#chunk = { last: command.last, refusal };
    if (refusal !== undefined) return await this.drop();
    const transaction = context.session.transaction!;
    if (!transaction.chunking) {
      context.session = withChunking(context.session);
      await this.#begin(transaction);
    }
    if (this.#reception!.octets + command.size > context.limits.messageSize) {
      await this.#reception!.refuse(REPLIES.tooBig);
    }
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
    if (chunk?.refusal !== undefined) return await context.answer("BDAT", chunk.refusal);
    const reception = this.#reception!;
    const transaction = context.session.transaction!;
    if (chunk !== undefined && !chunk.last) {
      if (reception.refusal === undefined) {
        return await context.answer("BDAT", reply(250, "2.0.0", `${reception.octets} octets received`));
      }
      const { refusal } = reception;
      await this.drop();
      return await context.answer("BDAT", refusal);
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
    const { conn, services, session, role, secure } = this.#context;
    this.#id = `${this.#atom}-${++this.#begun}`;
    this.#startedAt = services.world.ticks();
    const trace = traceFields({
      role,
      hello: session.hello,
      secure,
      authenticated: session.identity !== undefined,
      remote: conn.remote,
      hostname: services.hostname,
      id: this.#id,
      transaction,
      now: services.world.now(),
    });
    const failed = (thrown: unknown) => this.#context.failed("receive", thrown);
    return this.#reception = await Reception.begin(services.store, services.limits, trace, failed);
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
      : await this.#deliver(message, transaction, !perRecipient);
    this.#report(transaction, reception.octets, outcomes);
    const answers = perRecipient ? outcomes : [outcomes.find((outcome) => outcome !== undefined)];
    return answers.map((outcome) => outcome ?? reply(250, "2.0.0", `Delivered as ${this.#id}`));
  }

  async #deliver(
    message: StagedMessage,
    transaction: Transaction,
    atomic: boolean,
  ): Promise<readonly (Reply | undefined)[]> {
    try {
      return await deliver(this.#context.services.store, message, transaction.recipients, atomic);
    } catch (thrown) {
      this.#context.failed("deliver", thrown);
      return transaction.recipients.map(() => REPLIES.unavailable);
    }
  }

  #report(transaction: Transaction, size: number, outcomes: readonly (Reply | undefined)[]): void {
    const { conn, services } = this.#context;
    const about = { session: conn.id, id: this.#id, from: formatPath(transaction.from.address) };
    const accepted = outcomes.filter((outcome) => outcome === undefined).length;
    if (accepted > 0) {
      const took = services.world.ticks() - this.#startedAt;
      services.emit("smtp.message.accepted", { ...about, recipients: accepted, size, took });
    }
    for (const outcome of new Set(outcomes)) {
      if (outcome === undefined) continue;
      services.emit("smtp.message.refused", { ...about, reply: outcome.code, status: outcome.status });
    }
  }
}
