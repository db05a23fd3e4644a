import { NO_POLICY, type SmtpPolicy } from "./policy.ts";

/** What one SMTP or LMTP client may cost us, and what the configuration says of who may do what. */
export interface SmtpLimits {
  /** Octets of a command line with its CRLF. RFC 5321 §4.5.3.1.4 asks for 512 and more with extensions. */
  readonly commandLine: number;
  /** Octets of an AUTH command or a response in its exchange, with CRLF (RFC 4954 §4). */
  readonly saslLine: number;
  /** Octets of the largest message, as it is stored but without our trace fields; announced as SIZE. */
  readonly messageSize: number;
  /** Octets of a message that are read and dropped after a refusal, before we hang up. */
  readonly discardedOctets: number;
  /** Octets of the longest line of a message that comes by DATA, with its CRLF. RFC 5321 asks for 1,000. */
  readonly dataLine: number;
  /** Received fields a message may carry: more is a loop (RFC 5321 §6.3 suggests 100, Postfix takes 50). */
  readonly receivedHops: number;
  /** Recipients of one transaction; RFC 5321 §4.5.3.1.8 asks for 100. Announced as RCPTMAX (RFC 9422). */
  readonly recipients: number;
  /** Messages of one connection; Infinity for LMTP. Announced as MAILMAX (RFC 9422). */
  readonly messages: number;
  /** Bad commands before the connection is closed, while nobody has authenticated. */
  readonly badCommandsBeforeAuth: number;
  /** The same, once somebody has. */
  readonly badCommandsAfterAuth: number;
  /** From which bad command on the reply is delayed. */
  readonly badCommandDelayFrom: number;
  /** Milliseconds of that delay. */
  readonly badCommandDelay: number;
  /** Commands between two messages that move no octet of one (NOOP, RSET, MAIL, VRFY, EHLO…). */
  readonly idleCommands: number;
  /** Recipients that were refused on one connection: more is a search for addresses. */
  readonly refusedRecipients: number;
  /** From which such recipient on the reply to a stranger is delayed; one with many old addresses is served, slowly. */
  readonly refusedRecipientDelayFrom: number;
  /** Milliseconds of that delay. */
  readonly refusedRecipientDelay: number;
  /** Failed AUTH exchanges of one connection. */
  readonly authFailures: number;
  /** Milliseconds a client may be silent, or take to send one command line; RFC 5321 §4.5.3.2.7 asks for 5 minutes. */
  readonly idle: number;
  /** Milliseconds from the connection's start to the first MAIL. */
  readonly firstMail: number;
  /** Octets a second that a message must come with, on average, once `dataGrace` is over. */
  readonly dataRate: number;
  /** Milliseconds of waiting for a message's octets that are free. */
  readonly dataGrace: number;
  /** What a CR or LF that stands alone in DATA does: refuses the message (554 5.6.11), or becomes CRLF. */
  readonly bareNewline: "reject" | "normalize";
  /** Submission: MAIL FROM must be an address whose mail goes to the account that authenticated. */
  readonly senderMustMatch: boolean;
  /** Octets of a message's header that we must look into: on submission, and where mail goes on. */
  readonly header: number;
  /** Messages to other servers that an account may send in an hour. */
  readonly messagesPerHour: number;
  /** Recipients on other servers that an account may send to in an hour. */
  readonly recipientsPerHour: number;
  /** Seconds that a message may be held back by its sender (RFC 4865); announced with FUTURERELEASE. */
  readonly hold: number;
  /** Submission: the addresses in From must be such, too. */
  readonly fromMustMatch: boolean;
  /** Who may do what others may not. */
  readonly policy: SmtpPolicy;
}

/** Defaults for the MX and submission ports. */
export const SMTP_LIMITS: SmtpLimits = {
  commandLine: 2048,
  saslLine: 12_288,
  messageSize: 50 * 1024 * 1024,
  discardedOctets: 1024 * 1024 * 1024,
  dataLine: 1_048_576,
  receivedHops: 50,
  recipients: 1000,
  messages: 100,
  badCommandsBeforeAuth: 5,
  badCommandsAfterAuth: 20,
  badCommandDelayFrom: 3,
  badCommandDelay: 1000,
  idleCommands: 100,
  refusedRecipients: 100,
  refusedRecipientDelayFrom: 10,
  refusedRecipientDelay: 1000,
  authFailures: 3,
  idle: 300_000,
  firstMail: 60_000,
  dataRate: 500,
  dataGrace: 30_000,
  bareNewline: "reject",
  senderMustMatch: true,
  header: 262_144,
  messagesPerHour: 500,
  recipientsPerHour: 2000,
  hold: 30 * 24 * 3600,
  fromMustMatch: true,
  policy: NO_POLICY,
};
