import { Buffer } from "node:buffer";
import type { RefusalCode } from "../core/failure.ts";
import type { Fault } from "../core/step.ts";
import type { LineFault } from "../bytes/lines.ts";
import type { GrammarRule } from "./grammar/fault.ts";

/** One reply (RFC 5321 §4.2). */
export interface Reply {
  /** Three digits. */
  readonly code: number;
  /** Enhanced status code (RFC 3463), "" where RFC 2034 has none: the greeting, EHLO, and 3xx. */
  readonly status: string;
  /** One line, or several. Characters that are not printable ASCII go out as `?`. */
  readonly text: string | readonly string[];
}

/** Builds a reply. */
export function reply(code: number, status: string, text: string | readonly string[]): Reply {
  return { code, status, text };
}

/** A reply's octets: `code-status text` a line, the last with a space instead of the hyphen. Do not change them. */
export function encodeReply(what: Reply): Uint8Array {
  return ENCODED.get(what) ?? encode(what);
}

function encode(what: Reply): Uint8Array {
  const lines = typeof what.text === "string" ? [what.text] : what.text;
  const status = what.status === "" ? "" : `${what.status} `;
  const wire = lines.map((line, i) =>
    `${what.code}${i + 1 < lines.length ? "-" : " "}${status}${clean(line)}\r\n`
  );
  return Buffer.from(wire.join(""), "utf8"); // all of it is ASCII; for "latin1" the runtime has no fast way
}

/** Text in which everything but printable ASCII is `?`: no reply can be split or grow an escape sequence. */
function clean(text: string): string {
  let dirty = false;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code < 32 || code > 126) dirty = true;
  }
  return dirty ? Array.from(text, (letter) => letter >= " " && letter <= "~" ? letter : "?").join("") : text;
}

/** True for replies after which the connection ends (RFC 5321 §3.8, §4.1.1.10). */
export function closes(what: Reply): boolean {
  return what.code === 421 || what.code === 221;
}

/** True for replies to commands that a well-made client does not send. */
export function isBadCommand(what: Reply): boolean {
  return what.code >= 500 && what.code <= 504 || what.code === 555;
}

/** Code and status for each rule of the grammar. */
const FAULTS: Record<GrammarRule | LineFault, readonly [code: number, status: string]> = {
  "line too long": [500, "5.5.2"],
  "bare newline": [500, "5.5.2"],
  "line without end": [421, "4.7.0"],
  "unknown command": [500, "5.5.1"],
  "not SMTP": [421, "4.7.0"],
  "bad argument": [501, "5.5.4"],
  "unexpected argument": [501, "5.5.4"],
  "bad sender": [501, "5.1.7"],
  "bad recipient": [501, "5.1.3"],
  "bad parameter": [501, "5.5.4"],
  "unknown parameter": [555, "5.5.4"],
  "bad chunk size": [501, "5.5.4"],
  "bad base64": [501, "5.5.2"],
};

/** The reply to a fault of the parser. */
export function faultReply(fault: Fault): Reply {
  const [code, status] = FAULTS[fault.rule as GrammarRule | LineFault];
  return reply(code, status, fault.text);
}

/** The reply to what the store refuses, by code: nobody gets the store's own words. */
const REFUSALS: Record<RefusalCode, Reply> = {
  OVERQUOTA: reply(452, "4.2.2", "Mailbox is full"),
  LIMIT: reply(452, "4.3.1", "Mailbox holds as much as it may"),
  TOOBIG: reply(552, "5.2.3", "Message is too big for this mailbox"),
  NOPERM: reply(550, "5.7.1", "Delivery to this mailbox is not allowed"),
  NONEXISTENT: reply(550, "5.1.1", "No such mailbox"),
  TRYCREATE: reply(550, "5.1.1", "No such mailbox"),
  CANNOT: reply(550, "5.2.0", "Cannot deliver to this mailbox"),
  "UNKNOWN-CTE": reply(554, "5.6.0", "Cannot take the encoding of this message"),
  ALREADYEXISTS: reply(451, "4.3.0", "Cannot deliver now, try again later"),
  INUSE: reply(451, "4.3.0", "Cannot deliver now, try again later"),
  HASCHILDREN: reply(451, "4.3.0", "Cannot deliver now, try again later"),
  EXPUNGEISSUED: reply(451, "4.3.0", "Cannot deliver now, try again later"),
  SERVERBUG: reply(451, "4.3.0", "Cannot deliver now, try again later"),
};

/** The reply to a delivery that the store refused. */
export function refusalReply(code: RefusalCode): Reply {
  return REFUSALS[code];
}

/** Replies that say the same every time. */
export const REPLIES = {
  ok: reply(250, "2.0.0", "Ok"),
  senderOk: reply(250, "2.1.0", "Sender ok"),
  recipientOk: reply(250, "2.1.5", "Recipient ok"),
  startData: reply(354, "", "Send the message, end it with <CRLF>.<CRLF>"),
  bye: reply(221, "2.0.0", "Goodbye"),
  startTls: reply(220, "2.0.0", "Start TLS"),
  cannotVerify: reply(252, "2.5.0", "Cannot VRFY, but will take mail for local users"),
  noExpn: reply(502, "5.5.1", "EXPN is not offered here"),
  notOffered: reply(502, "5.5.1", "Command is not offered here"),
  forwarded: reply(250, "2.0.0", "Noted"),
  help: reply(214, "2.0.0", [
    "Commands: EHLO HELO LHLO STARTTLS AUTH MAIL RCPT DATA BDAT",
    "RSET NOOP VRFY EXPN HELP QUIT; see RFC 5321, RFC 3030, RFC 4954",
  ]),

  helloFirst: reply(503, "5.5.1", "Say EHLO first"),
  lhloFirst: reply(503, "5.5.1", "Say LHLO first"),
  useEhlo: reply(500, "5.5.1", "This is SMTP: say EHLO"),
  useLhlo: reply(500, "5.5.1", "This is LMTP: say LHLO"),
  nested: reply(503, "5.5.1", "A transaction is open"),
  mailFirst: reply(503, "5.5.1", "Send MAIL first"),
  rcptFirst: reply(503, "5.5.1", "Send RCPT first: there is no recipient yet"),
  useBdat: reply(503, "5.5.1", "BODY=BINARYMIME must come by BDAT"),
  bdatBegun: reply(503, "5.5.1", "The message has begun by BDAT"),

  authRequired: reply(530, "5.7.0", "Authentication required"),
  tlsRequired: reply(530, "5.7.0", "Send STARTTLS first"),
  alreadyAuth: reply(503, "5.5.1", "Authenticated already"),
  authNeedsTls: reply(538, "5.7.11", "Encryption is required for authentication: send STARTTLS first"),
  noMechanism: reply(504, "5.5.4", "Authentication mechanism not offered"),
  noAuth: reply(502, "5.5.1", "AUTH is not offered here"),
  authOk: reply(235, "2.7.0", "Authentication succeeded"),
  tooManyAuth: reply(421, "4.7.0", "Too many failed authentications"),

  noTls: reply(502, "5.5.1", "STARTTLS is not offered here"),
  tlsAlready: reply(503, "5.5.1", "TLS is up already"),

  needsUtf8: reply(553, "5.6.7", "Address needs SMTPUTF8"),
  notYours: reply(553, "5.7.1", "Sender address does not belong to the authenticated user"),
  tooBig: reply(552, "5.3.4", "Message is too big"),
  tooManyRecipients: reply(452, "4.5.3", "Too many recipients in one transaction"),
  relayDenied: reply(550, "5.7.1", "Relaying denied: no such domain here"),
  noSoliciting: reply(550, "5.7.1", "No soliciting: mail of this class is not wanted here"),
  heldTooLong: reply(501, "5.5.4", "Cannot hold a message that long"),
  heldBeyondBy: reply(501, "5.5.4", "Cannot hold a message beyond the time it must be delivered by"),
  verpOfNobody: reply(501, "5.5.4", "XVERP needs a sender"),
  notYourFrom: reply(550, "5.7.1", "From has an address that does not belong to the authenticated user"),
  badFrom: reply(550, "5.6.0", "Cannot read From: it must hold addresses, and stand once"),
  headerTooBig: reply(552, "5.3.4", "Header is too big"),
  headerNeedsUtf8: reply(554, "5.6.9", "Header has octets beyond ASCII, which need SMTPUTF8"),
  tooManySent: reply(450, "4.7.1", "You have sent too many messages within the hour, try again later"),
  tooManyReached: reply(
    450,
    "4.7.1",
    "You have reached too many recipients within the hour, try again later",
  ),
  badUrl: reply(501, "5.5.4", "Cannot take this URL: it must be an IMAP URL with URLAUTH"),
  noSuchUrl: reply(554, "5.6.6", "Cannot get what this URL stands for"),
  sourceRoute: reply(550, "5.7.1", "Relaying denied: no routing by the local part"),
  noLiteral: reply(550, "5.1.2", "Cannot send to an address literal"),
  noOutbound: reply(
    550,
    "5.7.1",
    "Cannot send there: delivery to other servers is not set up on this server yet",
  ),
  unknownRecipient: reply(550, "5.1.1", "No such user here"),
  disabled: reply(550, "5.2.1", "Mailbox is disabled"),
  overQuota: reply(452, "4.2.2", "Mailbox is full"),
  aliasLoop: reply(550, "5.4.6", "Address leads in a circle"),
  mailLoop: reply(554, "5.4.6", "Too many hops: this message goes round in a circle"),
  bareNewline: reply(554, "5.6.11", "Message has a CR or LF that stands alone: lines end with CRLF"),
  longLine: reply(554, "5.6.0", "Message has a line that is too long"),
  unavailable: reply(451, "4.3.0", "Service not available now, try again later"),

  idle: reply(421, "4.4.2", "Nothing came for too long, closing"),
  tooSlow: reply(421, "4.4.2", "Message comes too slowly, closing"),
  draining: reply(421, "4.3.2", "Server is going down, try again soon"),
  tooManyBad: reply(421, "4.7.0", "Too many bad commands"),
  tooManyIdle: reply(421, "4.7.0", "Too many commands without mail"),
  tooManyUnknown: reply(421, "4.7.0", "Too many recipients that do not exist"),
  tooManyMessages: reply(421, "4.7.0", "Too many messages on one connection, please come again"),
  tooMuch: reply(421, "4.3.0", "Message is far too big, closing"),
} as const satisfies Record<string, Reply>;

/** The octets of the replies above, made once. */
const ENCODED: ReadonlyMap<Reply, Uint8Array> = new Map(
  Object.values<Reply>(REPLIES).map((what) => [what, encode(what)]),
);
