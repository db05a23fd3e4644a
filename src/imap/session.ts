/** What a session knows: where it stands, who it acts for, what it has switched on. */
import type { Identity } from "../core/auth.ts";
import type { RemoteMailbox } from "../core/referral.ts";
import { type Comparator, COMPARATORS } from "../core/search.ts";
import type { UidSet } from "../core/uidset.ts";
import { BatchQuestions } from "./batches.ts";
import { SearchContexts } from "./contexts.ts";
import { ReadAhead } from "./read_ahead.ts";
import type { NotifyEvent } from "./command.ts";
import type { Notifier } from "./notifier.ts";
import { AFTER_LOGIN, BEFORE_LOGIN, type ImapLimits } from "./limits.ts";
import type { State } from "./states.ts";
import type { Selected } from "./selected.ts";

/** What one IMAP session may cost, beside what its parser limits. */
export interface ImapSessionLimits {
  /** The parser's limits before login. */
  readonly beforeLogin: ImapLimits;
  /** The parser's limits after it; `append` is announced as APPENDLIMIT. */
  readonly afterLogin: ImapLimits;
  /** Milliseconds from the greeting to a login. */
  readonly loginMs: number;
  /** Milliseconds without a command (RFC 9051 §5.4: at least 30 minutes). */
  readonly idleMs: number;
  /** Refused logins until the connection ends. */
  readonly authTries: number;
  /** Milliseconds that a refused login waits for its answer, per refusal so far. */
  readonly authDelayMs: number;
  /** Commands in a row of the connection that were not understood, until it ends. */
  readonly badBeforeLogin: number;
  readonly badAfterLogin: number;
  /** From this bad command on, each waits `badDelayMs`. */
  readonly badDelayFrom: number;
  readonly badDelayMs: number;
  /** Sessions of one account from one address, in one worker. */
  readonly perAccountAndAddress: number;
  /**
   * Messages that one SEARCH, FETCH, STORE, COPY, MOVE or UID EXPUNGE works on: the last ones, where there are
   * more. Announced as MESSAGELIMIT, which should not be below 1000 (RFC 9738 §3).
   */
  readonly messageLimit: number;
  /** Milliseconds after which a command that still works says so, again and again (RFC 9585 §3). */
  readonly progressMs: number;
  /** Milliseconds between two looks at mailboxes that NOTIFY watches. */
  readonly notifyMs: number;
  /** Searches that one session keeps up to date (RFC 5267 §4.3). */
  readonly searchContexts: number;
  /** Messages in a sorted result that is kept up to date: each arrival puts it in order again. */
  readonly sortContext: number;
  /** How deep filters name other filters (RFC 5466 §3.1 wants 3). */
  readonly filterDepth: number;
  /** SELECT of a mailbox with more messages answers before it has read them all. */
  readonly selectAtOnce: number;
  /** Messages of one APPEND (RFC 3502); announced as SAVELIMIT (RFC 9738 §3). */
  readonly appendMessages: number;
  /** Octets of an APPEND's messages that wait in memory; those behind them wait in the database. */
  readonly appendKept: number;
  /** Addresses of accounts that set quotas (RFC 9208 §4.1.3). */
  readonly administrators?: readonly string[];
  /** Addresses of accounts that submission servers log in to: they may redeem `submit+` URLs (RFC 4467 §3). */
  readonly submissionUsers?: readonly string[];
  /** Clients must switch UTF-8 on (UTF8=ONLY, RFC 9755 §6). */
  readonly utf8Only?: boolean;
  /** Octets of answers that are gathered before they are sent although there is more to say. */
  readonly gathered: number;
  /**
   * Octets that a worker keeps of messages that were fetched (envelopes, structures), for the next FETCH; 0: none.
   */
  readonly keptOctets: number;
  /** Octets of bodies that one session reads ahead when it reads message after message; 0: none. */
  readonly aheadOctets: number;
  /** The same of all sessions of a worker together. */
  readonly aheadTotal: number;
}

/** The defaults. */
export const IMAP_LIMITS: ImapSessionLimits = {
  beforeLogin: BEFORE_LOGIN,
  afterLogin: AFTER_LOGIN,
  loginMs: 60_000,
  idleMs: 30 * 60_000,
  authTries: 3,
  authDelayMs: 1000,
  badBeforeLogin: 5,
  badAfterLogin: 20,
  badDelayFrom: 3,
  badDelayMs: 1000,
  perAccountAndAddress: 20,
  messageLimit: 2_000_000,
  progressMs: 10_000,
  notifyMs: 250,
  searchContexts: 8,
  sortContext: 20_000,
  filterDepth: 8,
  selectAtOnce: 20_000,
  appendMessages: 1000,
  appendKept: 4_194_304,
  gathered: 65_536,
  keptOctets: 33_554_432,
  aheadOctets: 262_144,
  aheadTotal: 33_554_432,
};

const UTF8 = { utf8: true }, UTF7 = { utf8: false };

/** What NOTIFY chose (RFC 5465). */
export interface Notify {
  /** Events of the selected mailbox; none: it is not told of. */
  readonly selected: readonly NotifyEvent[];
  /** Removals wait for a command that lets them be told. */
  readonly delayed: boolean;
  /** For the other mailboxes. */
  readonly notifier: Notifier | undefined;
}

/** One session. Replaced as a whole by STARTTLS, so that nothing said in the clear survives it. */
export class Session implements Disposable {
  identity: Identity | undefined;
  selected: Selected | undefined;
  /** Its place among the account's sessions, once somebody has logged in. */
  place: Disposable | undefined;
  /** The account's mailboxes that are on other servers, as they were at the login. */
  remote: readonly RemoteMailbox[] = [];
  /** ENABLE IMAP4rev2 (RFC 9051 §6.3.1). */
  rev2 = false;
  /** A CONDSTORE enabling command was given (RFC 7162 §3.1). */
  condstore = false;
  /** ENABLE QRESYNC (RFC 7162 §3.2.3). */
  qresync = false;
  /** ENABLE UIDONLY: no sequence number is taken or told any more (RFC 9586). */
  uidOnly = false;
  /** ENABLE UTF8=ACCEPT (RFC 9755 §3). */
  utf8 = false;
  /** `$`: the UIDs that SEARCH RETURN (SAVE) kept (RFC 5182 §2.1). */
  saved: UidSet = [];
  /** How SEARCH, SORT and THREAD compare texts (RFC 5255 §4.7). */
  comparator: Comparator = COMPARATORS[0];
  /** Searches of the selected mailbox that are kept up to date. */
  readonly contexts: SearchContexts = new SearchContexts();
  /** Undefined: as without NOTIFY, everything of the selected mailbox is told with commands. */
  notify: Notify | undefined;
  /** Messages that this session has just put into the selected mailbox (RFC 5465 §5.2). */
  readonly ownArrivals: Set<number> = new Set();
  /** What UIDBATCHES was asked of the selected mailbox. */
  readonly batches: BatchQuestions = new BatchQuestions();
  /** Bodies that the client will probably ask for next. */
  readonly ahead: ReadAhead = new ReadAhead();
  refusedLogins = 0;
  badCommands = 0;
  /** Set by LOGOUT and by every BYE: the connection ends once the answers are sent. */
  ended = false;

  /** RFC 9051 §3. */
  get state(): State {
    return this.identity === undefined
      ? "not-authenticated"
      : this.selected === undefined
      ? "authenticated"
      : "selected";
  }

  /** How mailbox names travel. */
  get mode(): { readonly utf8: boolean } {
    return this.rev2 || this.utf8 ? UTF8 : UTF7;
  }

  /** True when VANISHED stands for EXPUNGE. */
  get tellsVanished(): boolean {
    return this.qresync || this.uidOnly;
  }

  /** Leaves the selected mailbox. */
  unselect(): void {
    this.selected?.[Symbol.dispose]();
    this.selected = undefined;
    this.ahead[Symbol.dispose]();
    this.saved = [];
    this.contexts.clear();
    this.batches.clear();
    this.ownArrivals.clear();
  }

  /** Ends the watch over other mailboxes. */
  stopNotify(): void {
    this.notify?.notifier?.[Symbol.dispose]();
    this.notify = undefined;
  }

  /** Gives everything back. */
  [Symbol.dispose](): void {
    this.stopNotify();
    this.unselect();
    this.place?.[Symbol.dispose]();
  }
}
