/** Work as it is leased from the database. */
import type { AccountId, BlobId } from "../core/brands.ts";
import type { HopReply, OutboundEnvelope } from "../core/outbound.ts";
import { retrying } from "../store/failures.ts";
import { HERE_LANE } from "../store/mod.ts";
import { call, type Door, type Rows } from "../store/pg/door.ts";
import type { QueueLimits } from "./limits.ts";
import { discover, giveBack, renew, take } from "./sql/take.ts";

/** One recipient that is ours for a while. */
export interface Recipient {
  readonly queueId: number;
  readonly number: number;
  readonly address: string;
  readonly notify: number;
  readonly originalRecipient: string | undefined;
  /** Tries before this one. */
  readonly attempts: number;
  /** It was ours when it was queued. */
  readonly here: boolean;
  /** Why it fails without a try. */
  readonly suppressed: HopReply | undefined;
}

/** What is queued of one message, for all its recipients. */
export interface QueuedMessage {
  readonly queueId: number;
  readonly blob: BlobId;
  readonly size: number;
  readonly messageKey: string | undefined;
  readonly envelope: OutboundEnvelope;
}

/** A message with those of its recipients that were leased together. */
export interface Unit {
  readonly message: QueuedMessage;
  readonly recipients: readonly Recipient[];
}

/** What is wanted of a lane. */
export interface Want {
  readonly lane: string;
  readonly count: number;
  /** The sender after whom to begin; "" from the first. */
  readonly after: string;
}

/** What a lane gave. */
export interface Taken {
  readonly lane: string;
  readonly units: Unit[];
  recipients: number;
  /** How often it was blocked in a row. */
  failures: number;
  /** Senders that had their turn. */
  readonly senders: Set<string>;
}

/** Finds and leases work, under one lease for all of this worker's. */
export class Supply {
  readonly #door: Door;
  readonly #limits: QueueLimits;
  readonly #lease: string = crypto.randomUUID();
  /** What is leased, by key, with when it was leased or renewed (ticks). */
  readonly #held = new Map<string, { readonly recipient: Recipient; since: number }>();

  constructor(door: Door, limits: QueueLimits) {
    this.#door = door;
    this.#limits = limits;
  }

  get lease(): string {
    return this.#lease;
  }

  /** Recipients that are leased. */
  get held(): number {
    return this.#held.size;
  }

  /** Lanes with work behind one, in order, and whether each is blocked. @throws Unavailable */
  async discover(after: string): Promise<readonly { readonly lane: string; readonly blocked: boolean }[]> {
    const rows = await retrying(() => this.#door.query(discover, after, this.#limits.discoverLanes));
    return Array.from({ length: rows.count }, (_, row) => ({
      lane: rows.text(row, 0),
      blocked: rows.bool(row, 1),
    }));
  }

  /** Leases. Lanes that had nothing are not among the answers. @throws Unavailable */
  async take(wants: readonly Want[]): Promise<ReadonlyMap<string, Taken>> {
    const { takeSenders, leaseMs } = this.#limits;
    const rows = await retrying(() =>
      this.#door.query(
        take,
        wants.map((want) => want.lane),
        wants.map((want) => want.count),
        wants.map((want) => want.after),
        takeSenders,
        this.#lease,
        leaseMs,
      )
    );
    const taken = new Map<string, Taken>();
    const now = performance.now();
    let message: QueuedMessage | undefined, recipients: Recipient[] = [], lane: string | undefined;
    for (let row = 0; row < rows.count; row++) {
      const queueId = rows.int(row, 0), name = rows.text(row, 5);
      let of = taken.get(name);
      if (of === undefined) {
        taken.set(name, of = { lane: name, units: [], recipients: 0, failures: 0, senders: new Set() });
      }
      of.recipients++;
      of.failures = rows.int(row, 8);
      of.senders.add(rows.text(row, 6));
      const full = recipients.length >= this.#limits.transactionRecipients;
      if (message?.queueId !== queueId || lane !== name || full) {
        message = messageOf(rows, row);
        lane = name;
        of.units.push({ message, recipients: recipients = [] });
      }
      const recipient = recipientOf(rows, row);
      recipients.push(recipient);
      this.#held.set(keyOf(recipient), { recipient, since: now });
    }
    return taken;
  }

  /** Notes that what became of recipients is recorded. */
  ended(recipients: readonly Recipient[]): void {
    for (const recipient of recipients) this.#held.delete(keyOf(recipient));
  }

  /** Gives recipients back. What cannot be given back now comes back when the lease ends. */
  async giveBack(recipients: readonly Recipient[]): Promise<void> {
    this.ended(recipients);
    if (recipients.length === 0) return;
    await retrying(() => this.#door.query(giveBack, ...keysOf(recipients), this.#lease)).catch(() => {});
  }

  /** Renews what was leased a while ago. @throws Unavailable */
  async renew(): Promise<void> {
    const { leaseMs } = this.#limits;
    const now = performance.now();
    const due = [...this.#held.values()].filter(({ since }) => now - since >= leaseMs / 3);
    if (due.length === 0) return;
    const recipients = due.map(({ recipient }) => recipient);
    await retrying(() => this.#door.run(call(renew, ...keysOf(recipients), this.#lease, leaseMs)));
    for (const one of due) one.since = now;
  }
}

function keyOf({ queueId, number }: Recipient): string {
  return `${queueId}:${number}`;
}

function keysOf(recipients: readonly Recipient[]) {
  return [recipients.map((one) => one.queueId), recipients.map((one) => one.number)] as const;
}

function recipientOf(rows: Rows, row: number): Recipient {
  return {
    queueId: rows.int(row, 0),
    number: rows.int(row, 1),
    address: rows.text(row, 2),
    notify: rows.int(row, 3),
    originalRecipient: textOf(rows, row, 4),
    attempts: rows.int(row, 7),
    here: rows.text(row, 5) === HERE_LANE,
    suppressed: rows.isNull(row, 25)
      ? undefined
      : { code: rows.int(row, 25), status: rows.text(row, 26), text: rows.text(row, 27) },
  };
}

function messageOf(rows: Rows, row: number): QueuedMessage {
  return {
    queueId: rows.int(row, 0),
    blob: rows.uuid(row, 9) as BlobId,
    size: rows.int(row, 10),
    messageKey: textOf(rows, row, 24),
    envelope: {
      reversePath: rows.text(row, 11),
      body: rows.text(row, 12) as OutboundEnvelope["body"],
      smtputf8: rows.bool(row, 13),
      requireTls: rows.bool(row, 14),
      ret: textOf(rows, row, 15) as OutboundEnvelope["ret"],
      envid: textOf(rows, row, 16),
      priority: rows.int(row, 17),
      holdUntil: rows.isNull(row, 18) ? undefined : rows.time(row, 18),
      deliverBy: rows.isNull(row, 19) ? undefined : {
        at: rows.time(row, 19),
        mode: rows.text(row, 20) as "return" | "notify",
        trace: rows.bool(row, 21),
      },
      submitter: rows.isNull(row, 22) ? undefined : rows.int(row, 22) as AccountId,
      session: rows.text(row, 23),
      tlsOptional: rows.bool(row, 28),
      ...(rows.text(row, 29) === "" ? {} : { solicit: rows.text(row, 29).split(",") }),
      ...(rows.isNull(row, 30) ? {} : { verp: rows.text(row, 30) }),
    },
  };
}

function textOf(rows: Rows, row: number, column: number): string | undefined {
  return rows.isNull(row, column) ? undefined : rows.text(row, column);
}
