import type { Identity } from "../core/auth.ts";
import { type Command, COMMANDS, type Rule } from "./command.ts";
import { DEFAULT_LANGUAGE, type Language, languageFor, LANGUAGES, type TextKey } from "./language.ts";
import type { Maildrop } from "./maildrop.ts";
import { err, ok } from "./reply.ts";

/** Where a session stands. Replaced as a whole; only the maildrop's marks change in place. */
export type Session = Authorization | Transaction;

interface Common {
  readonly language: Language;
  /** RFC 6856 §2.1: the client said UTF8. */
  readonly utf8: boolean;
}

/** Before login. */
export interface Authorization extends Common {
  readonly state: "authorization";
  /** What USER named, until PASS or another command uses it up. */
  readonly user: string | undefined;
}

/** After login. */
export interface Transaction extends Common {
  readonly state: "transaction";
  readonly identity: Identity;
  readonly maildrop: Maildrop;
}

/** What the connection offers at this moment. */
export interface Offer {
  /** SASL mechanisms, best first. */
  readonly mechanisms: readonly string[];
  /** STLS would be taken. */
  readonly stls: boolean;
}

/** What is to be done for a command, in order. */
export type Effect =
  | { readonly do: "reply"; readonly text: string }
  /** A refusal that counts as a bad command. */
  | { readonly do: "bad"; readonly key: TextKey }
  /** A multi-line answer without its end; lines come without CRLF and never begin with a dot. */
  | { readonly do: "lines"; readonly first: string; readonly lines: Iterable<string> }
  | { readonly do: "password"; readonly user: string; readonly password: string }
  | { readonly do: "exchange"; readonly mechanism: string; readonly initial: string | undefined }
  | { readonly do: "start-tls" }
  /** `lines` undefined: the whole message. */
  | { readonly do: "retrieve"; readonly message: number; readonly lines: number | undefined }
  | { readonly do: "update" }
  | { readonly do: "close" };

/** A session that has just begun, or begins again after STLS (RFC 2595 §4: nothing learned before counts). */
export const BEGIN: Authorization = {
  state: "authorization",
  user: undefined,
  language: DEFAULT_LANGUAGE,
  utf8: false,
};

/** True where a password may cross the connection: USER is there exactly when PLAIN or LOGIN is. */
export function takesPasswords(offer: Offer): boolean {
  return offer.mechanisms.includes("PLAIN") || offer.mechanisms.includes("LOGIN");
}

/** Why a command may not run now; undefined when it may. */
export function mayRun(session: Session, command: Command, offer: Offer): Effect | undefined {
  const rule: Rule = COMMANDS[command.name];
  if (!rule.states.includes(session.state)) return { do: "bad", key: "not-now" };
  switch (command.name) {
    case "USER":
    case "PASS":
      return takesPasswords(offer) ? undefined : { do: "reply", text: err(session.language, "tls-needed") };
    case "AUTH":
      if (offer.mechanisms.length > 0) return undefined;
      return { do: "reply", text: err(session.language, "tls-needed") };
    case "STLS":
      // RFC 6856 §2.1: a client must not send STLS after UTF8.
      if (session.utf8) return { do: "bad", key: "not-now" };
      return offer.stls ? undefined : { do: "reply", text: err(session.language, "no-tls") };
    default:
      return undefined;
  }
}

/** What a command does: the session after it, and the effects that the runner performs in order. */
export function step(
  session: Session,
  command: Command,
  offer: Offer,
): readonly [Session, readonly Effect[]] {
  const refusal = mayRun(session, command, offer);
  if (refusal !== undefined) return [session, [refusal]];
  return session.state === "authorization"
    ? inAuthorization(session, command, offer)
    : inTransaction(session, command, offer);
}

function inAuthorization(
  session: Authorization,
  command: Command,
  offer: Offer,
): readonly [Session, readonly Effect[]] {
  const { language } = session;
  const next = { ...session, user: undefined };
  switch (command.name) {
    case "USER":
      // The same answer for every name: who is here is nobody's business (RFC 1939 §13).
      return [{ ...session, user: command.user }, [{ do: "reply", text: ok(language, "password-next") }]];
    case "PASS":
      if (session.user === undefined) return [session, [{ do: "bad", key: "user-first" }]];
      return [next, [{ do: "password", user: session.user, password: command.password }]];
    case "AUTH":
      return [next, [{ do: "exchange", mechanism: command.mechanism, initial: command.initial }]];
    case "STLS":
      return [BEGIN, [{ do: "start-tls" }]];
    case "UTF8":
      return [{ ...session, utf8: true }, [{ do: "reply", text: ok(language, "utf8") }]];
    case "QUIT":
      return [session, [{ do: "reply", text: ok(language, "goodbye") }, { do: "close" }]];
    default:
      return inBoth(session, command, offer);
  }
}

function inTransaction(
  session: Transaction,
  command: Command,
  offer: Offer,
): readonly [Session, readonly Effect[]] {
  const { language, maildrop } = session;
  const reply = (text: string): readonly [Session, readonly Effect[]] => [session, [{ do: "reply", text }]];
  switch (command.name) {
    case "STAT":
      return reply(`+OK ${maildrop.count} ${maildrop.octets}\r\n`);
    case "LIST":
      if (command.message === undefined) {
        const first = ok(language, "listing", maildrop.count, maildrop.octets);
        return [session, [{ do: "lines", first, lines: scanListing(maildrop) }]];
      }
      if (!maildrop.has(command.message)) return reply(err(language, "no-message", command.message));
      return reply(`+OK ${command.message} ${maildrop.sizeOf(command.message)}\r\n`);
    case "UIDL":
      if (command.message === undefined) {
        return [session, [{ do: "lines", first: ok(language, "listing-uidl"), lines: uniqueIds(maildrop) }]];
      }
      if (!maildrop.has(command.message)) return reply(err(language, "no-message", command.message));
      return reply(`+OK ${command.message} ${maildrop.uniqueIdOf(command.message)}\r\n`);
    case "RETR":
      if (!maildrop.has(command.message)) return reply(err(language, "no-message", command.message));
      return [session, [{ do: "retrieve", message: command.message, lines: undefined }]];
    case "TOP":
      if (!maildrop.has(command.message)) return reply(err(language, "no-message", command.message));
      return [session, [{ do: "retrieve", message: command.message, lines: command.lines }]];
    case "DELE":
      if (!maildrop.delete(command.message)) return reply(err(language, "no-message", command.message));
      return reply(ok(language, "deleted", command.message));
    case "NOOP":
      return reply(ok(language, "nothing"));
    case "RSET":
      maildrop.reset();
      return reply(ok(language, "reset", maildrop.count, maildrop.octets));
    case "QUIT":
      return [session, [{ do: "update" }, { do: "close" }]];
    default:
      return inBoth(session, command, offer);
  }
}

function inBoth(session: Session, command: Command, offer: Offer): readonly [Session, readonly Effect[]] {
  switch (command.name) {
    case "CAPA": {
      const first = ok(session.language, "capabilities");
      return [session, [{ do: "lines", first, lines: capabilities(offer) }]];
    }
    case "LANG":
      return lang(session, command.range);
    default:
      throw new TypeError(`Cannot run ${command.name}: no state takes it`);
  }
}

/** LANG (RFC 6856 §3.2): the answer speaks the language that it selects. */
function lang(session: Session, range: string | undefined): readonly [Session, readonly Effect[]] {
  if (range === undefined) {
    const lines = Object.entries(LANGUAGES).map(([tag, { name }]) => `${tag} ${name}`);
    return [session, [{ do: "lines", first: ok(session.language, "languages"), lines }]];
  }
  const language = languageFor(range);
  if (language === undefined) {
    return [session, [{ do: "reply", text: err(session.language, "unknown-language") }]];
  }
  const text = `+OK ${language} ${LANGUAGES[language].texts.language}\r\n`;
  return [{ ...session, language }, [{ do: "reply", text }]];
}

/**
 * CAPA's lines (RFC 2449 §6), the same in both states but for what depends on TLS. EXPIRE NEVER holds:
 * nothing here deletes what the client leaves, and RETR sets no flag.
 */
export function capabilities(offer: Offer): readonly string[] {
  const users = takesPasswords(offer);
  return [
    "TOP",
    "UIDL",
    ...(users ? ["USER"] : []),
    ...(offer.mechanisms.length > 0 ? [`SASL ${offer.mechanisms.join(" ")}`] : []),
    "RESP-CODES",
    "AUTH-RESP-CODE",
    "PIPELINING",
    ...(offer.stls ? ["STLS"] : []),
    "EXPIRE NEVER",
    "LOGIN-DELAY 0",
    users ? "UTF8 USER" : "UTF8",
    "LANG",
    "IMPLEMENTATION Malleposte",
  ];
}

function* scanListing(maildrop: Maildrop): Iterable<string> {
  for (let n = 1; n <= maildrop.last; n++) if (maildrop.has(n)) yield `${n} ${maildrop.sizeOf(n)}`;
}

function* uniqueIds(maildrop: Maildrop): Iterable<string> {
  for (let n = 1; n <= maildrop.last; n++) if (maildrop.has(n)) yield `${n} ${maildrop.uniqueIdOf(n)}`;
}
