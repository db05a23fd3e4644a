import { type Fault, fault } from "../../core/step.ts";

/** Every rule of the command grammar that can be broken; `reply.ts` turns them into replies. */
export type GrammarRule =
  | "unknown command"
  | "not SMTP"
  | "bad argument"
  | "unexpected argument"
  | "bad sender"
  | "bad recipient"
  | "bad parameter"
  | "unknown parameter"
  | "bad chunk size"
  | "bad base64";

/** Builds a fault of the grammar. `fatal` when framing is lost with it. */
export function broken(rule: GrammarRule, text: string, fatal = false): Fault {
  return fault(rule, text, fatal).fault;
}

/** True when a grammar function gave a fault rather than a value. */
export function isFault(value: unknown): value is Fault {
  return typeof value === "object" && value !== null && "rule" in value && "fatal" in value;
}
