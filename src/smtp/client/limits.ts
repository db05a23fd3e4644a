/** What one next hop may cost us, and how long we wait for it: milliseconds and octets unless said otherwise. */
export const CLIENT_LIMITS = {
  /** Octets of one reply, all of its lines together. RFC 5321 §4.5.3.1.5 asks for 512 a line. */
  replyOctets: 65_536,
  /** Lines of one reply; an EHLO with every extension there is has some forty. */
  replyLines: 512,
  /** How long a TCP connection may take to come up. */
  connect: 30_000,
  /** Wait for the greeting (RFC 5321 §4.5.3.2.1). */
  greeting: 300_000,
  /** Wait for the reply to EHLO, HELO, LHLO, STARTTLS or a step of AUTH. */
  hello: 300_000,
  /** Wait for the reply to MAIL (RFC 5321 §4.5.3.2.2). */
  mail: 300_000,
  /** Wait for the reply to RCPT (RFC 5321 §4.5.3.2.3). */
  rcpt: 300_000,
  /** Wait for the 354 to DATA (RFC 5321 §4.5.3.2.4). */
  data: 120_000,
  /** How long a next hop may take no octet of the message (RFC 5321 §4.5.3.2.5). */
  dataBlock: 180_000,
  /** Wait for the reply to the final dot, or to a BDAT chunk (RFC 5321 §4.5.3.2.6). */
  dataEnd: 600_000,
  /** Wait for the reply to RSET. */
  reset: 30_000,
  /** Octets of a BDAT chunk: held in memory until they are sent. */
  chunk: 524_288,
  /** Recipients of one transaction; every server takes that many (RFC 5321 §4.5.3.1.8). */
  recipients: 100,
  /** Octets of a message's line without its CRLF (RFC 5321 §4.5.3.1.6); longer ones are folded for DATA. */
  line: 998,
} as const;

/** CLIENT_LIMITS with values of one's own. */
export type ClientLimits = { readonly [Name in keyof typeof CLIENT_LIMITS]: number };
