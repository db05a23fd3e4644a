/** Body items of a FETCH answer: octets, streamed from the store to the client. */
import { needsFallback, preview, selectFields } from "../../mime/mod.ts";
import type { Partial } from "../command.ts";
import { decoded, measured } from "../decoded.ts";
import type { BodyName, FetchLine } from "../encode/mod.ts";
import type { BodyJob } from "./body_job.ts";
import { type Ranges, Vanished } from "./body_octets.ts";
import { type Context, selectedAccount } from "./context.ts";
import type { NamedBody } from "./fetch_plan.ts";

type Job<Kind> = Extract<BodyJob, { readonly kind: Kind }>;

/** The message vanished behind the announcement of its octets: the connection cannot go on. */
export class Broken extends Error {
  override name = "Broken";
}

/** `BODY[section] {n}` and the octets as they are. */
export async function writeRaw(
  cx: Context,
  line: FetchLine,
  job: Job<"raw">,
  octets: Ranges,
): Promise<void> {
  const length = job.range.end - job.range.start;
  const name = nameOf(job.named);
  await stream(cx, octets.range(), length, (there) => {
    if (there) line.bodyLiteral(name, length);
    else line.bodyNil(name);
  });
}

/** `BODY[HEADER.FIELDS (…)] {n}` and the chosen fields. */
export async function writeFields(
  cx: Context,
  line: FetchLine,
  job: Job<"fields">,
  octets: Ranges,
): Promise<void> {
  const name = nameOf(job.named);
  const header = await octets.whole().catch(rethrowUnlessVanished);
  if (header === undefined) return line.bodyNil(name);
  const { spec } = job;
  const fields = selectFields(header, spec.fields, spec.text === "HEADER.FIELDS.NOT");
  const shown = cut(fields, job.named.item.item === "BODY[]" ? job.named.item.partial : undefined);
  line.bodyLiteral(name, shown.length);
  cx.out.gather.octets(shown);
}

/**
 * `PREVIEW text` (RFC 8970 §3), under the name that was asked for. `charset` says what undeclared text is read in; it
 * is asked only for that.
 */
export async function writePreview(
  cx: Context,
  line: FetchLine,
  job: Job<"preview">,
  octets: Ranges,
  charset: () => Promise<string>,
): Promise<void> {
  const found = await octets.whole().catch(rethrowUnlessVanished);
  const fallback = found !== undefined && needsFallback(job.part, found) ? await charset() : undefined;
  tellPreview(cx, line, job.named, found === undefined ? "" : preview(job.part, found, fallback));
}

function tellPreview(cx: Context, line: FetchLine, { item }: NamedBody, text: string): void {
  if (item.item === "SNIPPET") line.snippet(text, cx.session.mode);
  else line.preview(text, cx.session.mode);
}

/** There is no such part: `NIL`, a size of 0, and a preview that is empty (RFC 8970 §3.2). */
export function writeNil(cx: Context, line: FetchLine, { named }: Pick<BodyJob, "named">): void {
  const { item } = named.item;
  if (item === "PREVIEW" || item === "SNIPPET") tellPreview(cx, line, named, "");
  else if (named.item.item === "BINARY.SIZE") line.binarySize(named.item.part, 0);
  else line.bodyNil(nameOf(named));
}

/**
 * `BINARY[part] ~{n}` and the decoded octets, or `BINARY.SIZE[part] n` (RFC 3516 §4.2, §4.3). The size stands
 * first, so large content is decoded twice rather than held. False when the encoding is not known.
 */
export async function writeBinary(cx: Context, line: FetchLine, job: Job<"binary">): Promise<boolean> {
  const { item } = job.named;
  const partial = item.item === "BINARY" ? item.partial : undefined;
  const content = () => decoded(cx.services.store, selectedAccount(cx), job.range, job.encoding, partial);
  const first = content();
  if (first === undefined) {
    writeNil(cx, line, job);
    return false;
  }
  const sized = await measured(first, item.item === "BINARY").catch(rethrowUnlessVanished);
  if (sized === undefined) {
    writeNil(cx, line, job);
    return true;
  }
  if (item.item === "BINARY.SIZE") {
    line.binarySize(item.part, sized.size);
    return true;
  }
  const name = item as Extract<BodyName, { readonly item: "BINARY" }>;
  if (sized.kept !== undefined) {
    line.binaryLiteral8(name, sized.size);
    cx.out.gather.octets(sized.kept);
    return true;
  }
  await stream(cx, content()!, sized.size, (there) => {
    if (there) line.binaryLiteral8(name, sized.size);
    else line.bodyNil(name);
  });
  return true;
}

/**
 * Sends octets as they come. `head` announces them once the first is there, or says that there are none to
 * come because the message is gone.
 */
async function stream(
  cx: Context,
  pieces: AsyncIterable<Uint8Array>,
  length: number,
  head: (there: boolean) => void,
): Promise<void> {
  let sent = -1;
  try {
    for await (const piece of pieces) {
      if (sent < 0) head(true);
      sent = Math.max(sent, 0) + piece.length;
      cx.out.give(piece);
      await cx.out.breathe();
    }
  } catch (thrown) {
    if (sent >= 0) throw new Broken("octets ended early", { cause: thrown });
    if (!(thrown instanceof Vanished)) throw thrown;
    return head(false);
  }
  if (sent < 0) head(true);
  if (Math.max(sent, 0) !== length) throw new Broken("a message has fewer octets than its size");
}

function cut(octets: Uint8Array, partial: Partial | undefined): Uint8Array {
  return partial === undefined ? octets : octets.subarray(partial.start, partial.start + partial.length);
}

function nameOf({ item, name }: NamedBody): BodyName {
  if (name !== undefined) return { item: name };
  return item as BodyName;
}

function rethrowUnlessVanished(thrown: unknown): undefined {
  if (!(thrown instanceof Vanished)) throw thrown;
}
