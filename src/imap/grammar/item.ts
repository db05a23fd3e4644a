/** What the parser hands out. */
import type { NEED } from "../../core/step.ts";
import type { Command, Tagged } from "../command.ts";
import type { CommandFault, FaultCode } from "./fault.ts";

/** An APPEND whose message comes next. */
export type AppendCommand = Extract<Command, { readonly name: "APPEND" }>;

/** One thing that the client sent. */
export type Item =
  /** A whole command. Holds no views. */
  | { readonly kind: "command"; readonly tagged: Tagged }
  /** A synchronizing literal was announced and is welcome: the runner must send `+ …` now. */
  | { readonly kind: "continue" }
  /**
   * An APPEND up to its message. The parser stands still until `accept()`, behind which the runner sends
   * `+ …` when `synchronizing`, or `refuse()`.
   */
  | {
    readonly kind: "append";
    readonly tag: string;
    readonly command: AppendCommand;
    readonly synchronizing: boolean;
  }
  /** Octets of the accepted message: a view that is valid until the next call. */
  | { readonly kind: "literal"; readonly octets: Uint8Array }
  /** The APPEND ended as it should: now it may be done. A fault instead means that it must not be. */
  | { readonly kind: "literal-end" }
  /** What `expectLine()` asked for, without CRLF: a view that is valid until the next call. */
  | { readonly kind: "line"; readonly octets: Uint8Array };

/** What the parser answers: a Step whose faults know their command. */
export type ParserStep =
  | typeof NEED
  | { readonly kind: "item"; readonly value: Item }
  | { readonly kind: "fault"; readonly fault: CommandFault };

/** A fault of grammar: `BAD`. */
export function bad(rule: string, text: string, tag: string | undefined): CommandFault {
  return { rule, text, fatal: false, tag, status: "BAD", code: undefined };
}

/** A limit on size: `NO [TOOBIG]` (RFC 7889 §4). */
export function tooBig(rule: string, text: string, tag: string | undefined): CommandFault {
  const code: FaultCode = { code: "TOOBIG" };
  return { rule, text, fatal: false, tag, status: "NO", code };
}
