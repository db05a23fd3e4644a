/** What SEARCH, SORT, THREAD and ESEARCH ask for, and NOTIFY, which chooses mailboxes as ESEARCH does. */
import type { By, FetchItem, SequenceSet } from "./command.ts";

/** Search keys as parsed; the session turns sequence numbers and `$` into UIDs. */
export type SearchNode =
  | { readonly key: "ALL" }
  | { readonly key: "AND"; readonly of: readonly SearchNode[] }
  | { readonly key: "OR"; readonly of: readonly [SearchNode, SearchNode] }
  | { readonly key: "NOT"; readonly of: SearchNode }
  /** RFC 6203 §3. */
  | { readonly key: "FUZZY"; readonly of: SearchNode }
  /** A stored search, in small letters (RFC 5466 §3.1); replaced by what it stands for before a command runs. */
  | { readonly key: "FILTER"; readonly name: string }
  | { readonly key: "SET"; readonly by: By; readonly set: SequenceSet }
  /** ANSWERED, UNANSWERED… `flag` is one bit of {@link Flag}. */
  | { readonly key: "FLAG"; readonly flag: number; readonly set: boolean }
  | { readonly key: "KEYWORD"; readonly name: string; readonly set: boolean }
  /** rev1: NEW = (RECENT UNSEEN), OLD, RECENT. \Recent is never set here. */
  | { readonly key: "RECENT"; readonly set: boolean }
  /** FROM, TO, CC, BCC, SUBJECT, HEADER. */
  | { readonly key: "HEADER"; readonly field: string; readonly text: string }
  | { readonly key: "BODY"; readonly text: string }
  | { readonly key: "TEXT"; readonly text: string }
  | {
    readonly key: "DATE";
    readonly of: "internal" | "sent" | "saved";
    readonly is: "before" | "on" | "since";
    /** `YYYY-MM-DD`. */
    readonly date: string;
  }
  | { readonly key: "AGE"; readonly is: "older" | "younger"; readonly seconds: number }
  | { readonly key: "SIZE"; readonly is: "larger" | "smaller"; readonly octets: number }
  /** RFC 5257 §4.8. */
  | {
    readonly key: "ANNOTATION";
    readonly entry: string;
    readonly of: "private" | "shared" | "both";
    readonly text: string;
  }
  | { readonly key: "MODSEQ"; readonly atLeast: number }
  /** RFC 8474 §6. */
  | { readonly key: "EMAILID" | "THREADID"; readonly id: string };

/** Names of search return options (RFC 9051 §6.4.4; RFC 5182; RFC 5267; RFC 9394; RFC 6203). */
export type SearchOption =
  | "MIN"
  | "MAX"
  | "ALL"
  | "COUNT"
  | "SAVE"
  | "PARTIAL"
  | "CONTEXT"
  | "UPDATE"
  | "RELEVANCY";

/** RETURN of SEARCH and SORT; undefined: plain, without RETURN. */
export interface SearchReturn {
  readonly options: readonly SearchOption[];
  /** With PARTIAL. */
  readonly partial: PartialRange | undefined;
  /** With UPDATE: what is told of new messages that match (RFC 5465 §7). */
  readonly update: readonly FetchItem[];
}

/** RFC 9394 §4: places in a result, from its begin (both above 0) or its end (both below 0), as written. */
export interface PartialRange {
  readonly from: number;
  readonly to: number;
}

/** Which mailboxes are meant (RFC 5465 §6, RFC 7377 §2.2). */
export type MailboxFilter =
  | { readonly kind: "selected" | "selected-delayed" | "inboxes" | "personal" | "subscribed" }
  | { readonly kind: "subtree" | "subtree-one" | "mailboxes"; readonly names: readonly string[] };

/** An event of NOTIFY that there is here (RFC 5465 §5). */
export type NotifyEvent =
  /** `items`: what is told of new messages, in the selected mailbox only. */
  | { readonly event: "MessageNew"; readonly items: readonly FetchItem[] }
  | { readonly event: "MessageExpunge" }
  | { readonly event: "FlagChange" }
  | { readonly event: "MailboxName" }
  | { readonly event: "SubscriptionChange" }
  | { readonly event: "MailboxMetadataChange" }
  | { readonly event: "ServerMetadataChange" };

/** Mailboxes and what is to be told of them; no events for NONE. */
export interface EventGroup {
  readonly filter: MailboxFilter;
  readonly events: readonly NotifyEvent[];
}

/** NOTIFY (RFC 5465 §3.1); `groups` undefined: NOTIFY NONE. */
export interface NotifyCommand {
  readonly name: "NOTIFY";
  /** Tell how the mailboxes stand first. */
  readonly status: boolean;
  readonly groups: readonly EventGroup[] | undefined;
}
