/** Octets of one message for a client that reads message after message; those of the next ones come with them. */
import type { OctetRange } from "../../core/store.ts";
import { BodyOctets, gathered, type Ranges } from "./body_octets.ts";
import { type Context, selectedAccount } from "./context.ts";

/** Ranges that were read ahead, or are read now with what `behind` names. */
export class AheadOctets implements Ranges, AsyncDisposable {
  #reading: BodyOctets | undefined;
  #at = 0;

  constructor(
    readonly cx: Context,
    readonly ranges: readonly OctetRange[],
    readonly behind: () => Iterable<OctetRange>,
  ) {}

  async *range(): AsyncGenerator<Uint8Array> {
    const range = this.ranges[this.#at++]!;
    const held = this.#reading === undefined ? this.cx.session.ahead.take(range) : undefined;
    if (held !== undefined) return yield held;
    this.#reading ??= this.#begin(this.#at - 1);
    yield* this.#reading.range();
  }

  whole(): Promise<Uint8Array> {
    return gathered(this.range());
  }

  /** Takes in what was read ahead: it came together with what was asked for. */
  async [Symbol.asyncDispose](): Promise<void> {
    const { session, services } = this.cx;
    await using reading = this.#reading;
    if (reading === undefined || this.#at < this.ranges.length) return;
    for (const range of reading.ranges.slice(this.#begun)) {
      // Whatever hinders it will hinder the one who asks for it.
      const octets = await reading.whole().catch(() => undefined);
      if (octets === undefined) return;
      session.ahead.hold(range, octets, services.limits.aheadTotal);
    }
  }

  /** How many of the ranges that are read are asked for now. */
  #begun = 0;

  /** Begins to read with one of the ranges, and as many behind the last as may be read ahead. */
  #begin(at: number): BodyOctets {
    const { services } = this.cx;
    const ranges = this.ranges.slice(at);
    this.#begun = ranges.length;
    let room = services.limits.aheadOctets;
    for (const range of ranges) room -= range.end - range.start;
    for (const range of this.behind()) {
      room -= range.end - range.start;
      if (room < 0) break;
      ranges.push(range);
    }
    return new BodyOctets(services.store, selectedAccount(this.cx), ranges);
  }
}
