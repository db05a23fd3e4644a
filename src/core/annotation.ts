/** Annotations of messages (RFC 5257): what the protocol knows of them. Implemented in `store/`. */
import type { AccountId, MailboxId, ModSeq } from "./brands.ts";
import type { Outcome } from "./failure.ts";
import type { FlagRow } from "./store.ts";
import type { UidSet } from "./uidset.ts";

/** A mailbox, and who looks at it: private values are a user's own. */
export interface AnnotatedMailbox {
  readonly account: AccountId;
  readonly mailbox: MailboxId;
  readonly user: AccountId;
}

/** The value of one entry; null takes it away. */
export interface AnnotationValue {
  /** From the slash on, in the case in which it was written (RFC 5257 §3.2). */
  readonly entry: string;
  readonly shared: boolean;
  readonly value: Uint8Array | null;
}

/** A value that a message has. */
export interface MessageAnnotation extends AnnotationValue {
  readonly uid: number;
  readonly value: Uint8Array;
}

/** Reads and writes annotations. All throw Unavailable. */
export interface MessageAnnotations {
  /** Values of messages, ascending by UID and entry, private before shared. */
  read(of: AnnotatedMailbox, uids: UidSet): Promise<readonly MessageAnnotation[]>;
  /** Entries of messages whose values changed after a mod-sequence, or went; ascending. */
  changed(
    of: AnnotatedMailbox,
    uids: UidSet,
    since: ModSeq,
  ): Promise<readonly { readonly uid: number; readonly entry: string }[]>;
  /**
   * Gives messages the same values, all or none of them. `changed` and `modified` as `setFlags` has them.
   * NONEXISTENT, TOOBIG (a value), LIMIT (entries of a message), OVERQUOTA (octets of the account).
   */
  set(
    of: AnnotatedMailbox,
    uids: UidSet,
    values: readonly AnnotationValue[],
    unchangedSince: ModSeq | undefined,
  ): Promise<Outcome<{ readonly changed: readonly FlagRow[]; readonly modified: UidSet }>>;
  /** Octets of all names and values of an account, and how many there may be (RFC 9208 §5.4). */
  use(account: AccountId): Promise<{ readonly octets: number; readonly octetLimit: number }>;
}
