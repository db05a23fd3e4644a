/** The octets of queued messages. */
import { standsAt } from "../bytes/ascii.ts";
import { indexOfLf } from "../bytes/ascii.ts";
import type { BlobId } from "../core/brands.ts";
import { Unavailable } from "../core/failure.ts";
import { retrying } from "../store/failures.ts";
import type { Door } from "../store/pg/door.ts";
import { pieces } from "./sql/take.ts";

/** Pieces that one question asks for. */
const PIECES = 32;

interface Asked {
  readonly blob: BlobId;
  readonly seq: number;
  readonly resolve: (octets: Uint8Array | undefined) => void;
  readonly reject: (thrown: unknown) => void;
}

/** Reads pieces of blobs; what is asked for while a question is under way goes together in the next one. */
export class BlobReader {
  readonly #door: Door;
  #asked: Asked[] = [];
  #busy = false;

  constructor(door: Door) {
    this.#door = door;
  }

  /** One piece; undefined when there is none. @throws Unavailable */
  piece(blob: BlobId, seq: number): Promise<Uint8Array | undefined> {
    return new Promise((resolve, reject) => {
      this.#asked.push({ blob, seq, resolve, reject });
      if (!this.#busy) this.#ask();
    });
  }

  async #ask(): Promise<void> {
    this.#busy = true;
    for (let some = this.#asked.splice(0, PIECES); some.length > 0; some = this.#asked.splice(0, PIECES)) {
      try {
        const rows = await retrying(() =>
          this.#door.query(pieces, some.map((one) => one.blob), some.map((one) => one.seq))
        );
        some.forEach(({ resolve }, row) => resolve(rows.isNull(row, 0) ? undefined : rows.octets(row, 0)));
      } catch (thrown) {
        for (const { reject } of some) reject(thrown);
      }
    }
    this.#busy = false;
  }
}

/** A message as it leaves: without the Return-Path that final delivery put before it (RFC 5321 §4.4). */
export interface Outgoing {
  readonly size: number;
  octets(): AsyncIterable<Uint8Array>;
}

/** Opens a message. @throws Unavailable; Error when its octets are gone. */
export async function outgoing(reader: BlobReader, blob: BlobId, size: number): Promise<Outgoing> {
  const first = size === 0 ? new Uint8Array(0) : await pieceOf(reader, blob, 0);
  const skip = standsAt(first, "Return-Path:") ? indexOfLf(first, 0) + 1 : 0;
  return {
    size: size - skip,
    async *octets() {
      yield skip === 0 ? first : first.subarray(skip);
      for (let seq = 1, at = first.length; at < size; seq++) {
        const next = await pieceOf(reader, blob, seq);
        at += next.length;
        yield next;
      }
    },
  };
}

async function pieceOf(reader: BlobReader, blob: BlobId, seq: number): Promise<Uint8Array> {
  const octets = await reader.piece(blob, seq);
  // Not before the queue lets go of it: a bug, or somebody's hand in the tables.
  if (octets === undefined) throw new Error(`Cannot send blob ${blob}: piece ${seq} is not there`);
  return octets;
}

/** True when the database, not the message, is the trouble. */
export function isPassing(thrown: unknown): boolean {
  return thrown instanceof Unavailable;
}
