import type { AccountId, MessageId, ModSeq } from "./brands.ts";
import type { UidSet } from "./uidset.ts";

/**
 * A search key (RFC 9051 §6.4.4) in the form that the store compiles to SQL. Sequence numbers are already
 * UIDs here; texts are UTF-8 and not yet case-folded.
 */
export type SearchKey =
  | { readonly key: "all" }
  | { readonly key: "and"; readonly of: readonly SearchKey[] }
  | { readonly key: "or"; readonly of: readonly [SearchKey, SearchKey] }
  | { readonly key: "not"; readonly of: SearchKey }
  /** `flag` is one bit of Flag. */
  | { readonly key: "flag"; readonly flag: number; readonly set: boolean }
  | { readonly key: "keyword"; readonly name: string; readonly set: boolean }
  /** FROM, TO, CC, BCC, SUBJECT and HEADER; an empty text asks whether the field is there. */
  | { readonly key: "header"; readonly field: string; readonly text: string }
  | { readonly key: "body"; readonly text: string }
  | { readonly key: "text"; readonly text: string }
  /** `date` is `YYYY-MM-DD`; time and zone are disregarded (RFC 9051 §6.4.4). */
  | {
    readonly key: "date";
    readonly of: "internal" | "sent" | "saved";
    readonly is: "before" | "on" | "since";
    readonly date: string;
  }
  /** WITHIN (RFC 5032). */
  | { readonly key: "age"; readonly is: "older" | "younger"; readonly seconds: number }
  | { readonly key: "size"; readonly is: "larger" | "smaller"; readonly octets: number }
  /** An annotation's value (RFC 5257 §4.8). `entry` may hold `*` and `%`; private values are those of `user`. */
  | {
    readonly key: "annotation";
    readonly user: AccountId;
    readonly entry: string;
    readonly of: "private" | "shared" | "both";
    readonly text: string;
  }
  | { readonly key: "uid"; readonly set: UidSet }
  | { readonly key: "message"; readonly message: MessageId }
  /** RFC 7162 §3.1.5: messages whose mod-sequence is at least this. */
  | { readonly key: "modseq"; readonly atLeast: ModSeq };

/** What SORT compares (RFC 5256 §3, RFC 5957 §4). */
export type SortBy =
  | "annotation"
  | "arrival"
  | "cc"
  | "date"
  | "displayfrom"
  | "displayto"
  | "from"
  | "size"
  | "subject"
  | "to";

/** One criterion of SORT; `reverse` turns this one alone. */
export interface SortOrder {
  readonly by: SortBy;
  readonly reverse: boolean;
  /** With `annotation` (RFC 5257 §4.9): which value; without a user the shared one. */
  readonly value?: { readonly entry: string; readonly user: AccountId | undefined };
}

/** What threads are made of, of one message. Texts are folded. */
export interface ThreadRow {
  readonly uid: number;
  /** Milliseconds since the epoch: the Date field's, else the internal date. */
  readonly sentAt: number;
  /** The base subject (RFC 5256 §2.1). */
  readonly subject: string;
  /** True for replies and forwarded messages, by their subject. */
  readonly isReply: boolean;
  /** Normalized, without brackets; undefined without a valid one. */
  readonly messageId: string | undefined;
  /** Normalized, oldest first. */
  readonly references: readonly string[];
}
