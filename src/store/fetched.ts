/** Messages of one `fetch` batch: columns that came in one row of PostgreSQL's, looked at where they are asked for. */
import type { MessageId, ModSeq, Uid } from "../core/brands.ts";
import type { FetchBatch, FetchRow } from "../core/store.ts";
import { packedIndexes } from "./bits.ts";
import type { Rows } from "./pg/door.ts";

/** Places of the columns of `fetchStatement`. */
const Column = {
  uid: 0,
  flags: 1,
  modSeq: 2,
  message: 3,
  size: 4,
  internalDate: 5,
  saveDate: 6,
  keywordUids: 7,
  keywordBits: 8,
  headerSize: 9,
  envelope: 10,
  bodyStructure: 12,
  structure: 14,
} as const;

const NONE: readonly number[] = Object.freeze([]);

/** Messages of a batch, ascending. Each keeps all of the batch alive, and nothing but that. */
export function batchOf(rows: Rows): readonly Message[] {
  if (rows.isNull(0, Column.uid)) return [];
  const uids = rows.ints(0, Column.uid);
  const batch = new Batch(rows, uids.length);
  const messages: Message[] = [];
  for (let at = 0; at < uids.length; at++) messages.push(new Message(uids[at]! as Uid, batch, at));
  return messages;
}

/** Octets of all messages of a batch, one after the other, and where each one's begin; the last end behind them. */
interface Packed {
  readonly octets: Uint8Array;
  readonly starts: Uint32Array;
}

/** The columns; what nobody asks for is never decoded. */
class Batch implements FetchBatch {
  readonly octets: number;
  readonly flags: Float64Array;
  readonly modSeqs: Float64Array;
  readonly messages: Float64Array;
  readonly sizes: Float64Array;
  readonly internalDates: Float64Array;
  readonly saveDates: Float64Array;
  readonly headerSizes: Float64Array | undefined;
  readonly keywords: ReadonlyMap<number, readonly number[]> | undefined;
  readonly envelopes: Packed | undefined;
  readonly bodyStructures: Packed | undefined;
  readonly structures: Packed | undefined;

  constructor(rows: Rows, count: number) {
    const ints = (column: number) => rows.ints(0, column);
    this.flags = ints(Column.flags);
    this.modSeqs = ints(Column.modSeq);
    this.messages = ints(Column.message);
    this.sizes = ints(Column.size);
    this.internalDates = rows.times(0, Column.internalDate);
    this.saveDates = rows.times(0, Column.saveDate);
    this.headerSizes = rows.isNull(0, Column.headerSize) ? undefined : ints(Column.headerSize);
    this.keywords = keywordsOf(rows);
    this.envelopes = packed(rows, Column.envelope, count);
    this.bodyStructures = packed(rows, Column.bodyStructure, count);
    this.structures = packed(rows, Column.structure, count);
    this.octets = [this.envelopes, this.bodyStructures, this.structures]
      .reduce((sum, column) => sum + (column?.octets.length ?? 0), 0);
  }
}

function keywordsOf(rows: Rows): ReadonlyMap<number, readonly number[]> | undefined {
  const uids = rows.ints(0, Column.keywordUids);
  if (uids.length === 0) return undefined;
  const bits = rows.octets(0, Column.keywordBits);
  return new Map(Array.from(uids, (uid, i) => [uid, packedIndexes(bits, i)]));
}

function packed(rows: Rows, column: number, count: number): Packed | undefined {
  if (rows.isNull(0, column)) return undefined;
  const lengths = rows.ints(0, column);
  const starts = new Uint32Array(count + 1);
  for (let i = 0; i < count; i++) starts[i + 1] = starts[i]! + lengths[i]!;
  // Their own memory: what is kept of a batch must not keep the read buffer.
  return { octets: rows.octets(0, column + 1).slice(), starts };
}

/** One message of a batch. */
class Message implements FetchRow {
  readonly uid: Uid;
  readonly batch: Batch;
  readonly #at: number;

  constructor(uid: Uid, batch: Batch, at: number) {
    this.uid = uid;
    this.batch = batch;
    this.#at = at;
  }

  get flags(): number {
    return this.batch.flags[this.#at]!;
  }

  get keywords(): readonly number[] {
    return this.batch.keywords?.get(this.uid) ?? NONE;
  }

  get modSeq(): ModSeq {
    return this.batch.modSeqs[this.#at]! as ModSeq;
  }

  get message(): MessageId {
    return this.batch.messages[this.#at]! as MessageId;
  }

  get size(): number {
    return this.batch.sizes[this.#at]!;
  }

  get internalDate(): number {
    return this.batch.internalDates[this.#at]!;
  }

  get saveDate(): number {
    return this.batch.saveDates[this.#at]!;
  }

  get headerSize(): number {
    return this.batch.headerSizes?.[this.#at] ?? 0;
  }

  get envelope(): Uint8Array | undefined {
    return cut(this.batch.envelopes, this.#at);
  }

  get bodyStructure(): Uint8Array | undefined {
    return cut(this.batch.bodyStructures, this.#at);
  }

  get structure(): Uint8Array | undefined {
    return cut(this.batch.structures, this.#at);
  }
}

function cut(column: Packed | undefined, at: number): Uint8Array | undefined {
  return column?.octets.subarray(column.starts[at]!, column.starts[at + 1]!);
}
