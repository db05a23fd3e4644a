/** What every command is given, and how each one ends. */
import type { Gather } from "../../bytes/gather.ts";
import type { AccountId, MailboxId } from "../../core/brands.ts";
import type { Conn } from "../../core/conn.ts";
import type { Failure } from "../../core/failure.ts";
import type { Services } from "../../core/services.ts";
import type { AppendStep } from "../command.ts";
import type { ResponseCode } from "../encode/mod.ts";
import type { Seeker } from "../reach.ts";
import type { CompressedConn } from "../compression.ts";
import type { Selected } from "../selected.ts";
import type { ImapSessionLimits, Session } from "../session.ts";

/** Where answers go: gathered, and sent when enough has come together. */
export interface Output {
  readonly gather: Gather;
  /** Gathers octets that nobody else looks at: their memory is given back once they are sent. */
  give(octets: Uint8Array): void;
  /** Sends if much is waiting; resolves when the client has taken enough of it. */
  breathe(): Promise<void>;
  /** Sends everything. */
  flush(): Promise<void>;
  /** Sends through another connection from now on. */
  use(conn: Conn): void;
}

/** What comes from the client while a command runs. */
export interface Input {
  /** Tells the client to go on with a synchronizing literal, if it waits for that, and gives its octets. */
  literal(): AsyncIterable<Uint8Array>;
  /** What the command said behind the literal that was given last. */
  readonly steps: readonly AppendStep[];
  /** True while the client waits to be told to send its literal. */
  readonly literalWaits: boolean;
  /** Skips the literal. */
  refuseLiteral(): void;
  /** The next raw line; null when the client is gone or the line is too long; undefined when woken. */
  line(timeoutMs: number, wake?: Promise<void>): Promise<Uint8Array | null | undefined>;
  /** Octets that came behind the current command. */
  readonly pending: number;
  /** Reads from another connection from now on. */
  use(conn: Conn): void;
  /** Forgets everything that came and takes the session's limits and mode up. */
  configure(): void;
}

/** What a command works with. */
export interface Context {
  /** Replaced by STARTTLS. */
  session: Session;
  /** Ticks of the world by which somebody must have logged in. */
  loginBy: number;
  readonly conn: Conn;
  /** The same connection under compression, once COMPRESS switched it on. */
  compressed: CompressedConn | undefined;
  readonly services: Services<ImapSessionLimits>;
  readonly out: Output;
  readonly input: Input;
  /** Of the command that runs. */
  tag: string;
}

/** A command's tagged answer (RFC 9051 §7.1). */
export interface Completion {
  readonly status: "OK" | "NO" | "BAD";
  readonly code?: ResponseCode;
  readonly text: string;
}

/** `tag OK`. */
export function ok(text: string, code?: ResponseCode): Completion {
  return code === undefined ? { status: "OK", text } : { status: "OK", code, text };
}

/** `tag NO`. */
export function no(text: string, code?: ResponseCode): Completion {
  return code === undefined ? { status: "NO", text } : { status: "NO", code, text };
}

/** `tag BAD`. */
export function bad(text: string, code?: ResponseCode): Completion {
  return code === undefined ? { status: "BAD", text } : { status: "BAD", code, text };
}

/** The answer to a failure that came back as a value. */
export function failed(failure: Failure): Completion {
  return failure.kind === "syntax" ? bad(failure.text) : no(failure.text, { code: failure.code });
}

/** The account of a session that is logged in; the states table has made sure of it. */
export function accountOf(cx: Context): AccountId {
  return cx.session.identity!.account;
}

/** Who looks for mailboxes, and where. */
export function seekerOf(cx: Context): Seeker {
  return { store: cx.services.store, identity: cx.session.identity! };
}

/** Whose mailbox is selected: not always the session's own account. */
export function selectedAccount(cx: Context): AccountId {
  return cx.session.selected!.view.account;
}

/** True when this very mailbox is selected: numbers of mailboxes mean something within an account only. */
export function isSelected(cx: Context, account: AccountId, mailbox: MailboxId): boolean {
  const view = cx.session.selected?.view;
  return view !== undefined && view.mirror.id === mailbox && view.account === account;
}

/** The selected mailbox of a session that has one; the states table has made sure of it. */
export function selectedOf(cx: Context): Selected {
  return cx.session.selected!;
}

/** Waits; a connection's own delay, nothing else waits with it. */
export function pause(ms: number): Promise<void> {
  return ms <= 0 ? Promise.resolve() : new Promise((resolve) => setTimeout(resolve, ms));
}
