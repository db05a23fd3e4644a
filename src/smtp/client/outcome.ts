import type { HopReply, HopResult } from "../../core/outbound.ts";
import type { WireReply } from "./reply_parser.ts";

/** Characters of a reply's text that are kept. */
const TEXT = 1000;

/** status-code = class "." subject "." detail (RFC 3463 §2), with the space behind it. */
const ENHANCED = /^([245])\.(\d{1,3})\.(\d{1,3})(?: |$)/;

/** A reply as one line; the enhanced code counts only where its class is the reply's (RFC 2034 §4). */
export function hopReply(reply: WireReply): HopReply {
  let status = "";
  const texts = reply.lines.map((line) => {
    const match = ENHANCED.exec(line);
    if (match === null || Number(match[1]) !== Math.floor(reply.code / 100)) return line;
    if (status === "") status = match[0].trimEnd();
    return line.slice(match[0].length);
  });
  return { code: reply.code, status, text: cut(texts.join(" ").trim()) };
}

/** A result that no reply of the next hop gave: `code` 0. */
export function ownResult(
  outcome: "deferred" | "failed",
  step: string,
  status: string,
  text: string,
): HopResult {
  return { outcome, step, reply: { code: 0, status, text: cut(text) } };
}

/**
 * What a reply that did not say yes means: 5xx never, everything else later. A reply that makes no sense at its
 * place (2xx to the final dot's opposite, 3xx to MAIL) means later too.
 */
export function refusal(reply: HopReply, step: string): HopResult {
  return { outcome: reply.code >= 500 ? "failed" : "deferred", step, reply };
}

/** True for 2xx. */
export function isYes(reply: HopReply): boolean {
  return reply.code >= 200 && reply.code < 300;
}

function cut(text: string): string {
  return text.length <= TEXT ? text : text.slice(0, TEXT).toWellFormed();
}
