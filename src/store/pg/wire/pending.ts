/** What waits on a connection for PostgreSQL's answers. */
import type { PgError, Rows } from "../door.ts";
import type { WireRows } from "./rows.ts";

/** A run that waits for its answers. */
export interface Pending {
  readonly results: WireRows[];
  /** Names of the statements it prepares, not yet confirmed, in order. */
  readonly parsing: string[];
  readonly stream: StreamState | undefined;
  /** It names accounts: what was sent behind it may not run without. */
  readonly naming: boolean;
  /** When it became the next to be answered. */
  since: number;
  error: PgError | undefined;
  readonly resolve: (rows: readonly Rows[]) => void;
  readonly reject: (error: Error) => void;
}

/** A run whose rows are handed out as they come. */
export interface StreamState {
  readonly onBatch: (rows: WireRows, more: boolean) => void;
  done: boolean;
}
