declare module "../core/events.ts" {
  interface Events {
    /** A recipient was tried. `result`: delivered, relayed, deferred, failed. */
    "queue.attempt": {
      readonly queue: number;
      readonly session: string;
      readonly message: string;
      readonly from: string;
      readonly recipient: string;
      readonly result: string;
      readonly reply: number;
      readonly status: string;
      readonly text: string;
      readonly step: string;
      readonly host: string;
      readonly security: string;
      readonly attempt: number;
      readonly ms: number;
    };
    /** A way out is stuck; nothing is sent that way for so many seconds. */
    "queue.lane.blocked": {
      readonly lane: string;
      readonly failures: number;
      readonly seconds: number;
      readonly reply: number;
      readonly step: string;
      readonly text: string;
    };
    /** A way out that was stuck is open again. */
    "queue.lane.opened": { readonly lane: string };
    /** Recipients' time was over (`failed`), or their senders are to be warned of a delay (`warned`). */
    "queue.overdue": { readonly failed: number; readonly warned: number };
    /** A report was made. `reason`: failure, delay, success; `to`: local, queued, nobody. */
    "queue.report": {
      readonly queue: number;
      readonly session: string;
      readonly reason: string;
      readonly to: string;
      readonly recipient: string;
    };
    /** The database did not answer; it is tried again. */
    "queue.unavailable": { readonly where: string; readonly error: string };
  }
}
export {};
