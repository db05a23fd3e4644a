/** A whole message as the store holds it between reception and delivery. */
import type { BlobId } from "../core/brands.ts";
import type { StagedMessage } from "../core/store.ts";
import {
  encodeBodyStructure,
  envelopeAndDate,
  packParts,
  parseDate,
  type ParsedMessage,
} from "../mime/mod.ts";
import type { StoreContext } from "./context.ts";
import { keepBuffer } from "./buffers.ts";
import { call } from "./pg/door.ts";
import { dropStaged } from "./sql/deliver.ts";

/** What is derived from a message's octets; rows of `message` hold it. */
export interface Derived {
  readonly headerSize: number;
  /** Day of the Date field as written, `YYYY-MM-DD`. */
  readonly sentOn: string | null;
  readonly envelope: Uint8Array;
  readonly bodyStructure: Uint8Array;
  readonly structure: Uint8Array;
}

/** Derives it. */
export function derive(parsed: ParsedMessage): Derived {
  const { envelope, date } = envelopeAndDate(parsed.header);
  return {
    headerSize: parsed.headerSize,
    sentOn: realDay(date && parseDate(date)?.date),
    envelope,
    bodyStructure: encodeBodyStructure(parsed.root, true),
    structure: packParts(parsed.root),
  };
}

/** A day that the calendar has, and PostgreSQL too: senders write 31 February, and year 0. */
export function realDay(day: string | undefined): string | null {
  if (day === undefined || day < "0001") return null;
  const time = new Date(`${day}T00:00:00Z`);
  return !Number.isNaN(time.getTime()) && time.toISOString().startsWith(day) ? day : null;
}

/** The store's own StagedMessage. */
export class Message implements StagedMessage {
  /** What became of it: `unknown` when a commit's outcome is, then the octets must stay. */
  fate: "undelivered" | "delivered" | "unknown" = "undelivered";

  readonly #context: StoreContext;
  #forgotten = false;

  /** `pieces`: its octets as rows of `blob_chunk` take them, or undefined when they were staged in the database. */
  constructor(
    context: StoreContext,
    readonly blob: BlobId,
    readonly size: number,
    readonly pieces: readonly Uint8Array[] | undefined,
    readonly derived: Derived,
  ) {
    this.#context = context;
  }

  /** The packed part tree. */
  get structure(): Uint8Array {
    return this.derived.structure;
  }

  /** Gives its memory back, and drops staged octets that nobody took; what fails here is left to the sweep. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.fate === "delivered") this.#forget();
    if (this.pieces !== undefined || this.fate !== "undelivered") return;
    this.fate = "unknown";
    await dropBlob(this.#context, this.blob);
  }

  /** The database has answered, so it has read the octets: their memory may be used again, by one other message. */
  #forget(): void {
    if (this.#forgotten) return;
    this.#forgotten = true;
    for (const piece of this.pieces ?? []) keepBuffer(piece, this.#context.limits.chunkOctets);
  }
}

/** The pieces of messages that were not staged, a column each: blob, number of the piece, octets. */
export function pieceColumns(messages: Iterable<Message>) {
  const blobs: string[] = [], numbers: number[] = [], octets: Uint8Array[] = [];
  for (const { blob, pieces = [] } of messages) {
    pieces.forEach((piece, number) => {
      blobs.push(blob);
      numbers.push(number);
      octets.push(piece);
    });
  }
  return [blobs, numbers, octets] as const;
}

/** Drops the octets of a draft or message that was staged and not delivered, best effort. */
export async function dropBlob(context: StoreContext, blob: BlobId): Promise<void> {
  await context.door.run(call(dropStaged, blob)).catch(() => {});
}
