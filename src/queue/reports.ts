/**
 * Tells senders what became of their mail. What is to be told stands in the recipients' rows since the transaction
 * that ended them; the report is placed, and the rows are cleared, in one transaction: none is lost, none made twice.
 */
import type { BlobId } from "../core/brands.ts";
import type { Directory } from "../core/directory.ts";
import { type Emit, emitBug } from "../core/events.ts";
import type { Outbound } from "../core/outbound.ts";
import type { DeliveryTarget } from "../core/store.ts";
import type { World } from "../core/world.ts";
import { retrying } from "../store/failures.ts";
import { domainOf, type Store } from "../store/mod.ts";
import { call, type Door, PgError } from "../store/pg/door.ts";
import { composeDsn } from "./dsn.ts";
import type { QueueLimits } from "./limits.ts";
import { BlobReader } from "./octets.ts";
import { type DueReport, dueReports } from "./report_rows.ts";
import { takeNotices, tellLater, told } from "./sql/keep.ts";

/** What reports are made with. */
export interface ReporterOptions {
  readonly door: Door;
  readonly store: Store;
  /** Who is behind a reverse-path of ours. */
  readonly directory: Directory;
  readonly world: World;
  readonly emit: Emit;
  readonly limits: QueueLimits;
  readonly hostname: string;
}

/** Rows whose reports are begun together, and milliseconds that they are this worker's. */
const ROWS = 200, LEASE_MS = 60_000;
/** division_by_zero: `told` found that another worker has told. */
const TOLD_BEFORE = "22012";

/** Where a report goes. */
type Reader =
  | { readonly kind: "local"; readonly to: readonly DeliveryTarget[] }
  | { readonly kind: "queued"; readonly outbound: Outbound }
  | { readonly kind: "nobody" }
  | { readonly kind: "later" };

/** Makes reports. */
export class Reporter {
  readonly #options: ReporterOptions;
  readonly #reader: BlobReader;

  constructor(options: ReporterOptions) {
    this.#options = options;
    this.#reader = new BlobReader(options.door);
  }

  /** Makes all that are due. Gives how many. @throws Unavailable */
  async run(signal: AbortSignal): Promise<number> {
    const { door, emit } = this.#options;
    let made = 0;
    for (let more = true; more && !signal.aborted;) {
      const rows = await retrying(() => door.query(takeNotices, ROWS, LEASE_MS));
      const due = dueReports(rows);
      await Promise.all(due.map((one) =>
        this.#make(one).catch((thrown) => {
          // Its rows are tried again when their lease ends.
          if (thrown instanceof Error && thrown.name === "Unavailable") throw thrown;
          emitBug(emit, "queue.report", thrown, one.session);
        })
      ));
      made += due.length;
      more = due.length > 0;
    }
    return made;
  }

  async #make(due: DueReport): Promise<void> {
    const { store, limits, door, emit } = this.#options;
    const numbers = due.recipients.map((one) => one.number);
    const notices = due.recipients.map((one) => one.notice);
    const where = await this.#whereTo(due);
    if (where.kind === "later" && !due.isOld(this.#options.world.now(), limits)) {
      await retrying(() => door.query(tellLater, due.queueId, numbers, limits.reportRetryMs));
      return;
    }
    let said: string = where.kind;
    try {
      if (where.kind === "local" || where.kind === "queued") {
        const octets = await this.#compose(due);
        await using draft = store.stage();
        // What final delivery puts before a message (RFC 5321 §4.4); what goes out is without it.
        await draft.write(RETURN_PATH);
        await draft.write(octets);
        await using message = await draft.finish();
        const item = where.kind === "local"
          ? { message, to: where.to }
          : { message, to: [], outbound: where.outbound };
        const along = [call(told, due.queueId, numbers, notices, message.blob)];
        const [outcomes] = await store.deliver([item], { atomic: true, along });
        if (outcomes!.some((outcome) => !outcome.ok)) {
          // The mailbox is full, or went away meanwhile.
          await retrying(() => door.query(tellLater, due.queueId, numbers, limits.reportRetryMs));
          return;
        }
      } else {
        await retrying(() => door.query(told, due.queueId, numbers, notices, null));
        said = "nobody";
      }
    } catch (thrown) {
      if (thrown instanceof PgError && thrown.code === TOLD_BEFORE) return;
      throw thrown;
    }
    for (const { address, notice } of due.recipients) {
      emit("queue.report", {
        queue: due.queueId,
        session: due.session,
        reason: notice,
        to: said,
        recipient: address,
      });
    }
  }

  /** Where the report goes: never anywhere that would report on it. */
  async #whereTo({ reversePath, smtputf8 }: DueReport): Promise<Reader> {
    const at = reversePath.lastIndexOf("@");
    if (at < 1) return { kind: "nobody" };
    const address = { local: reversePath.slice(0, at), domain: domainOf(reversePath).toLowerCase() };
    const resolution = await this.#options.directory.resolve(address, 0);
    switch (resolution.kind) {
      case "local": {
        if (resolution.targets.length > 0) {
          return {
            kind: "local",
            to: resolution.targets.map(({ account }) => ({ account, mailbox: "INBOX" })),
          };
        }
        return queued(resolution.remote, smtputf8);
      }
      case "foreign":
        return queued([reversePath], smtputf8);
      case "over-quota":
        return { kind: "later" };
      case "unknown":
      case "disabled":
      case "loop":
        return { kind: "nobody" };
      default:
        return resolution satisfies never;
    }
  }

  async #compose(due: DueReport): Promise<Uint8Array> {
    const { hostname, world, limits } = this.#options;
    return composeDsn({
      hostname,
      now: world.now(),
      random: world.random,
      reversePath: due.reversePath,
      envid: due.envid,
      arrivedAt: due.arrivedAt,
      expiresAt: due.expiresAt,
      messageId: due.messageKey,
      recipients: due.recipients.map((one) => one.reported),
      original: await this.#original(due, limits.reportOctets),
      utf8: due.smtputf8,
    }).octets();
  }

  /** RFC 3461 §4.3, §6.2: the whole only where RET=FULL asks for it and something failed; never more than a limit. */
  async #original({ blob, size, ret, recipients }: DueReport, most: number) {
    const first = await this.#reader.piece(blob as BlobId, 0);
    if (first === undefined || size === 0) return undefined;
    const failed = recipients.some(({ reported }) => reported.action === "failed");
    const whole = ret === "full" && failed && size <= most && first.length === size;
    if (whole) return { octets: first, headerOnly: false };
    return { octets: headerOf(first, most), headerOnly: true };
  }
}

const RETURN_PATH = new TextEncoder().encode("Return-Path: <>\r\n");

/** A report that leaves: from nobody, and nobody hears what becomes of it (RFC 3461 §6.1). */
function queued(addresses: readonly string[], smtputf8: boolean): Reader {
  return {
    kind: "queued",
    outbound: {
      envelope: {
        reversePath: "",
        body: smtputf8 ? "8BITMIME" : "7BIT",
        smtputf8,
        requireTls: false,
        ret: undefined,
        envid: undefined,
        priority: 0,
        holdUntil: undefined,
        deliverBy: undefined,
        submitter: undefined,
        session: "report",
      },
      recipients: addresses.map((address) => ({ address, notify: 0, originalRecipient: undefined })),
    },
  };
}

/** A header with its last line end, or whole lines of it up to a limit. */
export function headerOf(octets: Uint8Array, most: number): Uint8Array {
  let line = 0;
  for (let at = 0; at < octets.length && at < most; at++) {
    if (octets[at] !== 0x0a) continue;
    // An empty line ends it.
    if (at - line < 2) return octets.subarray(0, line);
    line = at + 1;
  }
  return octets.subarray(0, line);
}
