/** Messages for next hops that take 7-bit text only (RFC 6152 §3, RFC 3030 §3). */
import type { HopConnection, OutboundMessage } from "../core/outbound.ts";
import { MessageParser, SevenBitConverter, SevenBitSurvey } from "../mime/mod.ts";

/** Octets of a line (RFC 5322 §2.1.1). */
const LINE = 998;

/** True when the next hop does not take what the message says that it holds. */
export function needsConversion(
  { envelope: { body } }: OutboundMessage,
  { takes }: Pick<HopConnection, "takes">,
): boolean {
  return body === "BINARYMIME" ? !takes.binary : body === "8BITMIME" && !takes.eightBit;
}

/**
 * The message in 7 bits; or itself where that cannot be had (the next hop's client fails it then, 5.6.3 or 5.6.1):
 * what somebody else signed would not be what he signed any more. To be asked before we sign. Reads the message
 * several times, in constant memory. Rejects when `octets` does.
 */
export async function inSevenBits(
  message: OutboundMessage,
  { takes }: Pick<HopConnection, "takes">,
): Promise<OutboundMessage> {
  const parser = new MessageParser();
  for await (const piece of message.octets()) parser.push(piece);
  const survey = new SevenBitSurvey(parser.finish(), LINE);
  for await (const piece of message.octets()) survey.push(piece);
  const plan = survey.plan(takes.eightBit);
  if (plan.kind === "impossible") return message;
  if (plan.kind === "none") {
    return { ...message, envelope: { ...message.envelope, body: takes.eightBit ? "8BITMIME" : "7BIT" } };
  }
  const envelope = { ...message.envelope, body: "7BIT" as const };
  const octets = async function* () {
    const converter = new SevenBitConverter(plan.changes);
    for await (const piece of message.octets()) yield* converter.push(piece);
    yield converter.finish();
  };
  let size = 0;
  for await (const piece of octets()) size += piece.length;
  return { ...message, envelope, size, octets };
}
