/**
 * Mail that leaves this server: what those who accept it (`smtp/`), keep it (`queue/`), route it and send it
 * (`queue/`, `smtp/client`) agree on. Types only.
 */
import type { AccountId } from "./brands.ts";

/** When a sender wants to hear of a recipient (RFC 3461 §4.1), as bits; 0 is NEVER. */
export const Notify = { Success: 1, Failure: 2, Delay: 4 } as const;

/** NOTIFY when the client said nothing: failures, and delays where the server warns of them (RFC 3461 §4.1). */
export const NOTIFY_DEFAULT = Notify.Failure | Notify.Delay;

/** What holds for all recipients of one message that goes out. */
export interface OutboundEnvelope {
  /** `local@domain`, UTF-8; "" is the null reverse-path, to which nothing is ever reported. */
  readonly reversePath: string;
  /** RFC 6152, RFC 3030: what the octets need of the next hop. */
  readonly body: "7BIT" | "8BITMIME" | "BINARYMIME";
  /** RFC 6531: an address or the header needs it. */
  readonly smtputf8: boolean;
  /** RFC 8689. */
  readonly requireTls: boolean;
  /** RFC 3461 §4.3: what a failure report returns; undefined leaves it to us. */
  readonly ret: "full" | "headers" | undefined;
  /** RFC 3461 §4.4, decoded from xtext. */
  readonly envid: string | undefined;
  /** RFC 6710: -9..9. */
  readonly priority: number;
  /** RFC 4865: not before; milliseconds since the epoch. */
  readonly holdUntil: number | undefined;
  /** RFC 2852: `at` in milliseconds since the epoch. */
  readonly deliverBy:
    | { readonly at: number; readonly mode: "return" | "notify"; readonly trace: boolean }
    | undefined;
  /** The account that submitted it; undefined: from outside (a forward, a backup MX). */
  readonly submitter: AccountId | undefined;
  /** The SMTP session's id, as in the log: for tracing. */
  readonly session: string;
  /** RFC 8689 §3: the header says `TLS-Required: No`, and REQUIRETLS was not given: policies of TLS do not count. */
  readonly tlsOptional?: boolean;
  /** RFC 3865 §2.7: the classes of solicitation that its sender gave it. */
  readonly solicit?: readonly string[];
  /** VERP: the two characters between sender, recipient's local part and domain; each goes from an address of its own. */
  readonly verp?: string;
}

/** One recipient of a message that goes out. */
export interface OutboundRecipient {
  /** `local@domain`, UTF-8, domain in lower-case U-labels. */
  readonly address: string;
  /** Bits of Notify. */
  readonly notify: number;
  /** RFC 3461 §4.2: `addr-type;address`, decoded from xtext; undefined: the recipient as it is. */
  readonly originalRecipient: string | undefined;
  /** It is an address of ours, whose copy waits in the queue for its hour (RFC 4865). */
  readonly here?: boolean;
}

/** A recipient of ours whose sender wants to hear that the message arrived (RFC 3461 §4.1 SUCCESS). */
export interface OutboundSuccess extends OutboundRecipient {
  /** `expanded`: the address led to several others (RFC 3461 §5.2.7.3 c, RFC 3464 §2.3.3). */
  readonly action: "delivered" | "expanded";
}

/**
 * What goes out with a message, beside the copies that stay: queued in the same transaction.
 *
 * A message of which a copy stays here begins with the Return-Path field of final delivery (RFC 5321 §4.4), one
 * line: it is no part of what goes out.
 */
export interface Outbound {
  readonly envelope: OutboundEnvelope;
  /** May be empty: then there is only something to report. */
  readonly recipients: readonly OutboundRecipient[];
  /** Reported to the reverse-path once the transaction is on disk; only where `OutboundDoor.reports`. */
  readonly delivered?: readonly OutboundSuccess[];
  /** What the submitter may have sent elsewhere within the hour, with this; `deliver` throws SentTooMuch beyond it. */
  readonly limit?: OutboundUse;
}

/** A message was not taken, and nothing of it written: its submitter has sent too much within the hour. */
export class SentTooMuch extends Error {
  override readonly name = "SentTooMuch";

  constructor(readonly of: keyof OutboundUse) {
    super(`Cannot queue: too many ${of} within the hour`);
  }
}

/** What an account has sent elsewhere within the last hour, by the queue's own rows. */
export interface OutboundUse {
  readonly messages: number;
  readonly recipients: number;
}

/** The queue, as those know it who accept mail. Implemented in `queue/`. */
export interface OutboundDoor {
  /** It reports what `Outbound.delivered` names: DSN is whole (RFC 3461). */
  readonly reports: boolean;
  /**
   * What waits for a domain (U-labels) becomes due now (RFC 1985); says how many messages that is.
   *
   * @throws Unavailable
   */
  flush(domain: string): Promise<number>;
  /** @throws Unavailable */
  recent(account: AccountId): Promise<OutboundUse>;
}

/** How TLS is used with a next hop, the strictest first. */
export type TlsLevel =
  /** RFC 7672: only with a certificate that a TLSA record names. */
  | "dane"
  /** RFC 8461 enforce, or a policy of ours: only with a certificate that the public authorities vouch for. */
  | "verify"
  /** Only with TLS, whoever it is. */
  | "encrypt"
  /** Where it is offered (RFC 7435). */
  | "may"
  | "none";

/** Where a recipient's mail goes next, before any name was looked up. */
export interface Destination {
  /** Messages with the same key may share a connection, and count for its concurrency. */
  readonly key: string;
  readonly protocol: "smtp" | "lmtp";
  /** `mx`: by MX records of the domain; `host`: that host (a relay, a next hop from `routes`); `unix`: a socket. */
  readonly by:
    | { readonly kind: "mx"; readonly domain: string }
    | { readonly kind: "host"; readonly host: string; readonly port: number }
    | { readonly kind: "unix"; readonly path: string };
  /** The least that a policy of ours asks for; DNS (DANE, MTA-STS) may ask for more. */
  readonly tls: TlsLevel;
  /** TLS from the first octet (RFC 8314). */
  readonly implicitTls: boolean;
  readonly login: { readonly user: string; readonly password: string } | undefined;
}

/** A reply of a next hop, or what stands for one. */
export interface HopReply {
  /** 2xx, 4xx or 5xx; 0 where none came (no connection, no DNS answer). */
  readonly code: number;
  /** RFC 3463; "" where none was given. */
  readonly status: string;
  /** One line, printable, at most 1000 characters. */
  readonly text: string;
}

/** What became of one recipient at one next hop. */
export interface HopResult {
  /**
   * `delivered`: the next hop has it · `relayed`: it has it, and does not honour DSN (RFC 3461 §6.2.1) ·
   * `deferred`: later, perhaps · `failed`: never.
   */
  readonly outcome: "delivered" | "relayed" | "deferred" | "failed";
  readonly reply: HopReply;
  /** Where in the dialogue: `dns`, `connect`, `greeting`, `ehlo`, `starttls`, `auth`, `mail`, `rcpt`, `data`, `end`. */
  readonly step: string;
}

/** A message as the sender needs it. */
export interface OutboundMessage {
  readonly envelope: OutboundEnvelope;
  readonly recipients: readonly OutboundRecipient[];
  /** Octets, with all trace fields. */
  readonly size: number;
  /**
   * The message from its first octet, in pieces, each valid until the next is asked for. May be called more than
   * once in one try: a signature, and some hosts, need it to be read through before it is sent.
   */
  octets(): AsyncIterable<Uint8Array>;
}

/** An open, greeted connection with a next hop. */
export interface HopConnection extends AsyncDisposable {
  /** Host name and address, for reports and traces. */
  readonly host: string;
  readonly address: string;
  /** E.g. `TLSv1.3 TLS_AES_256_GCM_SHA384, dane`; undefined on a plain one. */
  readonly security: string | undefined;
  /** What octets it takes as they are: 8-bit text (RFC 6152), anything (RFC 3030). */
  readonly takes: { readonly eightBit: boolean; readonly binary: boolean };
  /** False once it may not take another message. */
  readonly usable: boolean;
  /**
   * One message; as many transactions as the next hop's limits on recipients ask for. A result for each recipient,
   * in order, whatever happened; never rejects but when `octets` did (the connection is of no use then). After the
   * final dot without an answer: `deferred`, step `end`. On a connection that was used before, code 0 at the step
   * `mail` means that the next hop had closed it meanwhile: nothing was sent, and a new one may be tried at once.
   */
  send(message: OutboundMessage): Promise<readonly HopResult[]>;
}

/** A try to reach a destination: the connection, or why there is none (it holds for all recipients). */
export type Reached =
  | { readonly ok: true; readonly connection: HopConnection }
  | { readonly ok: false; readonly result: HopResult };

/** Where mail goes next. Implemented in `queue/route`. */
export interface Router {
  /** The destination of a recipient; a result where there is none (a loop, a domain without mail). */
  route(envelope: OutboundEnvelope, recipient: string): Destination | HopResult;
}

/** Opens connections with next hops: DNS, policies, TLS, greeting. Implemented in `queue/reach`. */
export interface Reacher {
  /**
   * `requireTls`: RFC 8689, whatever the destination says: a host without it, or that nothing vouches for, is
   * none. `tlsOptional`: RFC 8689 §5, DANE, MTA-STS and our own policy do not count. Never rejects.
   */
  reach(
    to: Destination,
    need: { readonly requireTls: boolean; readonly tlsOptional?: boolean; readonly signal: AbortSignal },
  ): Promise<Reached>;
}

/** Signs mail that our users submit (DKIM). Implemented in `trust/`. */
export interface Signer {
  /**
   * Header fields, each with its CRLF, to send in front of the message; no octet where it is not to be signed (it
   * was not submitted here, its From field's domain has no keys). Called at each try, because keys change: reads
   * the message once, in constant memory. Rejects when `octets` or the database does.
   */
  sign(message: OutboundMessage): Promise<Uint8Array>;
}
