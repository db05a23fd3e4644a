/** Octets of messages in the order in which FETCH answers, read ahead in one call to the store. */
import { join } from "../../bytes/join.ts";
import type { AccountId } from "../../core/brands.ts";
import type { MailStore, OctetPiece, OctetRange } from "../../core/store.ts";

/** A message vanished while its octets were on their way. */
export class Vanished extends Error {
  override name = "Vanished";
}

/** Ranges in the order in which FETCH answers. */
export interface Ranges {
  /** The next range, piece by piece. Throws Vanished when its message is gone; those behind it still come. */
  range(): AsyncGenerator<Uint8Array>;
  /** The next range in one piece; the caller has made sure that it is not large. */
  whole(): Promise<Uint8Array>;
}

/** Reads ranges one after another; dispose it to stop reading. */
export class BodyOctets implements Ranges, AsyncDisposable {
  #pieces: AsyncIterator<OctetPiece> | undefined;
  #at = 0;

  constructor(
    readonly store: MailStore,
    readonly account: AccountId,
    readonly ranges: readonly OctetRange[],
  ) {}

  async *range(): AsyncGenerator<Uint8Array> {
    const at = this.#at++;
    // Asked for when first needed, and again behind a message that was gone: the store stopped there.
    this.#pieces ??= this.store.octets(this.account, this.ranges.slice(at))[Symbol.asyncIterator]();
    for (;;) {
      const next = await this.#pieces.next();
      if (next.done) {
        this.#pieces = undefined;
        throw new Vanished("a message is gone");
      }
      const { octets, last } = next.value;
      if (octets.length > 0) yield octets;
      if (last) return;
    }
  }

  whole(): Promise<Uint8Array> {
    return gathered(this.range());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#pieces?.return?.();
  }
}

/** All pieces in one; the piece itself when there is only one. */
export async function gathered(pieces: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  let first: Uint8Array | undefined;
  const more: Uint8Array[] = [];
  for await (const piece of pieces) {
    if (first === undefined) first = piece;
    else more.push(piece);
  }
  if (first === undefined || more.length === 0) return first ?? new Uint8Array(0);
  return join([first, ...more]);
}
