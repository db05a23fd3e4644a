/** What of an account is on other servers (RFC 2193, RFC 2221). Implemented in `directory/`. */
import type { AccountId } from "./brands.ts";

/** A mailbox that is on another server, and what is below it. */
export interface RemoteMailbox {
  /** The name by which the account knows it. */
  readonly name: string;
  /** `host` or `host:port`. */
  readonly server: string;
  /** Its name there. */
  readonly remoteName: string;
}

/** Where an account's mail is. */
export interface Whereabouts {
  /** The server that has all of it; undefined: this one. */
  readonly server: string | undefined;
  /** Mailboxes that are elsewhere, by name. */
  readonly mailboxes: readonly RemoteMailbox[];
}

/** Knows what is elsewhere. */
export interface Referrals {
  /** Where an account's mail is. Throws Unavailable. */
  of(account: AccountId): Promise<Whereabouts>;
}
