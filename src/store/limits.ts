/** What one account or one message may cost the store. Every bound has its name here. */
export interface StoreLimits {
  /** Octets in one row of `blob_chunk`; a message of up to two such rows is held in memory until its commit. */
  readonly chunkOctets: number;
  /** Octets of one message. Protocols refuse earlier; a draft that passes this throws RangeError. */
  readonly messageOctets: number;
  /** Messages that go into one delivery transaction. */
  readonly batchMessages: number;
  /** Octets of message bodies that go into one delivery transaction, unless one message alone is larger. */
  readonly batchOctets: number;
  /** Delivery transactions in flight at once. */
  readonly lanes: number;
  /** Mailboxes of one account. */
  readonly mailboxes: number;
  /** Parts of one mailbox name. */
  readonly nameDepth: number;
  /** UTF-8 octets of one part of a mailbox name. */
  readonly namePartOctets: number;
  /** Names that one account may subscribe to. */
  readonly subscriptions: number;
  /** Keywords of one mailbox; the column `entry.keywords` has as many bits. */
  readonly keywords: number;
  /** Octets of one keyword. */
  readonly keywordOctets: number;
  /** Messages that one statement changes or removes; larger sets take several statements. */
  readonly changeRows: number;
  /** Rows of one `fetch` batch. */
  readonly fetchRows: number;
  /** Octets that one `fetch` batch aims at: the next one is smaller when this one was larger. */
  readonly fetchOctets: number;
  /** Octets that one read of bodies asks for, and how many reads are in flight. */
  readonly readOctets: number;
  readonly readAhead: number;
  /**
   * Reads of messages of one account that are in flight at once in a worker: fewer than `database.connections`, so
   * that the others' commands find one free.
   */
  readonly accountReads: number;
  /** How long the next read that waits goes on waiting, in times of what the one before took, where many wait. */
  readonly readRest: number;
  /** How many reads of the account wait then: sessions that read much have `readAhead` each. */
  readonly readRestWaiting: number;
  /** Searches of one account that run at once in a worker; its others wait for them. */
  readonly accountSearches: number;
  /** How long the next one that waits goes on waiting, in times of what the one before took, where many wait. */
  readonly searchRest: number;
  /** How many searches of the account wait then: fewer are what somebody's devices do. */
  readonly searchRestWaiting: number;
  /** Octets of one annotation, annotations of one mailbox, octets of all annotations of an account. */
  readonly metadataOctets: number;
  readonly metadataEntries: number;
  readonly metadataTotal: number;
  /** The same of messages (RFC 5257): octets of one value, entries of one message, octets of an account. */
  readonly annotationOctets: number;
  readonly annotationEntries: number;
  readonly annotationTotal: number;
  /** Entries of one mailbox's access control list. */
  readonly aclEntries: number;
  /** Mailboxes of others that one account sees. */
  readonly sharedMailboxes: number;
  /** Messages of one THREAD. */
  readonly threadMessages: number;
  /** Keys of one SEARCH, and how deep they nest. */
  readonly searchKeys: number;
  readonly searchDepth: number;
  /** Messages of an account beyond which their text goes into the trigram index: each costs a millisecond there. */
  readonly searchGramsFrom: number;
  /** Milliseconds that a SEARCH spends on extracting text first. */
  readonly searchIndexMs: number;
  /** Characters of extracted text kept of one message; what lies behind is not found by SEARCH. */
  readonly textCharacters: number;
  /** Octets of one part that are looked at for text. */
  readonly textPartOctets: number;
  /** Messages whose text one transaction writes. */
  readonly textMessages: number;
  /** Messages whose keys for SORT one transaction writes, where the text is not written yet. */
  readonly sortMessages: number;
  /** Milliseconds without a change after which text is extracted; while mail pours in, that has to wait. */
  readonly textQuietMs: number;
  /** Milliseconds that an account's new mail waits for that at most. */
  readonly textLatestMs: number;
  /** Expunged ranges kept for QRESYNC, a mailbox; older ones are pruned. */
  readonly expungedRanges: number;
  /** Ranges of changed messages kept of a mailbox; who asks for older changes has all of it looked through. */
  readonly changedRanges: number;
  /** Milliseconds after which an untouched large draft is swept. */
  readonly stagedMs: number;
  /** Milliseconds that a blob without owner is kept before it is swept. */
  readonly garbageMs: number;
  /** Milliseconds of a maildrop lock; renewed at a third of it. */
  readonly maildropLeaseMs: number;
}

/** The defaults; the keyword count cannot be raised (the schema fixes it). */
export const STORE_LIMITS: StoreLimits = {
  chunkOctets: 1_048_576,
  messageOctets: 52_428_800,
  batchMessages: 32,
  batchOctets: 8_388_608,
  lanes: 1,
  mailboxes: 1000,
  nameDepth: 16,
  namePartOctets: 255,
  subscriptions: 2000,
  keywords: 256,
  keywordOctets: 50,
  changeRows: 10_000,
  fetchRows: 500,
  fetchOctets: 1_048_576,
  readOctets: 1_048_576,
  readAhead: 2,
  accountReads: 3,
  readRest: 3,
  readRestWaiting: 8,
  accountSearches: 1,
  searchRest: 3,
  searchRestWaiting: 4,
  metadataOctets: 65_536,
  metadataEntries: 100,
  metadataTotal: 4_194_304,
  annotationOctets: 65_536,
  annotationEntries: 100,
  annotationTotal: 16_777_216,
  aclEntries: 100,
  sharedMailboxes: 5000,
  threadMessages: 500_000,
  searchKeys: 1000,
  searchDepth: 64,
  searchGramsFrom: 50_000,
  searchIndexMs: 60_000,
  textCharacters: 1_048_576,
  textPartOctets: 4_194_304,
  textMessages: 64,
  textQuietMs: 1000,
  textLatestMs: 30_000,
  sortMessages: 256,
  expungedRanges: 10_000,
  changedRanges: 10_000,
  stagedMs: 86_400_000,
  garbageMs: 3_600_000,
  maildropLeaseMs: 60_000,
};
