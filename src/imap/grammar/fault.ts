import type { Fault } from "../../core/step.ts";

/** A response code that goes with a fault (RFC 9051 §7.1, RFC 5530, RFC 7889). */
export type FaultCode =
  | { readonly code: "TOOBIG" | "LIMIT" | "CANNOT" | "USEATTR" | "CLIENTBUG" | "ANNOTATE TOOBIG" }
  /** RFC 5464 §4.3. */
  | { readonly code: "METADATA MAXSIZE"; readonly value: number }
  /** RFC 5465 §3.1. */
  | { readonly code: "BADEVENT"; readonly events: readonly string[] }
  | { readonly code: "BADCHARSET"; readonly charsets: readonly string[] };

/** A command that broke the grammar or a limit, with all that its answer needs. */
export interface CommandFault extends Fault {
  /** The command's tag, when it could be read. */
  readonly tag: string | undefined;
  /** `BAD` for grammar, `NO` for a rule of ours. */
  readonly status: "BAD" | "NO";
  readonly code: FaultCode | undefined;
}
