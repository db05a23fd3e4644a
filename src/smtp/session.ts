import type { Identity } from "../core/auth.ts";
import type { LocalTarget } from "../core/directory.ts";
import type { OutboundUse } from "../core/outbound.ts";
import {
  type Command,
  COMMANDS,
  type MailParameters,
  type Path,
  type RcptParameters,
  type Rule,
} from "./command.ts";
import type { SmtpLimits } from "./limits.ts";
import { REPLIES, type Reply, reply } from "./reply.ts";

/** Which service a connection came to. `lmtp` is RFC 2033: one reply per recipient at the end of data. */
export type Role = "mx" | "submission" | "lmtp";

/** A recipient that was accepted. */
export interface Recipient {
  readonly path: Path;
  readonly parameters: RcptParameters;
  /** Accounts that get a copy. */
  readonly targets: readonly LocalTarget[];
  /** Where it goes on other servers: `local@domain`, nothing quoted, the domain in lower-case U-labels. */
  readonly remote: readonly string[];
}

/** One mail transaction (RFC 5321 §3.3). Never changed: each step makes a new one, and its end drops it whole. */
export interface Transaction {
  readonly from: Path;
  readonly parameters: MailParameters;
  readonly recipients: readonly Recipient[];
  /** When it was opened; milliseconds since the epoch. Times that the client gave as a distance count from here. */
  readonly at: number;
  /** What the account had sent elsewhere before, once that was asked. */
  readonly use: OutboundUse | undefined;
  /** A BDAT was accepted: no RCPT and no DATA any more (RFC 3030 §2). */
  readonly chunking: boolean;
}

/** What a client has told us, and shown. Never changed in place. */
export interface Session {
  readonly hello: { readonly name: string; readonly extended: boolean } | undefined;
  readonly identity: Identity | undefined;
  readonly transaction: Transaction | undefined;
}

/** A session that has said nothing: how it begins, and how it begins again after STARTTLS (RFC 3207 §4.2). */
export const FRESH: Session = { hello: undefined, identity: undefined, transaction: undefined };

/** What of the connection decides whether a command may run. */
export interface Standing {
  readonly role: Role;
  readonly limits: SmtpLimits;
  readonly secure: boolean;
  /** STARTTLS could still be done. */
  readonly startTls: boolean;
  /** Mechanisms that are offered now. */
  readonly mechanisms: readonly string[];
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** True when the extension with this keyword is announced now. */
  offers(keyword: string): boolean;
  /** Messages that were accepted. */
  readonly messages: number;
  readonly authFailures: number;
}

/** May this command run now? The refusal, if not. */
export function may(command: Command, session: Session, standing: Standing): Reply | undefined {
  const rule: Rule = COMMANDS[command.name];
  if (rule.afterHello && session.hello === undefined) {
    return standing.role === "lmtp" ? REPLIES.lhloFirst : REPLIES.helloFirst;
  }
  if (rule.needsAuth && standing.role === "submission" && session.identity === undefined) {
    return standing.startTls && standing.mechanisms.length === 0 ? REPLIES.tlsRequired : REPLIES.authRequired;
  }
  if (rule.transaction === "open" && session.transaction === undefined) return REPLIES.mailFirst;
  if (rule.transaction === "none" && session.transaction !== undefined) return REPLIES.nested;
  switch (command.name) {
    case "EHLO":
    case "HELO":
      return standing.role === "lmtp" ? REPLIES.useLhlo : undefined;
    case "LHLO":
      return standing.role === "lmtp" ? undefined : REPLIES.useEhlo;
    case "MAIL":
      return mayMail(command.from, command.parameters, standing);
    case "RCPT":
      return mayRcpt(command, session.transaction, standing);
    case "DATA":
      if (session.transaction?.chunking) return REPLIES.bdatBegun;
      if (session.transaction?.parameters.body === "BINARYMIME") return REPLIES.useBdat;
      return session.transaction?.recipients.length === 0 ? REPLIES.rcptFirst : undefined;
    case "BDAT":
      return session.transaction?.recipients.length === 0 ? REPLIES.rcptFirst : undefined;
    case "BURL":
      if (!standing.offers("BURL")) return REPLIES.notOffered;
      return session.transaction?.recipients.length === 0 ? REPLIES.rcptFirst : undefined;
    case "STARTTLS":
      if (standing.secure) return REPLIES.tlsAlready;
      return standing.startTls ? undefined : REPLIES.noTls;
    case "AUTH":
      return mayAuth(command.mechanism, session, standing);
    case "RSET":
    case "NOOP":
    case "QUIT":
    case "HELP":
    case "VRFY":
    case "EXPN":
      return undefined;
    case "ETRN":
    case "XCLIENT":
    case "XFORWARD":
      return standing.offers(command.name) ? undefined : REPLIES.notOffered;
    default:
      return command satisfies never;
  }
}

function mayMail(from: Path, parameters: MailParameters, standing: Standing): Reply | undefined {
  if (standing.messages >= standing.limits.messages) return REPLIES.tooManyMessages;
  // RFC 6531 §3.5.
  if (from.utf8 && !parameters.smtputf8) return REPLIES.needsUtf8;
  // RFC 1870 §6.1.
  if (parameters.size > standing.limits.messageSize) return REPLIES.tooBig;
  // Nobody hears of what has no sender.
  if (parameters.verp !== undefined && from.address === undefined) return REPLIES.verpOfNobody;
  return parameters.uses.length === 0 ? undefined : mayAsk(parameters, standing);
}

/** What a message's sender asks for beyond its delivery. */
function mayAsk(parameters: MailParameters, standing: Standing): Reply | undefined {
  const { uses, hold, by, solicit } = parameters;
  const { limits, now } = standing;
  const refusal = mayUse(uses, standing);
  if (refusal !== undefined) return refusal;
  const until = holdUntil(hold, now);
  if (until !== undefined) {
    if (until > now + limits.hold * 1000) return REPLIES.heldTooLong;
    // It could never be delivered.
    if (by?.mode === "return" && now + by.seconds * 1000 <= until) return REPLIES.heldBeyondBy;
  }
  return solicit.some((word) => isUnwanted(word, limits.policy.noSoliciting))
    ? REPLIES.noSoliciting
    : undefined;
}

/** Whatever the case of its letters: nobody gets in by writing `adv` for `ADV`. */
function isUnwanted(word: string, unwanted: readonly string[]): boolean {
  return unwanted.some((one) => one.toLowerCase() === word.toLowerCase());
}

/** Parameters of extensions that are not announced are not known (RFC 5321 §4.1.1.11). */
function mayUse(uses: readonly string[], standing: Standing): Reply | undefined {
  const missing = uses.find((keyword) => !standing.offers(keyword));
  return missing === undefined
    ? undefined
    : reply(555, "5.5.4", `Parameters of ${missing} are not known here`);
}

/** The moment that a message is held back to (RFC 4865). */
export function holdUntil(hold: MailParameters["hold"], now: number): number | undefined {
  if (hold === undefined) return undefined;
  return "until" in hold ? hold.until : now + hold.seconds * 1000;
}

function mayRcpt(
  { to, parameters }: Extract<Command, { readonly name: "RCPT" }>,
  transaction: Transaction | undefined,
  standing: Standing,
): Reply | undefined {
  if (transaction === undefined) return REPLIES.mailFirst;
  if (transaction.chunking) return REPLIES.bdatBegun;
  if (to.utf8 && !transaction.parameters.smtputf8) return REPLIES.needsUtf8;
  if (transaction.recipients.length >= standing.limits.recipients) return REPLIES.tooManyRecipients;
  return parameters.uses.length === 0 ? undefined : mayUse(parameters.uses, standing);
}

function mayAuth(mechanism: string, session: Session, standing: Standing): Reply | undefined {
  if (standing.role === "lmtp") return REPLIES.noAuth;
  if (session.identity !== undefined) return REPLIES.alreadyAuth;
  if (standing.authFailures >= standing.limits.authFailures) return REPLIES.tooManyAuth;
  if (standing.mechanisms.length === 0) return standing.startTls ? REPLIES.authNeedsTls : REPLIES.noAuth;
  return standing.mechanisms.includes(mechanism) ? undefined : REPLIES.noMechanism;
}

/** EHLO, HELO, LHLO: greets, and drops a transaction (RFC 5321 §4.1.4). */
export function greeted(session: Session, name: string, extended: boolean): Session {
  return { ...session, hello: { name, extended }, transaction: undefined };
}

/** MAIL: opens a transaction. */
export function opened(session: Session, from: Path, parameters: MailParameters, at: number): Session {
  return {
    ...session,
    transaction: { from, parameters, recipients: [], at, use: undefined, chunking: false },
  };
}

/** RCPT: one recipient more. */
export function withRecipient(session: Session, recipient: Recipient): Session {
  const transaction = session.transaction;
  if (transaction === undefined) return session;
  return { ...session, transaction: { ...transaction, recipients: [...transaction.recipients, recipient] } };
}

/** What the account had sent elsewhere is known. */
export function withUse(session: Session, use: OutboundUse): Session {
  const transaction = session.transaction;
  return transaction === undefined ? session : { ...session, transaction: { ...transaction, use } };
}

/** The first BDAT. */
export function withChunking(session: Session): Session {
  const transaction = session.transaction;
  return transaction === undefined
    ? session
    : { ...session, transaction: { ...transaction, chunking: true } };
}

/** RSET, end of data, any refusal of DATA or BDAT: the transaction is gone, with all it knew. */
export function ended(session: Session): Session {
  return { ...session, transaction: undefined };
}

/** AUTH succeeded. */
export function authenticated(session: Session, identity: Identity): Session {
  return { ...session, identity, transaction: undefined };
}
