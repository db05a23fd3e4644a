/** What the parser hands out. */
import type { NEED } from "../../core/step.ts";
import type { AppendStep, Command, Tagged } from "../command.ts";
import type { CommandFault, FaultCode } from "./fault.ts";

/** An APPEND or REPLACE whose message comes next. */
export type AppendCommand = Extract<Command, { readonly name: "APPEND" | "REPLACE" }>;

/** One thing that the client sent. */
export type Item =
  /** A whole command. Holds no views. */
  | { readonly kind: "command"; readonly tagged: Tagged }
  /** A synchronizing literal was announced and is welcome: the runner must send `+ …` now. */
  | { readonly kind: "continue" }
  /**
   * An APPEND or REPLACE up to its first literal. The parser stands still until `accept()`, behind which the runner sends
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
  /**
   * What stands behind the literal. With the step `end` the command ended as it should and may be done now; with
   * the step `octets` the parser stands still again, as at `append`. A fault instead means that the command must
   * not be done.
   */
  | { readonly kind: "literal-end"; readonly steps: readonly AppendStep[]; readonly synchronizing: boolean }
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
