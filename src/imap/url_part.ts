/** What the URL of a message points to, and its octets: for CATENATE, URLFETCH and BURL. */
import type { AccountId, MailboxId } from "../core/brands.ts";
import type { FetchRow, MailStore } from "../core/store.ts";
import { type UrlContent, UrlContentLost } from "../core/urlauth.ts";
import { encodeBodyStructure, locate, type Part, selectFields, unpackParts } from "../mime/mod.ts";
import { type BodyJob, bodyJob } from "./commands/body_job.ts";
import { BodyOctets, Vanished } from "./commands/body_octets.ts";
import { decoded, measured } from "./decoded.ts";
import type { MessageUrl } from "./url.ts";

/** A part of a message that is there. */
export interface UrlPart {
  readonly account: AccountId;
  readonly url: MessageUrl;
  readonly row: FetchRow;
  readonly root: Part;
  /** `nil`: the message has no such part. */
  readonly job: Extract<BodyJob, { readonly kind: "raw" | "fields" | "nil" }>;
}

/** Content that was looked through once. */
export interface BinaryContent extends UrlContent {
  /** True when a literal cannot carry it (RFC 3516 §3). */
  readonly holdsNul: boolean;
}

/** Looks a message up by its URL; undefined when it is not there. Throws Unavailable. */
export async function urlPart(
  store: MailStore,
  account: AccountId,
  mailbox: MailboxId,
  url: MessageUrl,
): Promise<UrlPart | undefined> {
  const wanted = { facts: true, structure: true };
  for await (const [row] of store.fetch(account, mailbox, [[url.uid, url.uid]], wanted)) {
    if (row === undefined) continue;
    const root = unpackParts(row.structure!);
    const item = { item: "BODY[]", peek: true, section: url.section, partial: url.partial } as const;
    const job = bodyJob({ item, name: undefined }, row, root) as UrlPart["job"];
    return { account, url, row, root, job };
  }
  return undefined;
}

/** The octets as they are in the message; none of a part that it does not have. Throws Unavailable, UrlContentLost. */
export async function urlContent(store: MailStore, part: UrlPart): Promise<UrlContent> {
  const { job, account } = part;
  if (job.kind === "nil") return { size: 0, octets: nothing };
  if (job.kind === "raw") {
    const size = job.range.end - job.range.start;
    return { size, octets: () => lossTold(wholeRange(store, account, job)) };
  }
  await using source = new BodyOctets(store, account, [job.range]);
  const header = await source.whole().catch(lost);
  const fields = selectFields(header, job.spec.fields, job.spec.text === "HEADER.FIELDS.NOT");
  const { start, length } = part.url.partial ?? { start: 0, length: fields.length };
  return inMemory(fields.subarray(start, start + length));
}

/**
 * The octets without their transfer encoding (RFC 5524 §3.2); undefined when that is not known. What is no body of
 * a part (a header, a message as a whole) has none. Throws Unavailable, UrlContentLost.
 */
export async function urlBinary(store: MailStore, part: UrlPart): Promise<BinaryContent | undefined> {
  const place = bodyOf(part);
  if (place === undefined) {
    const content = await urlContent(store, part);
    return { ...content, holdsNul: (await measured(content.octets(), false)).holdsNul };
  }
  const range = { message: part.row.message, start: place.start, end: place.end };
  const pieces = () => decoded(store, part.account, range, place.part.encoding, part.url.partial);
  const first = pieces();
  if (first === undefined) return undefined;
  const { size, holdsNul, kept } = await measured(first, true).catch(lost);
  const content = kept === undefined ? { size, octets: () => lossTold(pieces()!) } : inMemory(kept);
  return { ...content, holdsNul };
}

/** The structure of the part that the octets are of; undefined when there is none. */
export function urlStructure({ url, root }: UrlPart): Uint8Array | undefined {
  const { part } = url.section;
  const place = part.length === 0 ? { part: root } : locate(root, { part, kind: "all" });
  return place && encodeBodyStructure(place.part, true);
}

/** The place of a body that may be encoded. */
function bodyOf({ url, root }: UrlPart) {
  const { part, text } = url.section;
  if (text === "" && part.length > 0) return locate(root, { part, kind: "all" });
  return text === "TEXT" ? locate(root, { part, kind: "text" }) : undefined;
}

async function* wholeRange(
  store: MailStore,
  account: AccountId,
  job: Extract<BodyJob, { readonly kind: "raw" }>,
): AsyncGenerator<Uint8Array> {
  await using source = new BodyOctets(store, account, [job.range]);
  yield* source.range();
}

async function* lossTold(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    yield* pieces;
  } catch (thrown) {
    lost(thrown);
  }
}

function lost(thrown: unknown): never {
  if (thrown instanceof Vanished) throw new UrlContentLost("a message is gone", { cause: thrown });
  throw thrown;
}

function inMemory(octets: Uint8Array): UrlContent {
  return {
    size: octets.length,
    async *octets() {
      yield octets;
    },
  };
}

async function* nothing(): AsyncGenerator<Uint8Array> {}
