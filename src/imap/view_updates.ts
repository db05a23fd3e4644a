/** What a session must be told. */
import type { UidSet } from "../core/uidset.ts";

/** What the client must be told to catch up, in the order of the members. */
export interface Updates {
  /** Sequence numbers for EXPUNGE, highest first, so that none shifts another. */
  readonly expunged: readonly number[];
  /** The same messages by their UIDs, for VANISHED. */
  readonly vanished: UidSet;
  /** The new number of messages for EXISTS; undefined when nothing arrived. */
  readonly exists: number | undefined;
  /** UIDs of what arrived, ascending. */
  readonly arrived: readonly number[];
  /** True when the mailbox got new keywords, so that FLAGS must be told again. */
  readonly keywords: boolean;
  /** True when access keys of URLs were taken away, so that URLMECH must be told (RFC 4467 §7). */
  readonly keysReset: boolean;
  /** Sequence numbers whose flags changed, ascending. */
  readonly changed: readonly number[];
}

/** Nothing to tell. */
export const NO_UPDATES: Updates = {
  expunged: [],
  vanished: [],
  exists: undefined,
  arrived: [],
  keywords: false,
  keysReset: false,
  changed: [],
};
