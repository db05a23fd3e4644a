/** Body items of a FETCH answer: octets, streamed from the store to the client. */
import type { OctetRange } from "../../core/store.ts";
import { createTransferDecoder, selectFields } from "../../mime/mod.ts";
import type { Partial } from "../command.ts";
import { bodyName } from "../encode/mod.ts";
import type { BodyJob } from "./body_job.ts";
import { BodyOctets, join, Vanished } from "./body_octets.ts";
import { accountOf, type Context } from "./context.ts";

type Job<Kind> = Extract<BodyJob, { readonly kind: Kind }>;

/** Decoded content up to this many octets is decoded once and kept; larger content is decoded twice. */
const KEPT_OCTETS = 262_144;

/** The message vanished behind the announcement of its octets: the connection cannot go on. */
export class Broken extends Error {
  override name = "Broken";
}

/** `BODY[section] {n}` and the octets as they are. */
export async function writeRaw(cx: Context, job: Job<"raw">, octets: BodyOctets): Promise<void> {
  const length = job.range.end - job.range.start;
  const pieces = octets.range();
  await stream(cx, pieces, () => cx.out.gather.text(`${nameOf(job)} {${length}}\r\n`), length, nameOf(job));
}

/** `BODY[HEADER.FIELDS (…)] {n}` and the chosen fields. */
export async function writeFields(cx: Context, job: Job<"fields">, octets: BodyOctets): Promise<void> {
  const header = await octets.whole().catch(rethrowUnlessVanished);
  if (header === undefined) return writeNil(cx, { kind: "nil", named: job.named });
  const { spec } = job;
  const fields = selectFields(header, spec.fields, spec.text === "HEADER.FIELDS.NOT");
  const shown = cut(fields, job.named.item.item === "BODY[]" ? job.named.item.partial : undefined);
  cx.out.gather.text(`${nameOf(job)} {${shown.length}}\r\n`).octets(shown);
}

/** `NIL`: there is no such part. */
export function writeNil(cx: Context, job: Job<"nil">): void {
  cx.out.gather.text(`${nameOf(job)} ${job.named.item.item === "BINARY.SIZE" ? "0" : "NIL"}`);
}

/**
 * `BINARY[part] ~{n}` and the decoded octets, or `BINARY.SIZE[part] n` (RFC 3516 §4.2, §4.3). The size stands
 * first, so large content is decoded twice rather than held. False when the encoding is not known.
 */
export async function writeBinary(cx: Context, job: Job<"binary">): Promise<boolean> {
  const { item } = job.named;
  const partial = item.item === "BINARY" ? item.partial : undefined;
  const kept: Uint8Array[] = [];
  let size = 0;
  const decoded = decode(cx, job.range, job.encoding, partial);
  if (decoded === undefined) {
    writeNil(cx, { kind: "nil", named: job.named });
    return false;
  }
  try {
    for await (const piece of decoded) {
      size += piece.length;
      if (size <= KEPT_OCTETS && item.item === "BINARY") kept.push(piece);
    }
  } catch (thrown) {
    if (!(thrown instanceof Vanished)) throw thrown;
    writeNil(cx, { kind: "nil", named: job.named });
    return true;
  }
  if (item.item !== "BINARY") {
    cx.out.gather.text(`${nameOf(job)} ${size}`);
    return true;
  }
  const head = () => cx.out.gather.text(`${nameOf(job)} ~{${size}}\r\n`);
  if (size <= KEPT_OCTETS) {
    head();
    cx.out.gather.octets(join(kept));
  } else await stream(cx, decode(cx, job.range, job.encoding, partial)!, head, size, nameOf(job));
  return true;
}

/** Announces the octets once the first of them is there, and sends them as they come. */
async function stream(
  cx: Context,
  pieces: AsyncIterable<Uint8Array>,
  head: () => void,
  length: number,
  name: string,
): Promise<void> {
  let sent = -1;
  try {
    for await (const piece of pieces) {
      if (sent < 0) head();
      sent = Math.max(sent, 0) + piece.length;
      cx.out.gather.octets(piece);
      await cx.out.breathe();
    }
    if (sent < 0) {
      sent = 0;
      head();
    }
  } catch (thrown) {
    if (!(thrown instanceof Vanished)) throw sent < 0 ? thrown : new Broken("octets ended early");
    if (sent < 0) return void cx.out.gather.text(`${name} NIL`);
  }
  if (sent !== length) throw new Broken("a message has fewer octets than its size");
}

/** Decoded octets within the asked part; undefined when the encoding is not known. */
function decode(
  cx: Context,
  range: OctetRange,
  encoding: string,
  partial: Partial | undefined,
): AsyncIterable<Uint8Array> | undefined {
  const decoder = createTransferDecoder(encoding);
  if (decoder === undefined) return undefined;
  const source = new BodyOctets(cx.services.store, accountOf(cx), [range]);
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

function cut(octets: Uint8Array, partial: Partial | undefined): Uint8Array {
  return partial === undefined ? octets : octets.subarray(partial.start, partial.start + partial.length);
}

function nameOf(job: BodyJob): string {
  return job.named.name ?? bodyName(job.named.item);
}

function rethrowUnlessVanished(thrown: unknown): undefined {
  if (!(thrown instanceof Vanished)) throw thrown;
}
