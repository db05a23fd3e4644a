/**
 * Delivers queued mail to recipients of ours: what waited for its hour (RFC 4865). The copies, what aliases send on
 * from here, and the end of the recipients' rows are one transaction, so that nothing arrives twice.
 */
import type { Directory, MailAddress, Resolution } from "../core/directory.ts";
import { type HopResult, Notify, type Outbound, type OutboundRecipient } from "../core/outbound.ts";
import type { Outcome } from "../core/failure.ts";
import type { DeliveryTarget, Placed } from "../core/store.ts";
import { needsUtf8 } from "../smtp/client/parameters.ts";
import { formatPath } from "../smtp/grammar/path.ts";
import { domainOf, type Store } from "../store/mod.ts";
import { call, PgError } from "../store/pg/door.ts";
import type { QueueLimits } from "./limits.ts";
import { type BlobReader, outgoing } from "./octets.ts";
import { arrive } from "./sql/arrive.ts";
import { envelopeFor } from "./verp.ts";
import type { QueuedMessage, Recipient, Unit } from "./work.ts";

/** What it works with. */
export interface HereOptions {
  readonly store: Store;
  readonly directory: Directory;
  readonly hostname: string;
}

/** What it is handed by those who lease. */
export interface HereWork {
  readonly reader: BlobReader;
  readonly limits: QueueLimits;
  readonly lease: string;
}

/** What became of a unit's recipients. */
export interface Sorted {
  /** They have their copies, and their rows say so. */
  readonly placed: readonly Recipient[];
  /** Somebody else has them. */
  readonly lost: readonly Recipient[];
  /** To be recorded. */
  readonly results: readonly { readonly recipient: Recipient; readonly result: HopResult }[];
  /** Not ours. */
  readonly elsewhere: readonly Recipient[];
}

/** A recipient, and where its mail goes now. */
interface Ours {
  readonly recipient: Recipient;
  readonly to: Extract<Resolution, { readonly kind: "local" }>;
}

/** division_by_zero: `arrive` found that a recipient is not ours any more. */
const TAKEN_AWAY = "22012";

/** Delivers here. */
export class Here {
  readonly #options: HereOptions;
  readonly #work: HereWork;

  constructor(options: HereOptions, work: HereWork) {
    this.#options = options;
    this.#work = work;
  }

  /** True for recipients who are ours, or may be by now. */
  concerns({ envelope }: QueuedMessage, recipient: Recipient): boolean {
    return recipient.here || envelope.holdUntil !== undefined;
  }

  /** Places the copies of those who are ours. @throws Unavailable: their outcome is unknown. */
  async place({ message, recipients }: Unit): Promise<Sorted> {
    const placed: Recipient[] = [], lost: Recipient[] = [], elsewhere: Recipient[] = [];
    const results: { recipient: Recipient; result: HopResult }[] = [];
    const ours: Ours[] = [];
    for (const recipient of recipients) {
      if (!this.concerns(message, recipient)) {
        elsewhere.push(recipient);
        continue;
      }
      const to = await this.#resolve(recipient.address, message.size);
      if (to.kind === "local" && to.targets.length + to.remote.length > 0) ours.push({ recipient, to });
      else if (to.kind === "foreign") elsewhere.push(recipient);
      else results.push({ recipient, result: REFUSALS[to.kind === "local" ? "unknown" : to.kind] });
    }
    // One copy for each account, however many of them lead to it; who is also sent on, or has a return path of its
    // own, is a transaction's only one.
    const isAlone = ({ to }: Ours) => to.remote.length > 0 || message.envelope.verp !== undefined;
    const together = ours.filter((one) => !isAlone(one));
    const alone = ours.filter(isAlone);
    const groups = [...(together.length > 0 ? [together] : []), ...alone.map((one) => [one])];
    while (groups.length > 0) {
      const group = groups.shift()!;
      const outcome = await this.#deliver(message, group);
      if (outcome === "placed") placed.push(...group.map((one) => one.recipient));
      else if (outcome === "lost") lost.push(...group.map((one) => one.recipient));
      // One that cannot be placed holds up no other.
      else if (group.length > 1) groups.push(...group.map((one) => [one]));
      else results.push({ recipient: group[0]!.recipient, result: outcome });
    }
    return { placed, lost, results, elsewhere };
  }

  async #resolve(address: string, size: number): Promise<Resolution> {
    const { directory, hostname } = this.#options;
    const local = address.slice(0, address.lastIndexOf("@")), domain = domainOf(address);
    const found = await directory.resolve({ local, domain }, size);
    // RFC 5321 §4.5.1: the postmaster without a domain was queued with our name.
    return found.kind === "foreign" && domain === hostname.toLowerCase()
      ? await directory.resolve({ local, domain: "" }, size)
      : found;
  }

  async #deliver(message: QueuedMessage, group: readonly Ours[]): Promise<"placed" | "lost" | HopResult> {
    const { store } = this.#options;
    const { reader, limits, lease } = this.#work;
    const { reversePath } = envelopeFor(message.envelope, group[0]!.recipient.address);
    await using draft = store.stage();
    await draft.write(new TextEncoder().encode(`Return-Path: ${formatPath(addressOf(reversePath))}\r\n`));
    const { octets } = await outgoing(reader, message.blob, message.size);
    for await (const piece of octets()) await draft.write(piece);
    await using copy = await draft.finish();
    const accounts = new Set(group.flatMap(({ to }) => to.targets.map(({ account }) => account)));
    const to = Array.from(accounts, (account): DeliveryTarget => ({ account, mailbox: "INBOX" }));
    const outbound = await this.#onward(message, group[0]!);
    const along = [
      call(
        arrive,
        message.queueId,
        group.map(({ recipient }) => recipient.number),
        group.map(stateOf),
        group.map((one) => noticeOf(one, reversePath)),
        copy.blob,
        lease,
        limits.reportDelayMs,
      ),
    ];
    const item = outbound === undefined ? { message: copy, to } : { message: copy, to, outbound };
    let outcomes: readonly Outcome<Placed>[];
    try {
      outcomes = (await store.deliver([item], { atomic: true, along }))[0]!;
    } catch (thrown) {
      if (thrown instanceof PgError && thrown.code === TAKEN_AWAY) return "lost";
      throw thrown;
    }
    const refusal = outcomes.find((outcome) => !outcome.ok);
    if (refusal === undefined || refusal.ok) return "placed";
    const isFull = refusal.failure.kind === "refused" && refusal.failure.code === "OVERQUOTA";
    return isFull ? REFUSALS["over-quota"] : GONE;
  }

  /** What an alias leads elsewhere: mail of its own from now on. */
  async #onward(
    { envelope }: QueuedMessage,
    { recipient: { address, notify, originalRecipient }, to: { targets, remote } }: Ours,
  ): Promise<Outbound | undefined> {
    if (remote.length === 0) return undefined;
    const sender = addressOf(envelope.reversePath);
    const forwarder = sender && await this.#options.directory.forwarding?.(sender, domainOf(address));
    // RFC 3461 §5.2.7.3 c: of an address with several behind it we tell that it was expanded, and nobody tells more.
    const wish = targets.length + remote.length === 1 ? notify : notify & ~Notify.Success;
    const reversePath = forwarder === undefined
      ? envelope.reversePath
      : `${forwarder.local}@${forwarder.domain}`;
    const { verp, ...rest } = envelope;
    return {
      envelope: {
        ...rest,
        // What goes on under another name has its recipient in it already (SRS).
        ...(verp === undefined || reversePath !== envelope.reversePath ? {} : { verp }),
        reversePath,
        smtputf8: envelope.smtputf8 || remote.some(needsUtf8),
        holdUntil: undefined,
      },
      recipients: remote.map((one): OutboundRecipient => ({ address: one, notify: wish, originalRecipient })),
    };
  }
}

/** It went on to one other address: that one's end is what counts. */
function isHandedOn({ to: { targets, remote } }: Ours): boolean {
  return targets.length === 0 && remote.length === 1;
}

function stateOf({ to: { targets, remote } }: Ours): "delivered" | "expanded" {
  return targets.length === 1 && remote.length === 0 ? "delivered" : "expanded";
}

function noticeOf(ours: Ours, reversePath: string): "success" | null {
  if (reversePath === "" || isHandedOn(ours)) return null;
  return ours.recipient.notify & Notify.Success ? "success" : null;
}

function addressOf(path: string): MailAddress | undefined {
  return path === "" ? undefined : { local: path.slice(0, path.lastIndexOf("@")), domain: domainOf(path) };
}

function result(outcome: HopResult["outcome"], code: number, status: string, text: string): HopResult {
  return { outcome, step: "here", reply: { code, status, text } };
}

/** What RCPT would say now (RFC 5321 §4.2.3). */
const REFUSALS: Readonly<Record<"unknown" | "disabled" | "loop" | "over-quota", HopResult>> = {
  unknown: result("failed", 550, "5.1.1", "There is nobody with this address here"),
  disabled: result("failed", 550, "5.2.1", "The mailbox takes no mail now"),
  loop: result("failed", 550, "5.4.6", "The address leads back to itself"),
  "over-quota": result("deferred", 452, "4.2.2", "The mailbox is full"),
};
const GONE = result("deferred", 451, "4.3.0", "The mailbox went away meanwhile");
