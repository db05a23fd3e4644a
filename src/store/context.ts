import type { AccountId, BlobId } from "../core/brands.ts";
import type { Emit } from "../core/events.ts";
import type { World } from "../core/world.ts";
import type { Changes } from "./changes.ts";
import type { StoreLimits } from "./limits.ts";
import type { Shares } from "./shares.ts";
import type { QueueSettings } from "./outbound.ts";
import type { Database } from "./pg/database.ts";
import type { Door } from "./pg/door.ts";

/** A copy that was placed, for the trace. */
export interface TracedDelivery {
  readonly blob: BlobId;
  /** The Message-ID field, with its angle brackets. */
  readonly messageId: string | undefined;
  readonly account: AccountId;
  readonly mailbox: string;
  /** Milliseconds since the epoch. */
  readonly at: number;
}

/** What every module of the store works with. */
export interface StoreContext {
  /** The hot path's door. */
  readonly door: Door;
  /** The other door: searches, whose statements differ each time. */
  readonly database: Database;
  readonly world: World;
  readonly emit: Emit;
  readonly limits: StoreLimits;
  readonly changes: Changes;
  /** What is asked of those who send queued mail. */
  readonly queue: QueueSettings;
  /** Hears of copies that were placed; nobody does when left out. */
  readonly traced?: ((deliveries: readonly TracedDelivery[]) => void) | undefined;
  /** Changes of flags are acknowledged before they are on disk. */
  readonly relaxedFlags: boolean;
  /** The advisory lock that lives as long as this worker; null while it has none. */
  readonly life: () => number | null;
  /** Of 8-bit text that declares none and is no UTF-8, in accounts that have no other. */
  readonly charset: string;
  /** Reads of messages, by account. */
  readonly reads: Shares;
}
