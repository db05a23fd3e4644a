/** Content without its transfer encoding, piece by piece (RFC 3516). */
import type { AccountId } from "../core/brands.ts";
import type { MailStore, OctetRange } from "../core/store.ts";
import { createTransferDecoder } from "../mime/mod.ts";
import type { Partial } from "./command.ts";
import { join } from "../bytes/join.ts";
import { BodyOctets } from "./commands/body_octets.ts";

/** Decoded content up to this many octets is decoded once and kept; larger content is decoded twice. */
const KEPT_OCTETS = 262_144;

/** Decoded octets within the asked part; undefined when the encoding is not known. Throws Vanished as it goes. */
export function decoded(
  store: MailStore,
  account: AccountId,
  range: OctetRange,
  encoding: string,
  partial: Partial | undefined,
): AsyncIterable<Uint8Array> | undefined {
  const decoder = createTransferDecoder(encoding);
  if (decoder === undefined) return undefined;
  const source = new BodyOctets(store, account, [range]);
  return (async function* () {
    await using octets = source;
    let at = 0;
    const from = partial?.start ?? 0, to = partial === undefined ? Infinity : from + partial.length;
    const within = (piece: Uint8Array): Uint8Array => {
      const shown = piece.subarray(Math.max(0, from - at), Math.max(0, to - at));
      at += piece.length;
      return shown;
    };
    for await (const piece of octets.range()) {
      const shown = within(decoder.push(piece));
      if (shown.length > 0) yield shown;
      if (at >= to) return;
    }
    const rest = within(decoder.finish());
    if (rest.length > 0) yield rest;
  })();
}

/** What must be known of octets before the first of them is sent. */
export interface Measured {
  readonly size: number;
  readonly holdsNul: boolean;
  /** The octets themselves when they are few and wanted. */
  readonly kept: Uint8Array | undefined;
}

/** Goes through octets once. */
export async function measured(pieces: AsyncIterable<Uint8Array>, keep: boolean): Promise<Measured> {
  let kept: Uint8Array[] | undefined = keep ? [] : undefined;
  let size = 0, holdsNul = false;
  for await (const piece of pieces) {
    size += piece.length;
    holdsNul ||= piece.includes(0);
    if (size > KEPT_OCTETS) kept = undefined;
    // The decoder may use its buffer again.
    kept?.push(piece.slice());
  }
  return { size, holdsNul, kept: kept && join(kept) };
}
