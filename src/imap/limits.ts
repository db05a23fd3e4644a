/**
 * What one IMAP client may cost us, by name. No parser can be built without its limits; the session swaps
 * {@link BEFORE_LOGIN} for {@link AFTER_LOGIN} once it knows who is there.
 */
export interface ImapLimits {
  /** Octets of text in one command, its literals apart, with every CRLF. */
  readonly line: number;
  /** The same for AUTHENTICATE, whose initial response may be a long token (RFC 4959). */
  readonly authenticateLine: number;
  /** Octets of one raw line: a SASL response, IDLE's DONE. */
  readonly response: number;
  /** Octets of one literal, APPEND's message apart. */
  readonly literal: number;
  /** Octets of all literals of one command. */
  readonly literalTotal: number;
  /** Literals in one command. */
  readonly literals: number;
  /** Octets of a non-synchronizing literal: 4096 where LITERAL- is announced (RFC 7888 §5). */
  readonly nonSyncLiteral: number;
  /** Octets of APPEND's message (RFC 7889). */
  readonly append: number;
  /** Octets of a refused command that are skipped to keep the framing; beyond them the connection ends. */
  readonly skip: number;
  /** Octets of a tag. */
  readonly tag: number;
  /** Open parentheses in lists. */
  readonly listDepth: number;
  /** Open parentheses, NOTs and ORs in SEARCH. */
  readonly searchDepth: number;
  /** Search keys in one SEARCH. */
  readonly searchKeys: number;
  /** Ranges in a sequence set, once merged. */
  readonly ranges: number;
  /** Data items in one FETCH. */
  readonly fetchItems: number;
  /** Numbers in a section's part, which is the depth of the part. */
  readonly partDepth: number;
  /** Octets of a keyword. */
  readonly keyword: number;
  /** Octets of an annotation's value (RFC 5464), and annotations that one command names. */
  readonly metadata: number;
  readonly metadataEntries: number;
  /** URLs in one GENURLAUTH or URLFETCH. */
  readonly urls: number;
  /** Field-value pairs in ID (RFC 2971 §3.3 says 30). */
  readonly idPairs: number;
}

/** Anybody can talk to us here: small. A literal of a kilobyte is room enough for a user name and a password. */
export const BEFORE_LOGIN: ImapLimits = {
  line: 8192,
  authenticateLine: 12_288 + 256,
  response: 12_288,
  literal: 1024,
  literalTotal: 1024,
  literals: 4,
  nonSyncLiteral: 4096,
  append: 0,
  skip: 65_536,
  tag: 126,
  listDepth: 1,
  searchDepth: 1,
  searchKeys: 16,
  ranges: 16,
  fetchItems: 16,
  partDepth: 16,
  keyword: 50,
  metadata: 0,
  metadataEntries: 1,
  urls: 1,
  idPairs: 30,
};

/** What a user who is logged in may ask. */
export const AFTER_LOGIN: ImapLimits = {
  line: 65_536,
  authenticateLine: 65_536,
  response: 12_288,
  literal: 102_400,
  literalTotal: 1_048_576,
  literals: 200,
  nonSyncLiteral: Number.MAX_SAFE_INTEGER,
  append: 52_428_800,
  skip: 104_857_600,
  tag: 126,
  listDepth: 16,
  searchDepth: 32,
  searchKeys: 1000,
  ranges: 10_000,
  fetchItems: 250,
  partDepth: 64,
  keyword: 50,
  metadata: 65_536,
  metadataEntries: 100,
  urls: 100,
  idPairs: 30,
};
