/**
 * Rows of messages that were fetched from a mailbox, kept for the next FETCH. All of a row but its flags never
 * changes, and flags are the mirror's; so a row is right as long as its message is there.
 */
import type { FetchRow, FetchWanted } from "../core/store.ts";
import { Budget } from "../bytes/budget.ts";

/** What a row weighs beside its octets. */
const ROW_OCTETS = 300;

/** All mailboxes of the worker. */
const budget = new Budget();
/** Mailboxes with kept rows, the one that was used longest ago first. */
const kept = new Set<KeptRows>();

/** What of a message was asked for, by a bit each. */
export function maskOf(wanted: FetchWanted): number {
  return (wanted.facts ? 1 : 0) | (wanted.envelope ? 2 : 0) | (wanted.bodyStructure ? 4 : 0) |
    (wanted.structure ? 8 : 0);
}

/** A row and what it has. */
interface Kept {
  readonly row: FetchRow;
  readonly mask: number;
  readonly octets: number;
}

/** The kept rows of one mailbox. */
export class KeptRows {
  readonly #rows = new Map<number, Kept>();
  #octets = 0;
  #closed = false;

  /** The row of a UID, if all that is wanted of it is there. */
  get(uid: number, mask: number): FetchRow | undefined {
    const found = this.#rows.get(uid);
    return found !== undefined && (found.mask & mask) === mask ? found.row : undefined;
  }

  /** Notes that the mailbox is in use: others make room first. */
  touch(): void {
    if (kept.delete(this)) kept.add(this);
  }

  /** Keeps rows as long as the worker spends at most `most` octets on them. */
  keep(rows: readonly FetchRow[], mask: number, most: number): void {
    if (this.#closed || most === 0) return;
    let size = 0;
    for (const row of rows) size += octetsOf(row);
    // One piece of memory instead of the read buffers, of which a row would keep more alive than it needs.
    const slab = new Uint8Array(size);
    let at = 0;
    const copy = (octets: Uint8Array | undefined) => {
      if (octets === undefined) return undefined;
      slab.set(octets, at);
      return slab.subarray(at, at += octets.length);
    };
    for (const row of rows) {
      const weight = octetsOf(row) + ROW_OCTETS;
      const before = this.#rows.get(row.uid);
      if (before !== undefined && (before.mask & mask) === mask) continue;
      if (!this.#room(weight, most)) return;
      this.#rows.set(row.uid, {
        row: {
          ...(before?.row ?? row),
          headerSize: mask & 1 ? row.headerSize : before?.row.headerSize ?? 0,
          ...(row.envelope === undefined ? {} : { envelope: copy(row.envelope)! }),
          ...(row.bodyStructure === undefined ? {} : { bodyStructure: copy(row.bodyStructure)! }),
          ...(row.structure === undefined ? {} : { structure: copy(row.structure)! }),
        },
        mask: mask | (before?.mask ?? 0),
        octets: weight + (before?.octets ?? 0),
      });
      this.#octets += weight;
    }
    kept.add(this);
  }

  /** Forgets a message that is gone. */
  delete(uid: number): void {
    const found = this.#rows.get(uid);
    if (found === undefined) return;
    this.#rows.delete(uid);
    this.#octets -= found.octets;
    budget.give(found.octets);
  }

  /** Forgets everything. */
  clear(): void {
    budget.give(this.#octets);
    this.#octets = 0;
    this.#rows.clear();
    kept.delete(this);
  }

  /** Forgets everything and keeps nothing from now on. */
  close(): void {
    this.#closed = true;
    this.clear();
  }

  #room(octets: number, most: number): boolean {
    while (!budget.take(octets, most)) {
      const [oldest] = kept;
      if (oldest === undefined || oldest === this) return false;
      oldest.clear();
    }
    return true;
  }
}

function octetsOf(row: FetchRow): number {
  return (row.envelope?.length ?? 0) + (row.bodyStructure?.length ?? 0) + (row.structure?.length ?? 0);
}
