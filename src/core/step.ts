/**
 * What a sans-I/O parser answers when it is asked for the next item.
 *
 * A parser is fed with `push(chunk)` and asked with `next()` until it says `need`. It never reads, waits,
 * logs or throws. The same octets give the same steps however they are cut into chunks.
 */
export type Step<T> =
  /** Nothing whole is held: push more octets. */
  | { readonly kind: "need" }
  /** One whole item. Views in it are valid until the next `push`. */
  | { readonly kind: "item"; readonly value: T }
  /** The octets break a rule; `fatal` tells whether the parser can go on after it. */
  | { readonly kind: "fault"; readonly fault: Fault };

/** A broken rule of the grammar or a limit, found in what the peer sent. */
export interface Fault {
  /** The rule or limit by name, e.g. `line too long`; stable, used by tests and metrics. */
  readonly rule: string;
  /** One sentence for the person on the other side. Printable ASCII, no CR or LF. */
  readonly text: string;
  /** True when framing is lost and the connection must end. */
  readonly fatal: boolean;
}

/** The one `need` step, shared so that asking costs no allocation. */
export const NEED: { readonly kind: "need" } = Object.freeze({ kind: "need" });

/** Builds an item step. */
export function item<T>(value: T): Step<T> {
  return { kind: "item", value };
}

/** Builds a fault step. */
export function fault(
  rule: string,
  text: string,
  fatal = false,
): { readonly kind: "fault"; readonly fault: Fault } {
  return { kind: "fault", fault: { rule, text, fatal } };
}
