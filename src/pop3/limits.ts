/** What one POP3 client may cost us. Every limit may be set by its name. */
export interface Pop3Limits {
  /** Octets of a command with its CRLF. RFC 2449 §4 wants 255; a login name alone may have 254. */
  readonly commandLine: number;
  /** Octets of an AUTH command or a SASL response with its CRLF (RFC 4954 §4 gives the size). */
  readonly saslLine: number;
  /** Octets thrown away behind an over-long line before the connection is given up. */
  readonly overlong: number;
  /** The bad command that ends the connection before login. */
  readonly badBeforeLogin: number;
  /** The bad command that ends the connection after login. */
  readonly badAfterLogin: number;
  /** Milliseconds before a bad command is answered; 0 for none. */
  readonly badDelayMs: number;
  /** The refused login that ends the connection. */
  readonly loginAttempts: number;
  /** Milliseconds that a command may take to arrive before login, whole. */
  readonly idleBeforeLoginMs: number;
  /** Milliseconds until login, however many commands come: nobody lives here. */
  readonly authorizationMs: number;
  /** Milliseconds that a command may take to arrive after login. RFC 1939 §3 wants at least 10 minutes. */
  readonly idleMs: number;
  /** Messages of a maildrop that a session shows, the oldest; later ones come once some are deleted. */
  readonly messages: number;
  /** Octets of a header that are looked through for UTF-8 (RFC 6856 §2.1); more is not held. */
  readonly headerScan: number;
  /** Octets that one session reads ahead when it retrieves message after message; 0: none. */
  readonly aheadOctets: number;
  /** Octets that all sessions of a worker hold so. */
  readonly aheadTotal: number;
  /** Octets of replies gathered into one write. */
  readonly outputGather: number;
  /**
   * RETR and TOP of a message whose header is UTF-8, from a client that never said UTF8: `refuse` with [UTF8]
   * (RFC 6856 §2.1 MUST NOT send it as is), or `send` it all the same for clients that choke on the refusal.
   */
  readonly utf8Headers: "refuse" | "send";
}

/** The defaults. */
export const POP3_LIMITS: Pop3Limits = {
  commandLine: 512,
  saslLine: 12_288,
  overlong: 65_536,
  badBeforeLogin: 3,
  badAfterLogin: 20,
  badDelayMs: 1000,
  loginAttempts: 3,
  idleBeforeLoginMs: 60_000,
  authorizationMs: 300_000,
  idleMs: 600_000,
  messages: 200_000,
  headerScan: 262_144,
  aheadOctets: 262_144,
  aheadTotal: 33_554_432,
  outputGather: 16_384,
  utf8Headers: "refuse",
};
