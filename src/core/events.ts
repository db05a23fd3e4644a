/**
 * Everything the server says about itself: log lines, metrics and (later) traces come from these events.
 * A documented interface: people build alarms on names and fields.
 *
 * Each part adds its events where it emits them:
 * ```ts ignore
 * declare module "../core/events.ts" {
 *   interface Events {
 *     "smtp.rcpt.refused": { readonly session: string; readonly reason: string; readonly reply: number };
 *   }
 * }
 * ```
 * Fields hold no secrets and no raw control characters matter: the writer escapes them.
 */
export interface Events {
  /** A bug of ours: the only event that carries a stack. */
  "bug": {
    readonly where: string;
    readonly session?: string;
    readonly error: string;
    readonly stack?: string;
  };
}

/** Says that something happened. Never throws, never waits. */
export type Emit = <Name extends keyof Events>(name: Name, fields: Events[Name]) => void;

/** An emitter that says nothing, for tests. */
export const silent: Emit = () => {};

/** Reports an unexpected exception as the event `bug`. */
export function emitBug(emit: Emit, where: string, thrown: unknown, session?: string): void {
  const error = thrown instanceof Error ? thrown : new Error(String(thrown));
  emit("bug", {
    where,
    ...(session === undefined ? {} : { session }),
    error: error.message,
    ...(error.stack === undefined ? {} : { stack: error.stack }),
  });
}
