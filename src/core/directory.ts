import type { AccountId } from "./brands.ts";

/** A mailbox address that was parsed: `local` unquoted, `domain` lower-case without a trailing dot. */
export interface MailAddress {
  readonly local: string;
  readonly domain: string;
}

/** Where a recipient's mail goes. */
export type Resolution =
  /**
   * One target per account that gets a copy, and where aliases lead to other servers; aliases expanded, duplicates
   * removed. `remote`: `local@domain`, nothing quoted, the domain in lower-case U-labels.
   */
  | { readonly kind: "local"; readonly targets: readonly LocalTarget[]; readonly remote: readonly string[] }
  /**
   * Not a domain of ours: relaying is another's decision. `domain`: in lower-case U-labels; left out for what is no
   * host name, such as an address literal.
   */
  | { readonly kind: "foreign"; readonly domain?: string }
  /** Our domain, nobody there: 550 5.1.1. */
  | { readonly kind: "unknown" }
  /** There, but gets no mail now: 550 5.2.1. */
  | { readonly kind: "disabled" }
  /** There, but full: 452 4.2.2. */
  | { readonly kind: "over-quota" }
  /** Aliases in a circle or too deep: 550 5.4.6. */
  | { readonly kind: "loop" };

/** One copy of a message. */
export interface LocalTarget {
  readonly account: AccountId;
  /** The account's address. */
  readonly address: string;
  /** RFC 5233: what stood behind the `+`, for filing; undefined without one. */
  readonly detail: string | undefined;
}

/** Answers who gets the mail for an address. Implemented in `directory/`. Throws Unavailable. */
export interface Directory {
  /** `size`: what the sender announced, for the quota; 0 when unknown. */
  resolve(address: MailAddress, size: number): Promise<Resolution>;
  /**
   * The reverse-path under which mail is passed on that an alias in `through` leads elsewhere: the sender's own
   * where his domain is ours, else an address in `through` that stands for it (SRS). `through` in U-labels.
   */
  forwarding?(sender: MailAddress, through: string): Promise<MailAddress>;
}
