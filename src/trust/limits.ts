/** What policies of others, keys and reports may cost: milliseconds and octets unless said otherwise. */
export const TRUST_LIMITS = {
  /** Octets of a MTA-STS policy (RFC 8461 §3.3 suggests 64 KB). */
  policyOctets: 65_536,
  /** How long fetching one may take (RFC 8461 §3.3 suggests a minute). */
  policyFetch: 60_000,
  /** `mx` lines of one policy. */
  policyMx: 100,
  /** Longest `max_age` that counts, in seconds (RFC 8461 §3.2: a year). */
  policyAge: 31_557_600,
  /** After a fetch that failed, how long none is tried for that domain (RFC 8461 §3.3: 5 minutes at least). */
  policyPause: 300_000,
  /** Domains whose policy, or lack of one, is held in memory. */
  policies: 10_000,
  /** How long "there is no policy" and "it has not changed" are believed without asking DNS again. */
  policyFresh: 60_000,
  /** Different rows of the TLS report that wait to be written. */
  reportRows: 10_000,
  /** How often they are written. */
  reportFlush: 10_000,
  /** Days for which rows of the TLS report are kept. */
  reportDays: 30,
  /** How long the keys of a domain are held in memory: a new one is used after that. */
  keysFresh: 60_000,
  /** Domains whose keys are held in memory. */
  keyDomains: 1_000,
  /** Octets of a rewritten sender's local part (SRS); RFC 5321 §4.5.3.1.1 asks for 64, all we met take more. */
  srsLocal: 250,
  /** Days for which a rewritten sender leads back: longer than anybody keeps mail in a queue. */
  srsDays: 21,
  /** Octets of a message's header that are signed; a longer one goes out without a signature. */
  signedHeader: 1_048_576,
} as const;

/** TRUST_LIMITS with values of one's own. */
export type TrustLimits = { readonly [Name in keyof typeof TRUST_LIMITS]: number };
