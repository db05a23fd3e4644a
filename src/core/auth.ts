import type { AccountId } from "./brands.ts";
import type { TlsInfo } from "./conn.ts";

/** Who a session acts for, once it has proved it. */
export interface Identity {
  readonly account: AccountId;
  /** The account's address, canonical: `local@domain`, domain in lower-case U-labels or ASCII. */
  readonly address: string;
}

/** Where an attempt comes from: for throttling, channel binding and the log. */
export interface AuthOrigin {
  readonly session: string;
  readonly protocol: string;
  /** The peer's IP address. */
  readonly remote: string;
  /** Undefined on plain connections. */
  readonly tls: TlsInfo | undefined;
}

/** How an attempt ended. */
export type AuthResult =
  | { readonly ok: true; readonly identity: Identity }
  | { readonly ok: false; readonly reason: AuthRefusal; readonly text: string };

/**
 * `credentials`: wrong user or password, one answer for both · `malformed`: the exchange broke its grammar ·
 * `cancelled`: the client sent `*` · `throttled`: too many guesses from there, try later · `busy`: the hash
 * queue is full, try later · `disabled`: right password, but the account may not log in · `authzid`: may not
 * act for that other user · `unavailable`: the directory cannot be reached.
 */
export type AuthRefusal =
  | "credentials"
  | "malformed"
  | "cancelled"
  | "throttled"
  | "busy"
  | "disabled"
  | "authzid"
  | "unavailable";

/** One SASL exchange on the server's side (RFC 4422). Octets in and out are already base64-decoded. */
export interface SaslSession {
  /**
   * Takes the client's next response (the initial one first, or `undefined` if there was none) and answers
   * with a challenge or the end. A challenge of 0 octets is legal. Never throws.
   */
  respond(response: Uint8Array | undefined): Promise<SaslReply>;
}

/** What follows a client's response. */
export type SaslReply =
  | { readonly kind: "challenge"; readonly octets: Uint8Array }
  /** `final`: SCRAM's server-final-message, for protocols that carry data with success. */
  | { readonly kind: "done"; readonly result: AuthResult };

/** Proves who is there. Implemented in `directory/`. */
export interface Authenticator {
  /** Mechanism names to announce on such a connection, best first. Empty before TLS unless allowed. */
  mechanisms(tls: TlsInfo | undefined): readonly string[];
  /** Begins an exchange; undefined when the mechanism is not offered on this connection. */
  begin(mechanism: string, origin: AuthOrigin): SaslSession | undefined;
  /** IMAP LOGIN, POP3 USER/PASS. Never throws. */
  password(user: string, password: string, origin: AuthOrigin): Promise<AuthResult>;
  /** Who logs in under a name, for names in URLs; undefined for nobody and disabled accounts. Throws Unavailable. */
  identify(user: string): Promise<Identity | undefined>;
}
