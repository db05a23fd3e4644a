/**
 * What one connection, and one peer, may cost us. Every number is the default of a setting of the same name;
 * milliseconds and octets unless said otherwise.
 */
export const NET_LIMITS = {
  /** Octets that may wait for the peer before `write` holds its caller back. */
  outputBuffer: 262_144,
  /**
   * Octets handed to the runtime at a time. It reports a write only when all of it is gone, so this is what
   * a peer must take within `writeStallMs`: 64 KiB in two minutes is about 550 octets a second.
   */
  writePiece: 65_536,
  /** Writes up to this many octets are copied, so that the caller need not wait for them. */
  smallWrite: 4_096,
  /** How long a peer may take nothing. RFC 5321 §4.5.3.2 gives clients minutes; a dead peer must not. */
  writeStallMs: 120_000,
  /** How long a TLS handshake may take. A slow link needs seconds; a silent client holds a descriptor. */
  handshakeMs: 30_000,
  /** How long a trusted proxy may take to send its PROXY header: it sits next to us. */
  proxyHeaderMs: 5_000,
  /** How long a client connection may take to come up, when the caller does not say. RFC 5321 leaves it open. */
  dialMs: 30_000,
  /**
   * How long we go on reading (and dropping) after our end of the stream is closed. Closing with octets
   * unread makes the kernel send RST, and the peer may then lose our last reply.
   */
  lingerMs: 1_000,
  /** Octets read and dropped in that time. */
  lingerOctets: 1_048_576,
  /** Connections waiting to be accepted; Deno's 511 costs a factor of five in a burst. */
  backlog: 4_096,
  /** Open connections on one listener in one worker; a ConnectionBudget bounds them all together. */
  maxConnections: 8_000,
  /** Open connections from one address. 20 is right for SMTP; IMAP listeners are given 100 (a NAT is one address). */
  connectionsPerAddress: 20,
  /** New connections from one address in a minute. */
  newPerMinute: 120,
  /** What a /24 (IPv4) or /64 (IPv6) may have, as a multiple of what one address may. */
  groupFactor: 4,
  /** Addresses and groups that one address book remembers, so that a flood cannot fill memory with names. */
  bookEntries: 65_536,
  /**
   * Refused connections that may still be reading their refusal; any more are dropped without a word. They
   * live on the descriptors that `maxConnectionsFor` leaves free.
   */
  refusing: 16,
  /** How often the watchdog looks for descriptor exhaustion. */
  watchMs: 1_000,
  /** Descriptors that must be free, or the process counts as exhausted. */
  spareDescriptors: 8,
} as const;

/** NET_LIMITS with values of one's own. */
export type NetLimits = { readonly [Name in keyof typeof NET_LIMITS]: number };

/** Fills in the defaults. */
export function netLimits(own: Partial<NetLimits> = {}): NetLimits {
  return { ...NET_LIMITS, ...own };
}

/**
 * The connections that one share of a process may hold, so that the process never runs out of descriptors:
 * accepting then never fails, which the runtime does not survive. A quarter, and at least 64, stay free for
 * the runtime itself (some 25), the database, files, outgoing connections and refusals.
 *
 * @param descriptors the process's limit (`ulimit -n`; the runtime raises the soft one to the hard one)
 * @param shares the workers in the process, each with its ConnectionBudget
 */
export function maxConnectionsFor(descriptors: number, shares: number): number {
  const spare = Math.max(64, Math.ceil(descriptors / 4));
  return Math.max(1, Math.floor((descriptors - spare) / Math.max(1, shares)));
}

/** Connections that several listeners of a worker may hold together. */
export class ConnectionBudget {
  #open = 0;

  /** @param max see `maxConnectionsFor` */
  constructor(readonly max: number) {}

  /** Connections that are open now. */
  get open(): number {
    return this.#open;
  }

  /** Takes a place; undefined when there is none. */
  take(): Disposable | undefined {
    if (this.#open >= this.max) return undefined;
    this.#open++;
    let over = false;
    return {
      [Symbol.dispose]: () => {
        if (!over) this.#open--;
        over = true;
      },
    };
  }
}
