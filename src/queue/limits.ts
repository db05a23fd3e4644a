/** What mail that goes out may cost, and when it is tried. Every bound has its name here. */
export interface QueueLimits {
  /** Connections that one worker has open at once. */
  readonly connections: number;
  /** Of those, connections to destinations that have taken nothing yet: dead ones must not use up all. */
  readonly connectionsUnproven: number;
  /** Connections to one destination: at first, and at most; it grows with success and shrinks with failure. */
  readonly concurrencyFirst: number;
  readonly concurrencyMost: number;
  /** Recipients of one transaction. */
  readonly transactionRecipients: number;
  /** Messages of one connection. */
  readonly connectionMessages: number;
  /** Milliseconds that an open connection waits for another message. */
  readonly connectionIdleMs: number;
  /** Failures in a row, not a recipient's fault, after which nothing is sent that way for a while. */
  readonly laneFailures: number;
  /** Recipients that are taken for one lane at a time. */
  readonly takeRows: number;
  /** Lanes that are taken from at a time. */
  readonly takeLanes: number;
  /** Senders of one lane that take turns in one round. */
  readonly takeSenders: number;
  /** Lanes that one look for work finds. */
  readonly discoverLanes: number;
  /** Recipients that one worker has taken and not sent yet. */
  readonly held: number;
  /** Results that one transaction records. */
  readonly recordRows: number;
  /** Milliseconds that taken work belongs to a worker; renewed at a third of it. */
  readonly leaseMs: number;
  /** Milliseconds between two looks for work that nobody announced. */
  readonly pollMs: number;
  /** Milliseconds until a recipient is tried again: after the first try, doubled with each further one, at most. */
  readonly retryFirstMs: number;
  readonly retryMostMs: number;
  /** The same for a destination that cannot be reached at all. */
  readonly laneRetryFirstMs: number;
  readonly laneRetryMostMs: number;
  /** Milliseconds after which a recipient that was not reached is given up. */
  readonly lifetimeMs: number;
  /** Milliseconds after which the sender is warned of a delay. */
  readonly warnAfterMs: number;
  /** Milliseconds for which mail to a recipient that does not exist fails at once; 0: never. */
  readonly suppressMs: number;
  /** Milliseconds for which what became of a message is kept. */
  readonly historyMs: number;
  /** Octets of the original message that a report returns at most. */
  readonly reportOctets: number;
  /** Milliseconds that a report waits for what else becomes of the same message. */
  readonly reportDelayMs: number;
  /** Milliseconds until a report is tried again whose reader's mailbox is full. */
  readonly reportRetryMs: number;
  /** Steps of messages that wait to be written to the trace; beyond them steps are lost. */
  readonly traceSteps: number;
  /** Milliseconds that a step waits for others. */
  readonly traceMs: number;
}

/** The defaults. RFC 5321 §4.5.4.1 wants four to five days, and half an hour between tries. */
export const QUEUE_LIMITS: QueueLimits = {
  connections: 200,
  connectionsUnproven: 100,
  concurrencyFirst: 2,
  concurrencyMost: 20,
  transactionRecipients: 100,
  connectionMessages: 1000,
  connectionIdleMs: 2_000,
  laneFailures: 5,
  takeRows: 100,
  takeLanes: 32,
  takeSenders: 8,
  discoverLanes: 256,
  held: 5_000,
  recordRows: 500,
  leaseMs: 60_000,
  pollMs: 5_000,
  retryFirstMs: 300_000,
  retryMostMs: 14_400_000,
  laneRetryFirstMs: 60_000,
  laneRetryMostMs: 1_800_000,
  lifetimeMs: 432_000_000,
  warnAfterMs: 14_400_000,
  suppressMs: 86_400_000,
  historyMs: 1_209_600_000,
  reportOctets: 51_200,
  reportDelayMs: 1_000,
  reportRetryMs: 1_800_000,
  traceSteps: 10_000,
  traceMs: 500,
};
