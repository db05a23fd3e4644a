import type { AccountId, MailboxId, MessageId, Uid } from "../core/brands.ts";
import type { FetchRow, MailboxInfo } from "../core/store.ts";
import { rangesOf, type UidSet } from "../core/uidset.ts";

/** One message of a maildrop. */
export interface DropEntry {
  readonly message: MessageId;
  readonly uid: Uid;
  readonly size: number;
  readonly headerSize: number;
}

/**
 * A maildrop as it was when its session began (RFC 1939 §4: later mail has no number here), in columns, with
 * the marks of DELE. Numbers are 1-based. The one thing of a session that changes in place: a copy for each
 * DELE would make deleting all of a large maildrop quadratic.
 */
export class Maildrop {
  readonly #uids: number[] = [];
  readonly #messages: number[] = [];
  readonly #sizes: number[] = [];
  readonly #headerSizes: number[] = [];
  readonly #deleted = new Set<number>();
  #octets = 0;
  #deletedOctets = 0;

  constructor(readonly account: AccountId, private readonly info: MailboxInfo) {}

  /** Where the messages lie. */
  get mailbox(): MailboxId {
    return this.info.id;
  }

  /** Appends a message, while the session begins. */
  add(row: Pick<FetchRow, "uid" | "message" | "size" | "headerSize">): void {
    this.#uids.push(row.uid);
    this.#messages.push(row.message);
    this.#sizes.push(row.size);
    this.#headerSizes.push(row.headerSize);
    this.#octets += row.size;
  }

  /** The highest number, deleted or not. */
  get last(): number {
    return this.#uids.length;
  }

  /** Messages that are not marked as deleted. */
  get count(): number {
    return this.#uids.length - this.#deleted.size;
  }

  /** Octets of the messages that are not marked as deleted. */
  get octets(): number {
    return this.#octets - this.#deletedOctets;
  }

  /** The message of that number; undefined when there is none or it is marked as deleted. */
  at(n: number): DropEntry | undefined {
    if (!this.has(n)) return undefined;
    return {
      message: this.#messages[n - 1] as MessageId,
      uid: this.#uids[n - 1] as Uid,
      size: this.#sizes[n - 1]!,
      headerSize: this.#headerSizes[n - 1]!,
    };
  }

  /** True when the number is given and its message not marked as deleted. */
  has(n: number): boolean {
    return Number.isInteger(n) && n >= 1 && n <= this.#uids.length && !this.#deleted.has(n);
  }

  /** Octets of a message. */
  sizeOf(n: number): number {
    return this.#sizes[n - 1]!;
  }

  /** Unique-id (RFC 1939 §7): `uidvalidity-uid`, at most 21 characters, never given to another message. */
  uniqueIdOf(n: number): string {
    return `${this.info.uidValidity}-${this.#uids[n - 1]}`;
  }

  /** Marks a message as deleted; false when there is none or it is marked already. */
  delete(n: number): boolean {
    if (!this.has(n)) return false;
    this.#deleted.add(n);
    this.#deletedOctets += this.sizeOf(n);
    return true;
  }

  /** Takes all marks back (RSET). */
  reset(): void {
    this.#deleted.clear();
    this.#deletedOctets = 0;
  }

  /** What the UPDATE state has to remove. */
  get deleted(): UidSet {
    return rangesOf([...this.#deleted].sort((a, b) => a - b).map((n) => this.#uids[n - 1]!));
  }

  /** How many are marked. */
  get deletedCount(): number {
    return this.#deleted.size;
  }
}
