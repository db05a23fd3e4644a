/**
 * What the protocols know of the mail store. One way in (`stage`, `deliver`), one way out (`fetch`,
 * `octets`); protocols never touch tables. Implemented in `store/`.
 *
 * Every method may throw Unavailable (the database cannot be reached now); what a rule of ours refuses comes
 * back as an Outcome. When a method that writes has resolved, its transaction is on disk.
 */
import type { AnnotationValue, MessageAnnotations } from "./annotation.ts";
import type { AclEntry, AllowedFlags } from "./acl.ts";
import type { Identity } from "./auth.ts";
import type { AccountId, BlobId, MailboxId, MessageId, ModSeq, Uid } from "./brands.ts";
import type { Outcome } from "./failure.ts";
import type { Comparator, Relevancy, SearchKey, SortOrder, ThreadRow } from "./search.ts";
import type { Outbound } from "./outbound.ts";
import type { UidSet } from "./uidset.ts";
import type { UrlKeys } from "./urlauth.ts";

/** System flags as bits (RFC 9051 §2.3.2). \Recent is not kept: it is never set (RFC 9051) and 0 in rev1. */
export const Flag = { Seen: 1, Answered: 2, Flagged: 4, Deleted: 8, Draft: 16 } as const;

/** The hierarchy separator of mailbox names. */
export const SEPARATOR = "/";

/** A mailbox and the counters that SELECT and STATUS answer with. */
export interface MailboxInfo {
  readonly id: MailboxId;
  /** UTF-8, NFC, parts joined by SEPARATOR; `INBOX` in capitals. */
  readonly name: string;
  readonly uidValidity: number;
  readonly uidNext: number;
  readonly highestModSeq: ModSeq;
  readonly messages: number;
  readonly unseen: number;
  readonly deleted: number;
  /** Sum of the messages' sizes. */
  readonly octets: number;
  /** Keyword `i` of a message is `keywords[i]`; grows only, at most 256. */
  readonly keywords: readonly string[];
  readonly subscribed: boolean;
  /** How often access keys of URLs were taken away (RFC 4467 §2.2). */
  readonly keyResets: number;
  /** RFC 6154 attribute with its backslash, e.g. `\Sent`. */
  readonly specialUse: string | undefined;
}

/** A mailbox of another account, as somebody reaches it. */
export interface SharedMailbox extends MailboxInfo {
  readonly account: AccountId;
  /** The owner's address. */
  readonly owner: string;
  /** What that somebody may do there: bits of acl.ts Right, maybe none. */
  readonly rights: number;
}

/** Flags of one message. */
export interface FlagRow {
  readonly uid: Uid;
  /** Bits of Flag. */
  readonly flags: number;
  /** Indexes into MailboxInfo.keywords, ascending. */
  readonly keywords: readonly number[];
  readonly modSeq: ModSeq;
}

/** All of a mailbox in columns, ascending by UID: what a session's view is made of. */
export interface MailboxIndex {
  readonly mailbox: MailboxInfo;
  readonly uids: Uint32Array;
  readonly flags: Uint8Array;
  readonly modSeqs: Float64Array;
  /** By UID; only messages that have keywords. */
  readonly keywords: ReadonlyMap<number, readonly number[]>;
}

/** What happened in a mailbox after a mod-sequence. */
export interface MailboxChanges {
  readonly mailbox: MailboxInfo;
  /** New and changed messages, ascending by UID. */
  readonly changed: readonly FlagRow[];
  readonly vanished: UidSet;
  /** False when the record of vanished UIDs does not reach back that far: load the index again. */
  readonly complete: boolean;
}

/** Which messages left a mailbox after a mod-sequence. */
export interface Vanished {
  readonly uids: UidSet;
  /** False when the record does not reach back that far: more may have vanished. */
  readonly complete: boolean;
}

/** A message that is being received. Dispose it to drop what `finish` has not taken over. */
export interface Draft extends AsyncDisposable {
  /** Octets so far. */
  readonly size: number;
  /**
   * Takes octets (copies what it keeps). Returns a promise only when the caller must wait; large messages
   * go to the database piece by piece, so that memory stays constant.
   */
  write(octets: Uint8Array): Promise<void> | undefined;
  /** Ends the message: derives envelope, structure and offsets. */
  finish(): Promise<StagedMessage>;
}

/** A whole message, ready for `deliver`. Opaque to protocols but for these fields. */
export interface StagedMessage extends AsyncDisposable {
  readonly blob: BlobId;
  readonly size: number;
  /** The packed part tree (mime `unpackParts`), where the store has it at hand. */
  readonly structure?: Uint8Array;
}

/** One place where a copy of a message goes. */
export interface DeliveryTarget {
  readonly account: AccountId;
  /** By name; `INBOX` always exists. */
  readonly mailbox: string;
  /** Create the mailbox when it is missing; otherwise a missing one is refused with TRYCREATE. */
  readonly create?: boolean;
  readonly flags?: number;
  readonly keywords?: readonly string[];
  /** Milliseconds since the epoch; now when left out. */
  readonly internalDate?: number;
  /** What the message is annotated with from the start (RFC 5257 §4.7). */
  readonly annotations?: readonly AnnotationValue[];
  /** Whose the private ones are; the account's, when left out. */
  readonly annotator?: AccountId;
}

/** A message, the copies of it that stay, and what of it goes out. */
export interface DeliveryItem {
  readonly message: StagedMessage;
  readonly to: readonly DeliveryTarget[];
  /** Queued in the same transaction; with `atomic` only if no target was refused. */
  readonly outbound?: Outbound;
}

/** Where a copy was put. */
export interface Placed {
  readonly mailbox: MailboxId;
  readonly uidValidity: number;
  readonly uid: Uid;
  readonly modSeq: ModSeq;
}

/** What FETCH wants of each message besides its flags; leave out what is not needed. */
export interface FetchWanted {
  /** internalDate, saveDate, size, headerSize. */
  readonly facts?: boolean;
  readonly envelope?: boolean;
  readonly bodyStructure?: boolean;
  /** The packed part tree (mime `unpackParts`). */
  readonly structure?: boolean;
}

/** Messages that `fetch` read together. */
export interface FetchBatch {
  /** Octets of the envelopes and structures of all of them. */
  readonly octets: number;
}

/**
 * One message as `fetch` gives it. Whoever keeps it, or octets of it, keeps the memory of its batch alive. Its members may
 * be getters: a copy by spreading would lack them.
 */
export interface FetchRow extends FlagRow {
  readonly batch: FetchBatch;
  readonly message: MessageId;
  /** Milliseconds since the epoch. */
  readonly internalDate: number;
  readonly saveDate: number;
  readonly size: number;
  /** Octets up to and with the empty line that ends the header. */
  readonly headerSize: number;
  /** IMAP `envelope`, encoded (RFC 9051 §9), with parentheses. */
  readonly envelope: Uint8Array | undefined;
  /** IMAP `body` with extension data, encoded. */
  readonly bodyStructure: Uint8Array | undefined;
  readonly structure: Uint8Array | undefined;
}

/** A run of a message's octets. */
export interface OctetRange {
  readonly message: MessageId;
  /** Inclusive. */
  readonly start: number;
  /** Exclusive; clipped to the message's size. */
  readonly end: number;
}

/** A piece of the `index`-th asked range; pieces of a range come in order, ranges in the order asked. */
export interface OctetPiece {
  readonly index: number;
  /** The caller's alone, who may give their memory back (`free`). */
  readonly octets: Uint8Array;
  /** True with the last piece of its range; a range of no octets gives one empty last piece. */
  readonly last: boolean;
}

/** How STORE changes flags. */
export interface FlagChange {
  readonly op: "add" | "remove" | "replace";
  /** Bits of Flag. */
  readonly flags: number;
  readonly keywords: readonly string[];
  /** CONDSTORE: leave messages alone whose mod-sequence is greater. */
  readonly unchangedSince?: ModSeq;
  /** What may be changed at all; left out: everything. Others are left as they are. */
  readonly allowed?: AllowedFlags;
}

/** Where COPY and MOVE put messages. */
export interface CopyTarget {
  readonly account: AccountId;
  readonly mailbox: string;
  /** Flags that the copies keep. */
  readonly allowed: AllowedFlags;
  /** Whose private annotations go along (RFC 5257 §4.6); the account's, when left out. */
  readonly user?: AccountId;
  /** False: shared annotations stay behind. */
  readonly annotates?: boolean;
}

/** Stands in a notice for all accounts: what everybody may see of others' mailboxes changed. */
export const EVERYBODY = 0 as AccountId;

/** Says that a mailbox (or, without one, the account's list of mailboxes) changed up to `modSeq`. */
export interface ChangeNotice {
  readonly account: AccountId;
  readonly mailbox: MailboxId | undefined;
  readonly modSeq: ModSeq;
  /** The flags that this worker wrote, when they are all that happened to the account behind `after`. */
  readonly flags?: { readonly after: ModSeq; readonly rows: readonly FlagRow[] };
}

/** An account's use of its quota; a limit of `undefined` is none. */
export interface QuotaUse {
  readonly octets: number;
  readonly octetLimit: number | undefined;
  readonly messages: number;
  readonly messageLimit: number | undefined;
  /** Mailboxes that the account may have. */
  readonly mailboxLimit: number;
}

/** An annotation (RFC 5464); without a mailbox one of the server, as the account sees it. */
export interface Annotation {
  readonly mailbox: MailboxId | undefined;
  /** In small letters, from `/private` or `/shared` on. */
  readonly entry: string;
  readonly value: Uint8Array;
}

/** Under this account's name stands what all accounts see of the server's annotations (`/shared/…`). */
export const SHARED_BY_ALL = 0 as AccountId;

/** Levels below a name that are meant, too. */
export type AnnotationDepth = 0 | 1 | "infinity";

/** The store. */
export interface MailStore {
  /** True when the database answers. Never throws. */
  ping(): Promise<boolean>;

  // --- mailboxes -------------------------------------------------------------------------------------
  /** All mailboxes of an account, by name, INBOX first; at most the limit of mailboxes. */
  mailboxes(account: AccountId): Promise<readonly MailboxInfo[]>;
  /** By name. */
  mailbox(account: AccountId, name: string): Promise<MailboxInfo | undefined>;
  /** Creates missing parents too. ALREADYEXISTS, LIMIT, CANNOT (bad name). */
  createMailbox(account: AccountId, name: string, specialUse?: string): Promise<Outcome<MailboxInfo>>;
  /** NONEXISTENT, CANNOT (INBOX), HASCHILDREN is not refused: a parent with children becomes \NonExistent. */
  deleteMailbox(account: AccountId, name: string): Promise<Outcome<void>>;
  /** With inferiors; INBOX moves its messages instead (RFC 9051 §6.3.6). */
  renameMailbox(account: AccountId, from: string, to: string): Promise<Outcome<void>>;
  /** Names may be subscribed without existing. */
  subscribe(account: AccountId, name: string, subscribed: boolean): Promise<Outcome<void>>;
  /** Subscribed names, existing or not. */
  subscriptions(account: AccountId): Promise<readonly string[]>;

  // --- in --------------------------------------------------------------------------------------------
  /**
   * Begins to receive a message. `aside`: its octets go to the database however few they are, rather than waiting
   * in memory for `deliver`; for those who receive many.
   */
  stage(options?: { readonly aside?: boolean }): Draft;
  /**
   * Puts copies of messages where they belong, in one transaction, and says where, per target, in order.
   * `atomic`: when one target is refused, nothing is delivered and every result carries a refusal.
   * May be called again with the same message only if it threw. Disposes nothing: the caller disposes its
   * messages, which then drops only those that were not delivered.
   */
  deliver(
    items: readonly DeliveryItem[],
    options: { readonly atomic: boolean },
  ): Promise<readonly (readonly Outcome<Placed>[])[]>;

  /**
   * Puts a message where it belongs and removes another one, in one transaction: both are done or none. Quota
   * counts what is used afterwards. EXPUNGEISSUED: the other one is not there.
   */
  replace(
    message: StagedMessage,
    to: DeliveryTarget,
    replaced: { readonly account: AccountId; readonly mailbox: MailboxId; readonly uid: number },
  ): Promise<Outcome<Placed>>;

  // --- out -------------------------------------------------------------------------------------------
  index(account: AccountId, mailbox: MailboxId): Promise<Outcome<MailboxIndex>>;
  changes(account: AccountId, mailbox: MailboxId, since: ModSeq): Promise<Outcome<MailboxChanges>>;
  /** The vanished half of `changes` alone, for clients that tell what they know (RFC 7162 §3.2). */
  vanished(account: AccountId, mailbox: MailboxId, since: ModSeq): Promise<Outcome<Vanished>>;
  /** In batches, ascending by UID; UIDs that are gone are left out. Stop iterating to stop reading. */
  fetch(
    account: AccountId,
    mailbox: MailboxId,
    uids: UidSet,
    wanted: FetchWanted,
  ): AsyncIterable<readonly FetchRow[]>;
  /** Octets of the account's messages, in order, pipelined; a message that is gone ends the iteration early. */
  octets(account: AccountId, ranges: readonly OctetRange[]): AsyncIterable<OctetPiece>;
  /** How the account's 8-bit text is read that declares no charset and is no UTF-8. */
  charset(account: AccountId): Promise<string>;
  /** UIDs that match, ascending. Refused: LIMIT. */
  search(account: AccountId, mailbox: MailboxId, key: SearchKey): Promise<Outcome<Uint32Array>>;
  /** The same with how well each one matches, from 1 to 100, by the fuzzy parts of the key. */
  relevancy(account: AccountId, mailbox: MailboxId, key: SearchKey): Promise<Outcome<Relevancy>>;
  /**
   * UIDs that match, in order; where all criteria are equal, ascending. Texts are compared by i;unicode-casemap when
   * `comparator` is left out. Refused: LIMIT.
   */
  sort(
    account: AccountId,
    mailbox: MailboxId,
    key: SearchKey,
    order: readonly SortOrder[],
    comparator?: Comparator,
  ): Promise<Outcome<Uint32Array>>;
  /**
   * What threads are made of, ascending by UID; UIDs that are gone are left out. Subjects are equal where they are
   * under `comparator`, as in `sort`. Refused: LIMIT.
   */
  threadRows(
    account: AccountId,
    mailbox: MailboxId,
    uids: UidSet,
    comparator?: Comparator,
  ): Promise<Outcome<readonly ThreadRow[]>>;

  // --- change ----------------------------------------------------------------------------------------
  /** `changed`: the new state of every message that was touched; `modified`: refused by unchangedSince. */
  setFlags(
    account: AccountId,
    mailbox: MailboxId,
    uids: UidSet,
    change: FlagChange,
  ): Promise<Outcome<{ readonly changed: readonly FlagRow[]; readonly modified: UidSet }>>;
  /** Removes messages with \Deleted among `uids` (all of them: `"all"`). */
  expunge(
    account: AccountId,
    mailbox: MailboxId,
    uids: UidSet | "all",
  ): Promise<Outcome<{ readonly removed: UidSet; readonly modSeq: ModSeq }>>;
  /** Removes messages whatever their flags (POP3 DELE, MOVE's second half, REPLACE). */
  remove(
    account: AccountId,
    mailbox: MailboxId,
    uids: UidSet,
  ): Promise<Outcome<{ readonly removed: UidSet; readonly modSeq: ModSeq }>>;
  /**
   * Source and target UIDs correspond one by one, both ascending. All or nothing. `to`: a mailbox of the same
   * account by its name, or one of another.
   */
  copy(
    account: AccountId,
    from: MailboxId,
    uids: UidSet,
    to: string | CopyTarget,
  ): Promise<Outcome<Copied>>;
  move(
    account: AccountId,
    from: MailboxId,
    uids: UidSet,
    to: string | CopyTarget,
  ): Promise<Outcome<Copied>>;

  // --- shared mailboxes (RFC 4314) ---------------------------------------------------------------------
  /** Mailboxes of others in which somebody has rights, at most the limit, in no order. */
  sharedMailboxes(to: Identity): Promise<readonly SharedMailbox[]>;
  /**
   * The mailbox of an owner (`local@domain`) with the longest of some names, whatever rights there are: the
   * caller must look at them. Undefined: there is none of them.
   */
  sharedMailbox(
    to: Identity,
    owner: string,
    names: readonly string[],
  ): Promise<SharedMailbox | undefined>;
  /** What somebody may do in another's mailbox now. */
  rights(to: Identity, account: AccountId, mailbox: MailboxId): Promise<number>;
  /** A mailbox's list, without the owner, who has all rights; by identifier. */
  acl(account: AccountId, mailbox: MailboxId): Promise<readonly AclEntry[]>;
  /**
   * Changes an entry of a mailbox's list; one without rights goes. NONEXISTENT: no such mailbox, or no account
   * with that address; LIMIT.
   */
  setAcl(
    account: AccountId,
    mailbox: MailboxId,
    entry: AclEntry,
    op: "add" | "remove" | "replace",
  ): Promise<Outcome<void>>;

  // --- the rest --------------------------------------------------------------------------------------
  quota(account: AccountId): Promise<QuotaUse>;
  /** Replaces an account's limits; undefined: none. False: no such account. */
  setQuota(
    account: AccountId,
    limits: { readonly octets: number | undefined; readonly messages: number | undefined },
  ): Promise<boolean>;
  /** Octets of a mailbox's messages with \Deleted. */
  deletedOctets(account: AccountId, mailbox: MailboxId): Promise<number>;
  /** Annotations by their names and by what lies below these, by mailbox and name. */
  metadata(
    account: AccountId,
    of: MailboxId | "server" | "all",
    entries: readonly string[],
    depth: AnnotationDepth,
  ): Promise<readonly Annotation[]>;
  /** Sets some and removes those that are null; all or none. NONEXISTENT, TOOBIG, LIMIT (too many). */
  setMetadata(
    account: AccountId,
    of: MailboxId | "server",
    changes: ReadonlyMap<string, Uint8Array | null>,
  ): Promise<Outcome<void>>;
  /** Annotations of messages. */
  readonly annotations: MessageAnnotations;
  /** Access keys of URLs that carry their own authorization. */
  readonly urlKeys: UrlKeys;
  /** Calls back after each commit that changed the account, whichever worker or node made it. */
  watch(account: AccountId, listener: (notice: ChangeNotice) => void): Disposable;
  /** POP3's exclusive access (RFC 1939 §4), across workers and nodes; undefined when another holds it. */
  lockMaildrop(account: AccountId, session: string): Promise<AsyncDisposable | undefined>;
}

/** What COPY and MOVE did (RFC 4315 COPYUID). */
export interface Copied {
  readonly uidValidity: number;
  readonly sources: Uint32Array;
  readonly targets: Uint32Array;
}
