/** What one SASL exchange may cost us. */
export const SASL_LIMITS = {
  /** Octets of one decoded response. RFC 4954 §4 makes 12,288 the floor of the encoded line. */
  response: 12_288,
  /** Octets of an authentication or authorization identity (RFC 4616 §2: up to 255). */
  name: 255,
  /** Octets of a password; RFC 4616 §2 would stop at 255, generated tokens are longer. */
  password: 1024,
  /** Fewest SCRAM iterations that a client of ours accepts (RFC 7677 §4). */
  leastIterations: 4096,
  /** Most SCRAM iterations that a client of ours computes for a server (RFC 5802 §9: hostile counts). */
  mostIterations: 1_000_000,
} as const;
