/** What looking up names may cost: milliseconds, seconds where said, and counts. */
export const DNS_LIMITS = {
  /** How long one server may take for one answer. */
  timeout: 3_000,
  /** How often all servers are asked before a name counts as not to be had now. */
  rounds: 2,
  /** Names that a chain of CNAMEs may go through; resolvers follow 8 to 16. */
  aliases: 8,
  /** Questions under way at once, each with a socket of its own; others wait. */
  underway: 64,
  /** Answers that are remembered. */
  cached: 10_000,
  /** Longest time that an answer is remembered, in seconds, whatever its TTL (RFC 8767 §4 suggests days at most). */
  longest: 86_400,
  /** Longest time that "no such name" and "no such record" are remembered, in seconds (RFC 2308 §5: 1 to 3 hours). */
  longestNegative: 3_600,
  /** The same without a SOA record that would say. */
  negative: 60,
  /** How long a fault of the servers is remembered, in seconds (RFC 2308 §7: at most 5 minutes). */
  fault: 5,
  /** Records of one answer that are looked at. */
  records: 1_000,
} as const;

/** DNS_LIMITS with values of one's own. */
export type DnsLimits = { readonly [Name in keyof typeof DNS_LIMITS]: number };
