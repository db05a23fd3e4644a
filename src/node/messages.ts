/** What the supervisor and its workers say to each other. */
import type { Config } from "../config/mod.ts";
import type { CertificatePair } from "../net/mod.ts";
import type { MetricsSnapshot } from "../observe/metrics.ts";
import type { DatabaseAddress } from "../store/pg/database.ts";

/** What a worker is born with. */
export interface WorkerStart {
  /** 1, 2, … */
  readonly number: number;
  readonly config: Config;
  readonly database: DatabaseAddress;
  readonly certificates: readonly CertificatePair[];
  /** This node's name among those on the same database; the same in all its workers. */
  readonly node: string;
  /** Connections that all listeners of this worker may hold together. */
  readonly maxConnections: number;
  /** How many workers the node has. */
  readonly workers: number;
  /** True for the one worker that does the housekeeping: the sweep and unix sockets. */
  readonly first: boolean;
}

/** To a worker. */
export type ToWorker =
  /** New settings for connections to come; certificates for handshakes to come. */
  | { readonly kind: "reload"; readonly config: Config; readonly certificates: readonly CertificatePair[] }
  /** Take no more connections, let those that are here finish, then say `drained`. */
  | { readonly kind: "drain"; readonly withinMs: number }
  | { readonly kind: "metrics"; readonly id: number };

/** From a worker. */
export type FromWorker =
  /** Every listener accepts; addresses in the order of the configuration's listeners. */
  | { readonly kind: "listening"; readonly addresses: readonly (string | undefined)[] }
  /** It could not begin, or cannot go on: it is to be ended. */
  | { readonly kind: "failed"; readonly error: string }
  /** `error`: why the old settings stay. */
  | { readonly kind: "reloaded"; readonly error: string | undefined }
  | { readonly kind: "metrics"; readonly id: number; readonly snapshot: MetricsSnapshot }
  | { readonly kind: "drained" };
