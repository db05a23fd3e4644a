/** What a result at a next hop means for a recipient. Pure. */
import { type Destination, type HopReply, type HopResult, Notify } from "../core/outbound.ts";
import type { QueueLimits } from "./limits.ts";
import type { Result } from "./recorder.ts";
import { fraction, retryAfter } from "./schedule.ts";
import type { QueuedMessage, Recipient } from "./work.ts";

/** Where a result comes from. */
export interface Hop {
  readonly host: string | undefined;
  readonly security: string | undefined;
  readonly protocol: Destination["protocol"];
}

/** Steps at which a failure is the way's, not this message's or recipient's. */
const WAY: ReadonlySet<string> = new Set(["dns", "connect", "greeting", "ehlo", "starttls", "auth"]);

/** True when other messages would fare no better that way now. */
export function isStuck(result: HopResult): boolean {
  return result.outcome === "deferred" && WAY.has(result.step);
}

/**
 * True when a transaction failed for a reason that was not a recipient's or the message's: nothing came, or the
 * next hop said 421 or would not even take the sender.
 */
export function isTrouble(results: readonly HopResult[]): boolean {
  return results.length > 0 && results.every((result) =>
    result.outcome === "deferred" &&
    (result.reply.code === 0 || result.reply.code === 421 || result.step === "mail" || WAY.has(result.step))
  );
}

/** What is recorded of one recipient. */
export function resultOf(
  recipient: Recipient,
  message: QueuedMessage,
  result: HopResult,
  hop: Hop,
  limits: QueueLimits,
  random: (n: number) => Uint8Array,
): Result {
  const { outcome, reply, step } = result;
  const base = { recipient, reply, step, host: hop.host, security: hop.security };
  if (outcome === "deferred") {
    const delay = retryAfter(recipient.attempts + 1, limits, fraction(random));
    return { ...base, state: "waiting", delay, notice: undefined, suppress: false };
  }
  return {
    ...base,
    state: outcome,
    delay: 0,
    notice: noticeOf(recipient, message, result, hop),
    suppress: outcome === "failed" && step === "rcpt" && isNobody(reply),
  };
}

/** What of an end its sender is told (RFC 3461 §5.2.3 to §5.2.7), never anything about the null reverse-path. */
function noticeOf(
  recipient: Recipient,
  message: QueuedMessage,
  result: HopResult,
  hop: Hop,
): Result["notice"] {
  const { reversePath, deliverBy } = message.envelope;
  if (reversePath === "") return undefined;
  if (result.outcome === "failed") return recipient.notify & Notify.Failure ? "failure" : undefined;
  // RFC 2852 §4.1.4: who asked for a trace hears of each relay.
  if (deliverBy?.trace === true) return "success";
  // A next hop that knows DSN tells itself, but for LMTP, behind which there is nobody else.
  if (result.outcome === "delivered" && hop.protocol !== "lmtp") return undefined;
  return recipient.notify & Notify.Success ? "success" : undefined;
}

/** RFC 3463 §3.2, §3.3: no such mailbox or domain, moved without address, disabled. */
const NOBODY: ReadonlySet<string> = new Set(["5.1.1", "5.1.2", "5.1.6", "5.1.10", "5.2.1"]);

function isNobody(reply: HopReply): boolean {
  return reply.code >= 500 && reply.code < 600 && NOBODY.has(reply.status);
}

/** What stands for a reply of a recipient who failed a short while ago. */
export function suppressedResult(earlier: HopReply): HopResult {
  return {
    outcome: "failed",
    step: "suppressed",
    reply: { ...earlier, text: `not tried again so soon; earlier: ${earlier.text}`.slice(0, 1000) },
  };
}
