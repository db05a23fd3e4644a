/**
 * Rows of messages that were fetched from a mailbox, kept for the next FETCH. All of a row but its flags never
 * changes, and flags are the mirror's; so a row is right as long as its message is there.
 */
import type { FetchBatch, FetchRow, FetchWanted } from "../core/store.ts";
import { Budget } from "../bytes/budget.ts";

/** What a row weighs beside its octets. */
const ROW_OCTETS = 300;
/** And a batch, beside its rows. */
const BATCH_OCTETS = 2000;

/** All mailboxes of the worker. */
const budget = new Budget();
/** Mailboxes with kept rows, the one that was used longest ago first. */
const kept = new Set<KeptRows>();

/** What of a message was asked for, by a bit each. */
export function maskOf(wanted: FetchWanted): number {
  return (wanted.facts ? 1 : 0) | (wanted.envelope ? 2 : 0) | (wanted.bodyStructure ? 4 : 0) |
    (wanted.structure ? 8 : 0);
}

/** The kept rows of one mailbox. */
export class KeptRows {
  /** Rows by UID, by what was asked for when they were fetched. */
  readonly #rows = new Map<number, Map<number, FetchRow>>();
  /** Memory is a batch's: what each weighs, and how many of its rows are kept. */
  readonly #batches = new Map<FetchBatch, { readonly octets: number; left: number }>();
  #octets = 0;
  #closed = false;

  /** The row of a UID, if all that is wanted of it is there. */
  get(uid: number, mask: number): FetchRow | undefined {
    let has = 0;
    for (const [what, rows] of this.#rows) {
      const row = rows.get(uid);
      if (row === undefined) continue;
      if ((what & mask) === mask) return row;
      has |= what;
    }
    return (has & mask) === mask && has !== 0 ? this.#joined(uid) : undefined;
  }

  /** A row that came apart. */
  #joined(uid: number): FetchRow {
    const parts: FetchRow[] = [];
    let facts: FetchRow | undefined;
    for (const [what, rows] of this.#rows) {
      const row = rows.get(uid);
      if (row !== undefined) parts.push(row);
      if ((what & 1) !== 0) facts ??= row;
    }
    const { message, internalDate, saveDate, size, flags, keywords, modSeq, batch } = parts[0]!;
    const octets = (of: "envelope" | "bodyStructure" | "structure") =>
      parts.find((part) => part[of] !== undefined)?.[of];
    return {
      ...{ uid: parts[0]!.uid, message, internalDate, saveDate, size, flags, keywords, modSeq, batch },
      headerSize: facts?.headerSize ?? 0,
      envelope: octets("envelope"),
      bodyStructure: octets("bodyStructure"),
      structure: octets("structure"),
    };
  }

  /** Notes that the mailbox is in use: others make room first. */
  touch(): void {
    if (kept.delete(this)) kept.add(this);
  }

  /** Keeps the rows of a batch as long as the worker spends at most `most` octets on them. */
  keep(batch: readonly FetchRow[], mask: number, most: number): void {
    if (this.#closed || batch.length === 0) return;
    const fresh = batch.filter(({ uid }) => this.get(uid, mask) === undefined);
    const octets = BATCH_OCTETS + batch[0]!.batch.octets + batch.length * ROW_OCTETS;
    if (fresh.length === 0 || !this.#room(octets, most)) return;
    this.#octets += octets;
    this.#batches.set(batch[0]!.batch, { octets, left: fresh.length });
    let rows = this.#rows.get(mask);
    if (rows === undefined) this.#rows.set(mask, rows = new Map());
    for (const row of fresh) rows.set(row.uid, row);
    kept.add(this);
  }

  /** Forgets a message that is gone. */
  delete(uid: number): void {
    for (const rows of this.#rows.values()) {
      const row = rows.get(uid);
      if (row === undefined) continue;
      rows.delete(uid);
      const batch = this.#batches.get(row.batch)!;
      if (--batch.left > 0) continue;
      this.#batches.delete(row.batch);
      this.#octets -= batch.octets;
      budget.give(batch.octets);
    }
  }

  /** Forgets everything. */
  clear(): void {
    budget.give(this.#octets);
    this.#octets = 0;
    this.#rows.clear();
    this.#batches.clear();
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
