/**
 * IMAP commands as a closed union: what the grammar produces and the session handles. A new command or
 * extension is one more member here, one more file in `grammar/` and `commands/`, one more row in
 * `capabilities.ts`; a switch that forgets it does not compile.
 *
 * Names of mailboxes are already UTF-8 (modified UTF-7 decoded where the session is rev1 without UTF8=ACCEPT),
 * `INBOX` in capitals. Texts of SEARCH are already decoded from CHARSET.
 */
import type { AnnotationValue } from "../core/annotation.ts";
import type { SortOrder } from "../core/search.ts";
import type { AnnotationDepth, Flag } from "../core/store.ts";
import type { UidSet } from "../core/uidset.ts";
import type {
  MailboxFilter,
  NotifyCommand,
  PartialRange,
  SearchNode,
  SearchReturn,
} from "./search_command.ts";

/** `*` in a sequence set: the largest number in use. */
export const STAR = 0;

/** RFC 9051 §9 sequence-set as written: pairs in any order, STAR for `*`; or `$` (RFC 5182). */
export type SequenceSet =
  | { readonly kind: "ranges"; readonly ranges: readonly (readonly [number, number])[] }
  | { readonly kind: "saved" };

/** How numbers in a set are meant. */
export type By = "seq" | "uid";

/** System flags as bits and keywords as written. */
export interface FlagList {
  /** Bits of {@link Flag}. */
  readonly flags: number;
  readonly keywords: readonly string[];
}

/** RFC 9051 §9 section-spec. `part` is empty for the whole message. */
export interface SectionSpec {
  readonly part: readonly number[];
  readonly text: "" | "HEADER" | "HEADER.FIELDS" | "HEADER.FIELDS.NOT" | "TEXT" | "MIME";
  /** Field names as written, for HEADER.FIELDS and .NOT. */
  readonly fields: readonly string[];
}

/** `<start.length>`; octets. */
export interface Partial {
  readonly start: number;
  readonly length: number;
}

/** An attribute of annotations, and whose value is meant (RFC 5257 §3.2.2). */
export interface AnnotationAttribute {
  readonly name: "value" | "size";
  readonly of: "private" | "shared" | "both";
}

/** RFC 9051 §9 fetch-att, macros already expanded. */
export type FetchItem =
  | { readonly item: "UID" }
  | { readonly item: "FLAGS" }
  | { readonly item: "INTERNALDATE" }
  | { readonly item: "RFC822.SIZE" }
  | { readonly item: "ENVELOPE" }
  | { readonly item: "BODY" }
  | { readonly item: "BODYSTRUCTURE" }
  | { readonly item: "MODSEQ" }
  /** RFC 5257 §4.3; entries may hold `*` and `%`. */
  | {
    readonly item: "ANNOTATION";
    readonly entries: readonly string[];
    readonly attributes: readonly AnnotationAttribute[];
  }
  /** RFC 8514 §4.2. */
  | { readonly item: "SAVEDATE" }
  /** RFC 8474 §5.3. */
  | { readonly item: "EMAILID" }
  | { readonly item: "THREADID" }
  /** RFC 8970 §3.1; LAZY asks for no less, as previews take no time worth mentioning. */
  | { readonly item: "PREVIEW" }
  /** What PREVIEW was called before it had an RFC. */
  | { readonly item: "SNIPPET" }
  /** RFC 3501: same as BODY[], BODY.PEEK[HEADER], BODY[TEXT] but for the name in the answer. */
  | { readonly item: "RFC822" }
  | { readonly item: "RFC822.HEADER" }
  | { readonly item: "RFC822.TEXT" }
  | {
    readonly item: "BODY[]";
    readonly peek: boolean;
    readonly section: SectionSpec;
    readonly partial: Partial | undefined;
  }
  | {
    readonly item: "BINARY";
    readonly peek: boolean;
    readonly part: readonly number[];
    readonly partial: Partial | undefined;
  }
  | { readonly item: "BINARY.SIZE"; readonly part: readonly number[] };

/** How THREAD puts messages together (RFC 5256 §3). */
export type ThreadAlgorithm = "ORDEREDSUBJECT" | "REFERENCES" | "REFS";

/** RFC 9051 §6.3.11, RFC 7162 HIGHESTMODSEQ, RFC 8438 SIZE, RFC 7889 APPENDLIMIT, RFC 8474 MAILBOXID, RFC 9208 DELETED-STORAGE. */
export type StatusItem =
  | "MESSAGES"
  | "UIDNEXT"
  | "UIDVALIDITY"
  | "UNSEEN"
  | "DELETED"
  | "SIZE"
  | "RECENT"
  | "HIGHESTMODSEQ"
  | "APPENDLIMIT"
  | "DELETED-STORAGE"
  | "MAILBOXID";

/** What APPEND and REPLACE say, in the order in which they say it (RFC 3502, RFC 4469). */
export type AppendStep =
  /** A message begins. */
  | {
    readonly step: "message";
    readonly flags: FlagList;
    /** Milliseconds since the epoch. */
    readonly internalDate: number | undefined;
    /** RFC 5257 §4.7. */
    readonly annotations: readonly AnnotationValue[] | undefined;
    /** True when it is put together from parts. */
    readonly catenate: boolean;
  }
  /** A literal with octets of the message: the last of the steps that are known before its octets come. */
  | { readonly step: "octets"; readonly size: number }
  /** Octets of another message (RFC 5092). */
  | { readonly step: "url"; readonly url: string }
  /** The command is over. */
  | { readonly step: "end" };

/** Which annotations are asked for (RFC 5464 §4.2). Names are in small letters. */
export interface MetadataQuery {
  readonly entries: readonly string[];
  /** Octets of a value; longer ones are left out. */
  readonly maxSize: number | undefined;
  readonly depth: AnnotationDepth;
}

/** What URLFETCH wants to know of a URL (RFC 5524 §3.1). */
export type UrlFetchItem = "BODY" | "BINARY" | "BODYPARTSTRUCTURE";

/** One URL of a URLFETCH; without items its octets alone are meant (RFC 4467 §7). */
export interface UrlRequest {
  readonly url: string;
  readonly items: readonly UrlFetchItem[];
}

/** LIST in its basic and extended forms (RFC 9051 §6.3.9, RFC 5258, RFC 5819, RFC 6154); RLIST (RFC 2193 §5.1) selects REMOTE. */
export interface ListCommand {
  readonly name: "LIST";
  readonly select: readonly ("SUBSCRIBED" | "REMOTE" | "RECURSIVEMATCH" | "SPECIAL-USE")[];
  readonly reference: string;
  readonly patterns: readonly string[];
  /** MYRIGHTS: RFC 8440. */
  readonly returns: readonly ("SUBSCRIBED" | "CHILDREN" | "SPECIAL-USE" | "MYRIGHTS")[];
  /** RETURN (STATUS (…)); empty: not asked. */
  readonly status: readonly StatusItem[];
  /** RETURN (METADATA (…)) (RFC 9590). */
  readonly metadata: MetadataQuery | undefined;
  /** True when any extended syntax was used: the answer then follows RFC 5258. */
  readonly extended: boolean;
}

/** What a client knows of the mailbox that it selects (RFC 7162 §3.2.5). */
export interface Resync {
  readonly uidValidity: number;
  readonly modSeq: number;
  /** The UIDs that it has; undefined: any. */
  readonly known: UidSet | undefined;
  /** Sequence numbers and their UIDs, one by one (§3.2.5.2). */
  readonly match: { readonly seqs: UidSet; readonly uids: UidSet } | undefined;
}

/** One command, without its tag. */
export type Command =
  // any state
  | { readonly name: "CAPABILITY" }
  | { readonly name: "NOOP" }
  | { readonly name: "LOGOUT" }
  /** Language ranges in the client's order; none: the list is asked for. */
  | { readonly name: "LANGUAGE"; readonly ranges: readonly string[] }
  | { readonly name: "ID"; readonly params: ReadonlyMap<string, string | null> | null }
  // not authenticated
  | { readonly name: "STARTTLS" }
  | { readonly name: "LOGIN"; readonly user: string; readonly password: string }
  /** `initial`: decoded; empty for `=`; undefined without SASL-IR. */
  | { readonly name: "AUTHENTICATE"; readonly mechanism: string; readonly initial: Uint8Array | undefined }
  // authenticated
  | NotifyCommand
  /** RFC 5255 §4.7; none: the active one is asked for. */
  | { readonly name: "COMPARATOR"; readonly wanted: readonly string[] }
  | { readonly name: "ENABLE"; readonly capabilities: readonly string[] }
  | {
    readonly name: "SELECT" | "EXAMINE";
    readonly mailbox: string;
    readonly condstore: boolean;
    /** RFC 5257 §4.2. */
    readonly annotate: boolean;
    readonly resync: Resync | undefined;
  }
  | { readonly name: "CREATE"; readonly mailbox: string; readonly specialUse: string | undefined }
  | { readonly name: "DELETE"; readonly mailbox: string }
  | { readonly name: "RENAME"; readonly from: string; readonly to: string }
  | { readonly name: "SUBSCRIBE" | "UNSUBSCRIBE"; readonly mailbox: string }
  | ListCommand
  /** `remote`: RLSUB (RFC 2193 §5.2). */
  | { readonly name: "LSUB"; readonly reference: string; readonly pattern: string; readonly remote: boolean }
  | { readonly name: "XLIST"; readonly reference: string; readonly pattern: string }
  | { readonly name: "NAMESPACE" }
  | { readonly name: "STATUS"; readonly mailbox: string; readonly items: readonly StatusItem[] }
  /** The steps up to the first literal; its octets and the steps behind it follow: see parser.ts `append`. */
  | { readonly name: "APPEND"; readonly mailbox: string; readonly steps: readonly AppendStep[] }
  | { readonly name: "IDLE" }
  | { readonly name: "GETQUOTA"; readonly root: string }
  /** Resources in capitals. */
  | { readonly name: "SETQUOTA"; readonly root: string; readonly limits: ReadonlyMap<string, number> }
  | { readonly name: "GETQUOTAROOT"; readonly mailbox: string }
  | { readonly name: "UNAUTHENTICATE" }
  /** RFC 4314 §3. `identifier`: prepared; `rights`: bits of Right. */
  | {
    readonly name: "SETACL";
    readonly mailbox: string;
    readonly identifier: string;
    readonly op: "add" | "remove" | "replace";
    readonly rights: number;
  }
  | { readonly name: "DELETEACL"; readonly mailbox: string; readonly identifier: string }
  | { readonly name: "GETACL" | "MYRIGHTS"; readonly mailbox: string }
  /** `written`: as the client wrote it. */
  | {
    readonly name: "LISTRIGHTS";
    readonly mailbox: string;
    readonly identifier: string;
    readonly written: string;
  }
  /** Without a mailbox (`""`): of the server. */
  | ({ readonly name: "GETMETADATA"; readonly mailbox: string } & MetadataQuery)
  | {
    readonly name: "SETMETADATA";
    readonly mailbox: string;
    readonly changes: ReadonlyMap<string, Uint8Array | null>;
  }
  /** Mechanisms in capitals. */
  | {
    readonly name: "GENURLAUTH";
    readonly urls: readonly { readonly rump: string; readonly mechanism: string }[];
  }
  /** Without a mailbox: all keys. */
  | {
    readonly name: "RESETKEY";
    readonly mailbox: string | undefined;
    readonly mechanisms: readonly string[];
  }
  | { readonly name: "URLFETCH"; readonly urls: readonly UrlRequest[] }
  /** In capitals. */
  | { readonly name: "COMPRESS"; readonly algorithm: string }
  // selected
  | { readonly name: "CHECK" }
  | { readonly name: "CLOSE" }
  | { readonly name: "UNSELECT" }
  | { readonly name: "EXPUNGE"; readonly uids: SequenceSet | undefined }
  /** Like APPEND, with one message. `number`: STAR for `*`. */
  | {
    readonly name: "REPLACE";
    readonly by: By;
    readonly number: number;
    readonly mailbox: string;
    readonly steps: readonly AppendStep[];
  }
  | {
    readonly name: "SEARCH";
    readonly by: By;
    readonly returns: SearchReturn | undefined;
    readonly criteria: SearchNode;
  }
  /** RFC 7377 §2: UIDs in any mailboxes; `sources` undefined: in the selected one. */
  | {
    readonly name: "ESEARCH";
    readonly by: "uid";
    readonly sources: readonly MailboxFilter[] | undefined;
    readonly returns: SearchReturn | undefined;
    readonly criteria: SearchNode;
  }
  /** RFC 10022 §3.1: `range` of batches, from 1, the newest first. */
  | {
    readonly name: "UIDBATCHES";
    readonly size: number;
    readonly range: readonly [number, number] | undefined;
  }
  /** RFC 5267 §4.3.5: tags of the searches that shall not be kept up to date any more. */
  | { readonly name: "CANCELUPDATE"; readonly tags: readonly string[] }
  | {
    readonly name: "SORT";
    readonly by: By;
    readonly returns: SearchReturn | undefined;
    readonly order: readonly SortOrder[];
    readonly criteria: SearchNode;
  }
  | {
    readonly name: "THREAD";
    readonly by: By;
    readonly algorithm: ThreadAlgorithm;
    readonly criteria: SearchNode;
  }
  | {
    readonly name: "FETCH";
    readonly by: By;
    readonly set: SequenceSet;
    readonly items: readonly FetchItem[];
    readonly changedSince: number | undefined;
    /** RFC 7162 §3.2.6: tell what vanished, too. */
    readonly vanished: boolean;
    /** RFC 9394 §3.3. */
    readonly partial: PartialRange | undefined;
  }
  | {
    readonly name: "STORE";
    readonly by: By;
    readonly set: SequenceSet;
    readonly op: "add" | "remove" | "replace";
    readonly silent: boolean;
    readonly list: FlagList;
    readonly unchangedSince: number | undefined;
    /** RFC 5257 §4.5: instead of flags. */
    readonly annotations: readonly AnnotationValue[] | undefined;
  }
  | { readonly name: "COPY" | "MOVE"; readonly by: By; readonly set: SequenceSet; readonly mailbox: string };

/** Names of all commands. */
export type CommandName = Command["name"];

/** A command with the tag that its completion carries. */
export interface Tagged {
  readonly tag: string;
  readonly command: Command;
}

// Named in the docs above.
export type { Flag };
export type * from "./search_command.ts";
