import type { AccountId, MessageId, ModSeq } from "./brands.ts";
import type { UidSet } from "./uidset.ts";

/** How texts are compared (RFC 4790 §9, RFC 5051); the first is the default. */
export const COMPARATORS = ["i;unicode-casemap", "i;ascii-casemap", "i;octet"] as const;

/** One of them. */
export type Comparator = typeof COMPARATORS[number];

/**
 * How a search text is looked for where that is not as a substring under i;unicode-casemap: as one under another
 * comparator, or by its words, as what was meant (RFC 6203 §3).
 */
export type TextMatch = Exclude<Comparator, "i;unicode-casemap"> | "fuzzy";

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
  | { readonly key: "header"; readonly field: string; readonly text: string; readonly match?: TextMatch }
  | { readonly key: "body"; readonly text: string; readonly match?: TextMatch }
  | { readonly key: "text"; readonly text: string; readonly match?: TextMatch }
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
    /** "fuzzy" means a substring here, too. */
    readonly match?: TextMatch;
  }
  | { readonly key: "uid"; readonly set: UidSet }
  | { readonly key: "message"; readonly message: MessageId }
  /** RFC 7162 §3.1.5: messages whose mod-sequence is at least this. */
  | { readonly key: "modseq"; readonly atLeast: ModSeq };

/**
 * What SORT compares (RFC 5256 §3, RFC 5957 §4); the highest relevancy comes first (RFC 6203 §6). `uid` and `modseq`
 * are Cyrus's.
 */
export type SortBy =
  | "annotation"
  | "arrival"
  | "cc"
  | "date"
  | "displayfrom"
  | "displayto"
  | "from"
  | "modseq"
  | "relevancy"
  | "size"
  | "subject"
  | "to"
  | "uid";

/** One criterion of SORT; `reverse` turns this one alone. */
export interface SortOrder {
  readonly by: SortBy;
  readonly reverse: boolean;
  /** With `annotation` (RFC 5257 §4.9): which value; without a user the shared one. */
  readonly value?: { readonly entry: string; readonly user: AccountId | undefined };
}

/** What matches, ascending, and how well, one by one. */
export interface Relevancy {
  readonly uids: Uint32Array;
  /** 1 to 100. */
  readonly scores: Uint8Array;
}

/** What threads are made of, of one message. Texts are as their comparator makes them equal. */
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
