/** What goes out with deliveries: parcels for the queue, and the columns that `enqueue` takes of them. */
import { Notify, type Outbound, type OutboundEnvelope, type OutboundSuccess } from "../core/outbound.ts";
import { type Message, pieceColumns } from "./message.ts";
import { messageKey } from "./message_key.ts";

/** What the store asks of whoever sends the queued mail. */
export interface QueueSettings {
  /** Milliseconds after which a recipient that was not reached is given up. */
  readonly lifetimeMs: number;
  /** Milliseconds after which the sender is warned. */
  readonly warnAfterMs: number;
  /** Recipients of one lane share a way out; one that is stuck holds up no other. */
  readonly laneOf: (envelope: OutboundEnvelope, recipient: string) => string;
  /** Called after the commit that queued recipients in these lanes. */
  readonly queued: (lanes: readonly string[]) => void;
}

/** Until somebody knows better: five days, a warning after four hours, a lane for each domain. */
export const QUEUE_SETTINGS: QueueSettings = {
  lifetimeMs: 432_000_000,
  warnAfterMs: 14_400_000,
  laneOf: (_, recipient) => domainOf(recipient),
  queued: () => {},
};

/** The domain of `local@domain`. */
export function domainOf(address: string): string {
  return address.slice(address.lastIndexOf("@") + 1);
}

/** One message's way out, on its way to the queue. */
export interface Parcel {
  readonly message: Message;
  readonly outbound: Outbound;
  /** Queue it only with the local copies of its job. */
  readonly withCopies: boolean;
  /** Its key in the queue, once it is there. */
  queued: number | undefined;
  /** True when the octets that were staged are not there any more. */
  lost: boolean;
}

/** A parcel, and a message whose copies tell whether it may be queued. */
export interface QueuedParcel {
  readonly parcel: Parcel;
  readonly placed: Message | undefined;
}

/** The lane of recipients of ours: no way out is called so, since a domain has no colon, and others begin otherwise. */
export const HERE_LANE = "here:";

/** Lanes are kept short; a name that is longer shares a lane with those that begin alike. */
const LANE = 300;

/** The values of `enqueue`. `brought`: messages whose octets a local copy brings. */
export function parcelColumns(
  parcels: readonly QueuedParcel[],
  brought: ReadonlySet<Message>,
  settings: QueueSettings,
) {
  const numbers: number[] = [], addresses: string[] = [], notifies: number[] = [];
  const originals: (string | null)[] = [], lanes: string[] = [], done: (string | null)[] = [];
  const put = new Set<Message>();
  parcels.forEach(({ parcel: { message, outbound } }, i) => {
    const ended = tellable(outbound);
    for (const recipient of [...outbound.recipients, ...ended]) {
      const { address, notify, originalRecipient } = recipient;
      numbers.push(i + 1);
      addresses.push(address);
      notifies.push(notify);
      originals.push(originalRecipient ?? null);
      done.push("action" in recipient ? (recipient as OutboundSuccess).action : null);
      const lane = recipient.here ? HERE_LANE : settings.laneOf(outbound.envelope, address);
      lanes.push(lane.slice(0, LANE));
    }
    if (!brought.has(message)) put.add(message);
  });
  const messages = parcels.map(({ parcel }) => parcel.message);
  const envelopes = parcels.map(({ parcel }) => parcel.outbound.envelope);
  return {
    lanes,
    values: [
      messages.map((message) => message.blob as string),
      messages.map((message) => message.size),
      parcels.map(({ placed }) => placed?.blob ?? null),
      messages.map((message) => message.pieces === undefined),
      messages.map((message) => messageKey(message.derived.envelope) ?? null),
      envelopes.map((envelope) => envelope.reversePath),
      envelopes.map(senderOf),
      envelopes.map((envelope) => envelope.body),
      envelopes.map((envelope) => envelope.smtputf8),
      envelopes.map((envelope) => envelope.requireTls),
      envelopes.map((envelope) => envelope.ret ?? null),
      envelopes.map((envelope) => envelope.envid ?? null),
      envelopes.map((envelope) => envelope.priority),
      envelopes.map((envelope) => envelope.holdUntil ?? null),
      envelopes.map((envelope) => envelope.deliverBy?.at ?? null),
      envelopes.map((envelope) => envelope.deliverBy?.mode ?? null),
      envelopes.map((envelope) => envelope.deliverBy?.trace ?? false),
      envelopes.map((envelope) => envelope.submitter ?? null),
      envelopes.map((envelope) => envelope.session),
      envelopes.map((envelope) => envelope.tlsOptional ?? false),
      envelopes.map((envelope) => (envelope.solicit ?? []).join(",")),
      settings.lifetimeMs,
      settings.warnAfterMs,
      numbers,
      addresses,
      notifies,
      originals,
      lanes,
      done,
      ...pieceColumns(put),
      envelopes.map((envelope) => envelope.verp ?? null),
    ] as const,
  };
}

/** Recipients that are done with, of whom the sender is to be told: nobody is told at the null reverse-path. */
export function tellable({ envelope, delivered = [] }: Outbound): readonly OutboundSuccess[] {
  return envelope.reversePath === "" ? [] : delivered.filter(({ notify }) => (notify & Notify.Success) !== 0);
}

/** For whose sake a message is sent: an account of ours, or else the domain it comes from. */
function senderOf(envelope: OutboundEnvelope): string {
  return envelope.submitter === undefined ? domainOf(envelope.reversePath) || "<>" : `#${envelope.submitter}`;
}
