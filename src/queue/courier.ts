/** Carries messages: finds the way, opens the connection, sends, and sees to it that the result is recorded. */
import type { Emit } from "../core/events.ts";
import { Unavailable } from "../core/failure.ts";
import type {
  Destination,
  HopConnection,
  HopResult,
  OutboundEnvelope,
  OutboundMessage,
  Reacher,
  Router,
  Signer,
} from "../core/outbound.ts";
import type { World } from "../core/world.ts";
import type { Here } from "./here.ts";
import type { QueueLimits } from "./limits.ts";
import { type BlobReader, outgoing } from "./octets.ts";
import { type Hop, isStuck, isTrouble, resultOf, suppressedResult } from "./outcome.ts";
import type { Recorder } from "./recorder.ts";
import { inSevenBits, needsConversion } from "./seven_bit.ts";
import { signed } from "./signed.ts";
import { envelopeFor } from "./verp.ts";
import type { QueuedMessage, Recipient, Supply, Unit } from "./work.ts";

/** What a courier works with. */
export interface CourierOptions {
  readonly router: Router;
  readonly reacher: Reacher;
  readonly signer?: Signer;
  readonly here: Here | undefined;
  readonly reader: BlobReader;
  readonly recorder: Recorder;
  readonly supply: Supply;
  readonly world: World;
  readonly emit: Emit;
  readonly limits: QueueLimits;
  readonly random: (n: number) => Uint8Array;
  /** Fires when connections are to be dropped. */
  readonly signal: AbortSignal;
}

/** What became of a unit. */
export interface Told {
  /** The next hop took a transaction, whatever it said of recipients. */
  readonly sent: boolean;
  /** No connection could be had, and `back` has not been tried. */
  readonly stuck: HopResult | undefined;
  readonly back: Unit;
  /** The next hop is in trouble; what failed is recorded. */
  readonly trouble: HopResult | undefined;
}

/** Recipients that go the same way. */
interface Group {
  readonly to: Destination;
  readonly recipients: Recipient[];
}

/** Nowhere yet. */
const HERE: Hop = { host: undefined, security: undefined, protocol: "smtp" };

/** Makes trips. */
export class Courier {
  readonly options: CourierOptions;

  constructor(options: CourierOptions) {
    this.options = options;
  }

  /** A connection's life, before it is opened. */
  trip(): Trip {
    return new Trip(this);
  }

  /** Records that a unit's recipients are to be tried later. */
  async defer({ message, recipients }: Unit, result: HopResult): Promise<void> {
    await this.note(message, recipients, recipients.map(() => result), HERE, 0);
  }

  /** After a bug of ours: recipients whose result was not recorded are tried later. Never rejects. */
  async abandon(unit: Unit): Promise<void> {
    try {
      await this.defer(unit, BROKEN);
    } catch {
      // Then they come back when the lease ends.
      this.options.supply.ended(unit.recipients);
    }
  }

  /** Records results, and says so. Resolves when they are on disk. */
  async note(
    message: QueuedMessage,
    recipients: readonly Recipient[],
    results: readonly HopResult[],
    hop: Hop,
    ms: number,
  ): Promise<void> {
    const { recorder, supply, limits, random } = this.options;
    await recorder.record(
      recipients.map((one, i) => resultOf(one, message, results[i] ?? NO_RESULT, hop, limits, random)),
    );
    supply.ended(recipients);
    this.#tell(message, recipients, results, hop, ms);
  }

  /**
   * Delivers to those recipients who are ours, and records what became of them. Gives the others; undefined: the
   * database did not answer, and all were given back.
   */
  async here(unit: Unit): Promise<readonly Recipient[] | undefined> {
    const { here, supply } = this.options;
    const { message } = unit;
    if (here === undefined || !unit.recipients.some((one) => here.concerns(message, one))) {
      return unit.recipients;
    }
    try {
      const { placed, lost, results, elsewhere } = await here.place(unit);
      supply.ended([...placed, ...lost]);
      this.#tell(message, placed, placed.map(() => PLACED), HERE, 0);
      const over = results.map(({ recipient }) => recipient);
      await this.note(message, over, results.map(({ result }) => result), HERE, 0);
      return elsewhere;
    } catch (thrown) {
      if (!(thrown instanceof Unavailable)) throw thrown;
      // Those who have their copies are not given back: their rows say that they are done with.
      await supply.giveBack(unit.recipients);
      return undefined;
    }
  }

  #tell(
    message: QueuedMessage,
    recipients: readonly Recipient[],
    results: readonly HopResult[],
    hop: Hop,
    ms: number,
  ): void {
    const { emit } = this.options;
    recipients.forEach((recipient, i) => {
      const { outcome, reply, step } = results[i] ?? NO_RESULT;
      emit("queue.attempt", {
        queue: message.queueId,
        session: message.envelope.session,
        message: message.messageKey ?? "",
        from: message.envelope.reversePath,
        recipient: recipient.address,
        result: outcome,
        reply: reply.code,
        status: reply.status,
        text: reply.text,
        step,
        host: hop.host ?? "",
        security: hop.security ?? "",
        attempt: recipient.attempts + 1,
        ms,
      });
    });
  }
}

const BROKEN: HopResult = {
  outcome: "deferred",
  step: "internal",
  reply: { code: 0, status: "4.3.0", text: "internal error" },
};

/** A copy that was placed here. */
const PLACED: HopResult = {
  outcome: "delivered",
  step: "here",
  reply: { code: 250, status: "2.0.0", text: "Delivered" },
};

/** A connection that gave fewer results than it was given recipients: a bug, but nobody's mail is lost over it. */
const NO_RESULT: HopResult = {
  outcome: "deferred",
  step: "end",
  reply: { code: 0, status: "4.3.0", text: "no result" },
};

/** One connection after another, each used as long as the units go its way. */
export class Trip implements AsyncDisposable {
  readonly #courier: Courier;
  #connection: HopConnection | undefined;
  #to: Destination | undefined;
  /** What the connection was opened for, beside its destination. */
  #need = "";
  #messages = 0;

  constructor(courier: Courier) {
    this.#courier = courier;
  }

  /** True when the connection takes another message. */
  get isOpen(): boolean {
    return this.#connection?.usable === true &&
      this.#messages < this.#courier.options.limits.connectionMessages;
  }

  /** Sends one message to recipients that were taken together; what became of it is on disk when this resolves. */
  async carry(unit: Unit): Promise<Told> {
    const { message } = unit;
    let sent = false;
    let trouble: HopResult | undefined;
    const leaving = await this.#courier.here(unit);
    if (leaving === undefined) return { sent, trouble, stuck: undefined, back: unit };
    sent = leaving.length < unit.recipients.length;
    const groups = await this.#groups({ message, recipients: leaving });
    for (const [i, { to, recipients }] of groups.entries()) {
      const reached = await this.#reach(to, message.envelope);
      const hop = { host: this.#host, security: this.#connection?.security, protocol: to.protocol };
      if (reached !== undefined) {
        // What REQUIRETLS asks for, others may not need: that failure is this message's alone.
        if (isStuck(reached) && !message.envelope.requireTls) {
          const back = { message, recipients: groups.slice(i).flatMap((group) => group.recipients) };
          return { sent, trouble, stuck: reached, back };
        }
        await this.#courier.note(message, recipients, recipients.map(() => reached), hop, 0);
        continue;
      }
      const begun = performance.now();
      const results = await this.#send(message, recipients);
      if (results === undefined) break;
      this.#messages++;
      await this.#courier.note(message, recipients, results, hop, performance.now() - begun);
      if (isTrouble(results)) trouble = results[0];
      else sent = true;
    }
    return { sent, trouble, stuck: undefined, back: unit };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const connection = this.#connection;
    this.#connection = this.#to = undefined;
    await connection?.[Symbol.asyncDispose]();
  }

  get #host(): string | undefined {
    const connection = this.#connection;
    return connection === undefined ? undefined : `${connection.host} [${connection.address}]`;
  }

  /** Recipients by their way; those that have none are recorded. */
  async #groups({ message, recipients }: Unit): Promise<readonly Group[]> {
    const groups = new Map<string, Group>();
    const over: Recipient[] = [], results: HopResult[] = [];
    for (const recipient of recipients) {
      const way = recipient.suppressed === undefined
        ? this.#courier.options.router.route(message.envelope, recipient.address)
        : suppressedResult(recipient.suppressed);
      if ("outcome" in way) {
        over.push(recipient);
        results.push(way);
        continue;
      }
      // VERP: each recipient has a transaction of its own.
      const name = message.envelope.verp === undefined ? way.key : `${recipient.number} ${way.key}`;
      const group = groups.get(name);
      if (group === undefined) groups.set(name, { to: way, recipients: [recipient] });
      else group.recipients.push(recipient);
    }
    if (over.length > 0) await this.#courier.note(message, over, results, HERE, 0);
    return [...groups.values()];
  }

  /** Has the right connection open; or says why not. */
  async #reach(to: Destination, envelope: OutboundEnvelope): Promise<HopResult | undefined> {
    const { requireTls, tlsOptional = false } = envelope;
    const need = `${requireTls} ${tlsOptional}`;
    if (this.isOpen && this.#to?.key === to.key && this.#need === need) return undefined;
    await this[Symbol.asyncDispose]();
    const { reacher, signal } = this.#courier.options;
    const reached = await reacher.reach(to, { requireTls, tlsOptional, signal });
    if (!reached.ok) return reached.result;
    this.#connection = reached.connection;
    this.#to = to;
    this.#need = need;
    this.#messages = 0;
    return undefined;
  }

  /** Undefined: the message could not be read now, and its recipients were given back. */
  async #send(
    message: QueuedMessage,
    recipients: readonly Recipient[],
  ): Promise<readonly HopResult[] | undefined> {
    const { reader, supply, signer } = this.#courier.options;
    let opened: OutboundMessage;
    try {
      const plain = await outgoing(reader, message.blob, message.size);
      const envelope = envelopeFor(message.envelope, recipients[0]!.address);
      const whole = { envelope, recipients, ...plain };
      // Before it is signed: a signature of ours is over what goes out.
      const fit = needsConversion(whole, this.#connection!)
        ? await inSevenBits(whole, this.#connection!)
        : whole;
      opened = await signed(fit, signer);
    } catch (thrown) {
      if (!(thrown instanceof Unavailable)) throw thrown;
      await supply.giveBack(recipients);
      return undefined;
    }
    try {
      return await this.#connection!.send(opened);
    } catch (thrown) {
      // The rest of the octets could not be read: the next hop has not seen their end.
      await this[Symbol.asyncDispose]();
      if (!(thrown instanceof Unavailable)) throw thrown;
      await supply.giveBack(recipients);
      return undefined;
    }
  }
}
