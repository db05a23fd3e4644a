import type { Draft, MailStore, StagedMessage } from "../core/store.ts";
import type { DataDefect } from "./data.ts";
import { HopCounter } from "./header.ts";
import { HeaderGate } from "./header_gate.ts";
import { type Contents, type Inspection, NO_CONTENTS } from "./inspect.ts";
import type { SmtpLimits } from "./limits.ts";
import { REPLIES, type Reply } from "./reply.ts";

/**
 * A message that is coming in: passes octets on to the store's draft, counts them and the hops, and turns what
 * goes wrong into a refusal, after which the octets that still come are dropped. Holds none of them, but for the
 * header where that must be looked into first.
 */
export class Reception implements AsyncDisposable {
  readonly #limits: SmtpLimits;
  readonly #failed: (thrown: unknown) => void;
  readonly #hops = new HopCounter();
  readonly #inspection: Inspection | undefined;
  /** Set while the header is held back. */
  #gate: HeaderGate | undefined;
  #draft: Draft | undefined;
  #message: StagedMessage | undefined;
  #refusal: Reply | undefined;
  #octets = 0;

  private constructor(
    limits: SmtpLimits,
    failed: (thrown: unknown) => void,
    inspection: Inspection | undefined,
  ) {
    this.#limits = limits;
    this.#failed = failed;
    this.#inspection = inspection;
    if (inspection !== undefined) this.#gate = new HeaderGate(limits.header);
  }

  /**
   * Begins a message with its trace fields. `failed` hears of exceptions; the client gets 451 for them.
   * `inspection`: looks into the message.
   */
  static async begin(
    store: MailStore,
    limits: SmtpLimits,
    trace: Uint8Array,
    failed: (thrown: unknown) => void,
    inspection?: Inspection,
  ): Promise<Reception> {
    const reception = new Reception(limits, failed, inspection);
    try {
      reception.#draft = store.stage();
      await reception.#draft.write(trace);
    } catch (thrown) {
      await reception.#fail(thrown);
    }
    return reception;
  }

  /** Why the message is refused, as far as is known. */
  get refusal(): Reply | undefined {
    return this.#refusal;
  }

  /** Octets that came, without the trace fields. */
  get octets(): number {
    return this.#octets;
  }

  /** True when so many octets more are not too many. */
  fits(more: number): boolean {
    return this.#octets + more <= this.#limits.messageSize;
  }

  /** What was found in it. */
  get contents(): Contents {
    return this.#inspection ?? NO_CONTENTS;
  }

  /** True when so much of a refused message came that we had better hang up. */
  get hopeless(): boolean {
    return this.#octets > this.#limits.discardedOctets;
  }

  /** Takes the next octets; a promise when the caller must wait. Never rejects. */
  write(octets: Uint8Array): Promise<void> | undefined {
    this.#octets += octets.length;
    if (this.#draft === undefined) return undefined;
    if (this.#octets > this.#limits.messageSize) return this.refuse(REPLIES.tooBig);
    this.#hops.push(octets);
    if (this.#hops.hops > this.#limits.receivedHops) return this.refuse(REPLIES.mailLoop);
    if (this.#inspection !== undefined) {
      this.#inspection.see(octets);
      if (this.#gate !== undefined) return this.#hold(this.#gate, octets);
    }
    try {
      return this.#draft.write(octets)?.catch((thrown) => this.#fail(thrown));
    } catch (thrown) {
      return this.#fail(thrown);
    }
  }

  /** Takes octets while the header is held back. */
  #hold(gate: HeaderGate, octets: Uint8Array): Promise<void> | undefined {
    const behind = gate.push(octets);
    if (gate.overflows) return this.refuse(REPLIES.headerTooBig);
    return behind === undefined ? undefined : this.#pass(gate, behind);
  }

  /** The header is whole: it goes on, or the message is refused. Never rejects. */
  async #pass(gate: HeaderGate, behind: Uint8Array | undefined): Promise<void> {
    this.#gate = undefined;
    try {
      const verdict = await this.#inspection!.header(gate.header);
      if ("refusal" in verdict) return await this.refuse(verdict.refusal);
      const draft = this.#draft;
      if (draft === undefined) return;
      if (verdict.before !== "") await draft.write(new TextEncoder().encode(verdict.before));
      await draft.write(gate.header);
      if (behind !== undefined && behind.length > 0) await draft.write(behind);
    } catch (thrown) {
      await this.#fail(thrown);
    }
  }

  /** Refuses the message, unless it is refused already; what the store holds of it is dropped at once. */
  async refuse(why: Reply): Promise<void> {
    this.#refusal ??= why;
    const draft = this.#draft;
    this.#draft = undefined;
    if (draft === undefined) return;
    try {
      await draft[Symbol.asyncDispose]();
    } catch (thrown) {
      this.#failed(thrown);
    }
  }

  /** Ends the message. Undefined when it is refused. */
  async finish(defect: DataDefect | undefined): Promise<StagedMessage | undefined> {
    if (defect !== undefined) {
      await this.refuse(defect === "bare newline" ? REPLIES.bareNewline : REPLIES.longLine);
    }
    // No empty line came: all of it is header.
    if (this.#gate !== undefined && this.#draft !== undefined) await this.#pass(this.#gate, undefined);
    if (this.#draft === undefined) return undefined;
    try {
      this.#message = await this.#draft.finish();
    } catch (thrown) {
      await this.#fail(thrown);
    }
    return this.#message;
  }

  async #fail(thrown: unknown): Promise<void> {
    this.#failed(thrown);
    await this.refuse(REPLIES.unavailable);
  }

  /** Drops what was not delivered. */
  async [Symbol.asyncDispose](): Promise<void> {
    const message = this.#message;
    this.#message = undefined;
    try {
      await message?.[Symbol.asyncDispose]();
    } catch (thrown) {
      this.#failed(thrown);
    }
    await this.refuse(REPLIES.unavailable);
  }
}
