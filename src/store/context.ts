import type { Emit } from "../core/events.ts";
import type { World } from "../core/world.ts";
import type { Changes } from "./changes.ts";
import type { StoreLimits } from "./limits.ts";
import type { Database } from "./pg/database.ts";
import type { Door } from "./pg/door.ts";

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
  /** Changes of flags are acknowledged before they are on disk. */
  readonly relaxedFlags: boolean;
}
