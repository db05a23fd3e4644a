/** Why a POP3 session ended. */
export type Pop3End =
  /** QUIT. */
  | "quit"
  /** The client closed without QUIT: nothing was deleted. */
  | "client"
  /** No command in time: nothing was deleted, nothing was said (RFC 1939 §3). */
  | "idle"
  /** Too many bad commands or refused logins, or a line without end. */
  | "abuse"
  /** The server drains. */
  | "drain"
  /** STLS came with more behind it, or its handshake failed. */
  | "tls"
  /** The connection broke or the client stopped reading. */
  | "broken"
  /** A message could not be sent to its end. */
  | "truncated"
  /** A bug of ours. */
  | "bug";

declare module "../core/events.ts" {
  interface Events {
    /** A client connected. */
    "pop3.open": { readonly session: string; readonly remote: string; readonly tls: boolean };
    /** A maildrop was opened: `mechanism` is the SASL name, or `PASS`. */
    "pop3.login": {
      readonly session: string;
      readonly address: string;
      readonly mechanism: string;
      readonly messages: number;
      readonly octets: number;
    };
    /** A login was refused: an AuthRefusal, or `in-use`, `no-maildrop`. */
    "pop3.login.refused": {
      readonly session: string;
      readonly remote: string;
      readonly mechanism: string;
      readonly reason: string;
    };
    /** A line was no command, or not one for its state. */
    "pop3.bad": { readonly session: string; readonly rule: string; readonly count: number };
    /** The session ended. `deleted` counts what was removed on disk, `retrieved` what RETR sent whole. */
    "pop3.close": {
      readonly session: string;
      readonly end: Pop3End;
      readonly retrieved: number;
      readonly octets: number;
      readonly deleted: number;
    };
  }
}
