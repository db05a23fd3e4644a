import type { HopResult, OutboundMessage } from "../../core/outbound.ts";
import type { Extensions } from "./extensions.ts";
import { ownResult } from "./outcome.ts";
import { survey } from "./survey.ts";

/** How a message can go to this next hop, or why it never can. */
export type Passage =
  | { readonly ok: true; readonly body: OutboundMessage["envelope"]["body"]; readonly chunked: boolean }
  | { readonly ok: false; readonly result: HopResult };

/**
 * Compares what a message needs with what the next hop offers.
 *
 * RFC 6152 §3 leaves a client two ways with an 8-bit message and a host without 8BITMIME: convert it, or give
 * up for good. Whoever could has converted it by now (`queue/seven_bit.ts`), so it fails with 5.6.3; a message that was
 * only declared to be 8-bit, and is ASCII, goes. In the same way BINARYMIME without anything binary goes by
 * DATA, and the rest fails with 5.6.1 (RFC 3030 §3).
 *
 * @throws whatever reading the message throws
 */
export async function passage(
  message: OutboundMessage,
  extensions: Extensions,
  rules: { readonly line: number; readonly lmtp: boolean },
): Promise<Passage> {
  const { envelope } = message;
  const never = (status: string, text: string): Passage => ({
    ok: false,
    result: ownResult("failed", "mail", status, text),
  });
  if (envelope.smtputf8 && !extensions.has("SMTPUTF8")) {
    return never("5.6.7", "The next hop does not take internationalized mail (SMTPUTF8)");
  }
  if (envelope.requireTls && !extensions.has("REQUIRETLS")) {
    return never("5.7.30", "The next hop does not offer REQUIRETLS, which the sender asked for");
  }
  // RFC 2852 §4.1.4.2: who cannot promise the time limit must not get a message that is to be returned then.
  if (envelope.deliverBy?.mode === "return" && !extensions.has("DELIVERBY") && !rules.lmtp) {
    return never("5.3.3", "The next hop does not offer DELIVERBY, which the sender asked for");
  }
  const most = extensions.size;
  if (most !== undefined && message.size > most) {
    return never("5.3.4", `The message has ${message.size} octets, the next hop takes ${most}`);
  }
  const chunked = extensions.has("CHUNKING");
  let body = envelope.body;
  if (body === "BINARYMIME" && !(chunked && extensions.has("BINARYMIME"))) {
    if ((await survey(message.octets(), rules.line)).binary) {
      return never("5.6.1", "The message is binary, and the next hop does not take that (BINARYMIME)");
    }
    body = "8BITMIME";
  }
  if (body === "8BITMIME" && !extensions.has("8BITMIME")) {
    if ((await survey(message.octets(), rules.line)).eightBit) {
      return never("5.6.3", "The message has 8-bit text, and the next hop does not take that (8BITMIME)");
    }
    body = "7BIT";
  }
  return { ok: true, body, chunked };
}
