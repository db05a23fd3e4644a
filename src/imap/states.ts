/** What IMAP allows when: one row per command (RFC 9051 §3, §6). */
import type { CommandName } from "./command.ts";

/** RFC 9051 §3: where a session stands. Logout is the end of the session and needs no name here. */
export type State = "not-authenticated" | "authenticated" | "selected";

/**
 * Which untagged updates may precede a command's completion: `none`, `all`, or all but EXPUNGE unless the
 * command names messages by UID (RFC 9051 §7.5.1).
 */
export type UpdateRule = "none" | "all" | "no-expunge-by-seq";

/** What a command may do. */
export interface Rule {
  readonly states: readonly State[];
  /** Where it is written. */
  readonly rfc: string;
  /** True when it changes the selected mailbox, so that EXAMINE forbids it. */
  readonly writes: boolean;
  readonly updates: UpdateRule;
}

const ANY = ["not-authenticated", "authenticated", "selected"] as const;
const BEFORE = ["not-authenticated"] as const;
const AFTER = ["authenticated", "selected"] as const;
const SELECTED = ["selected"] as const;

/** Every command's rule; a command without one does not compile. */
export const COMMANDS = {
  CAPABILITY: { states: ANY, rfc: "9051 §6.1.1", writes: false, updates: "all" },
  NOOP: { states: ANY, rfc: "9051 §6.1.2", writes: false, updates: "all" },
  LOGOUT: { states: ANY, rfc: "9051 §6.1.3", writes: false, updates: "none" },
  ID: { states: ANY, rfc: "2971 §3.1", writes: false, updates: "all" },
  STARTTLS: { states: BEFORE, rfc: "9051 §6.2.1", writes: false, updates: "none" },
  AUTHENTICATE: { states: BEFORE, rfc: "9051 §6.2.2", writes: false, updates: "none" },
  LOGIN: { states: BEFORE, rfc: "9051 §6.2.3", writes: false, updates: "none" },
  ENABLE: { states: AFTER, rfc: "9051 §6.3.1", writes: false, updates: "all" },
  SELECT: { states: AFTER, rfc: "9051 §6.3.2", writes: false, updates: "none" },
  EXAMINE: { states: AFTER, rfc: "9051 §6.3.3", writes: false, updates: "none" },
  CREATE: { states: AFTER, rfc: "9051 §6.3.4", writes: false, updates: "all" },
  DELETE: { states: AFTER, rfc: "9051 §6.3.5", writes: false, updates: "all" },
  RENAME: { states: AFTER, rfc: "9051 §6.3.6", writes: false, updates: "all" },
  SUBSCRIBE: { states: AFTER, rfc: "9051 §6.3.7", writes: false, updates: "all" },
  UNSUBSCRIBE: { states: AFTER, rfc: "9051 §6.3.8", writes: false, updates: "all" },
  LIST: { states: AFTER, rfc: "9051 §6.3.9", writes: false, updates: "all" },
  LSUB: { states: AFTER, rfc: "3501 §6.3.9", writes: false, updates: "all" },
  XLIST: { states: AFTER, rfc: "6154 §1", writes: false, updates: "all" },
  NAMESPACE: { states: AFTER, rfc: "9051 §6.3.10", writes: false, updates: "all" },
  STATUS: { states: AFTER, rfc: "9051 §6.3.11", writes: false, updates: "all" },
  APPEND: { states: AFTER, rfc: "9051 §6.3.12", writes: false, updates: "all" },
  COMPRESS: { states: AFTER, rfc: "4978 §3", writes: false, updates: "none" },
  GETMETADATA: { states: AFTER, rfc: "5464 §4.2", writes: false, updates: "all" },
  SETMETADATA: { states: AFTER, rfc: "5464 §4.3", writes: false, updates: "all" },
  GETQUOTA: { states: AFTER, rfc: "9208 §4.1.1", writes: false, updates: "all" },
  GETQUOTAROOT: { states: AFTER, rfc: "9208 §4.1.2", writes: false, updates: "all" },
  SETQUOTA: { states: AFTER, rfc: "9208 §4.1.3", writes: false, updates: "all" },
  SETACL: { states: AFTER, rfc: "4314 §3.1", writes: false, updates: "all" },
  DELETEACL: { states: AFTER, rfc: "4314 §3.2", writes: false, updates: "all" },
  GETACL: { states: AFTER, rfc: "4314 §3.3", writes: false, updates: "all" },
  LISTRIGHTS: { states: AFTER, rfc: "4314 §3.4", writes: false, updates: "all" },
  MYRIGHTS: { states: AFTER, rfc: "4314 §3.5", writes: false, updates: "all" },
  UNAUTHENTICATE: { states: AFTER, rfc: "8437 §3", writes: false, updates: "none" },
  LANGUAGE: { states: ANY, rfc: "5255 §3.2", writes: false, updates: "all" },
  GENURLAUTH: { states: AFTER, rfc: "4467 §7", writes: false, updates: "all" },
  RESETKEY: { states: AFTER, rfc: "4467 §7", writes: false, updates: "all" },
  URLFETCH: { states: AFTER, rfc: "4467 §7", writes: false, updates: "all" },
  COMPARATOR: { states: AFTER, rfc: "5255 §4.7", writes: false, updates: "all" },
  IDLE: { states: AFTER, rfc: "9051 §6.3.13", writes: false, updates: "all" },
  CHECK: { states: SELECTED, rfc: "3501 §6.4.1", writes: false, updates: "all" },
  CLOSE: { states: SELECTED, rfc: "9051 §6.4.1", writes: false, updates: "none" },
  UNSELECT: { states: SELECTED, rfc: "9051 §6.4.2", writes: false, updates: "none" },
  EXPUNGE: { states: SELECTED, rfc: "9051 §6.4.3", writes: true, updates: "all" },
  REPLACE: { states: SELECTED, rfc: "8508 §3.2", writes: true, updates: "all" },
  SEARCH: { states: SELECTED, rfc: "9051 §6.4.4", writes: false, updates: "no-expunge-by-seq" },
  NOTIFY: { states: AFTER, rfc: "5465 §3.1", writes: false, updates: "all" },
  ESEARCH: { states: AFTER, rfc: "7377 §2", writes: false, updates: "no-expunge-by-seq" },
  UIDBATCHES: { states: SELECTED, rfc: "10022 §3.1", writes: false, updates: "all" },
  CANCELUPDATE: { states: SELECTED, rfc: "5267 §4.3.5", writes: false, updates: "all" },
  SORT: { states: SELECTED, rfc: "5256 §3", writes: false, updates: "no-expunge-by-seq" },
  THREAD: { states: SELECTED, rfc: "5256 §3", writes: false, updates: "no-expunge-by-seq" },
  FETCH: { states: SELECTED, rfc: "9051 §6.4.5", writes: false, updates: "no-expunge-by-seq" },
  STORE: { states: SELECTED, rfc: "9051 §6.4.6", writes: true, updates: "no-expunge-by-seq" },
  COPY: { states: SELECTED, rfc: "9051 §6.4.7", writes: false, updates: "all" },
  MOVE: { states: SELECTED, rfc: "9051 §6.4.8", writes: true, updates: "all" },
} as const satisfies Record<CommandName, Rule>;
