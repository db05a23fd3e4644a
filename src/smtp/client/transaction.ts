import type { HopReply, HopResult, OutboundMessage, OutboundRecipient } from "../../core/outbound.ts";
import { sendChunks, sendData } from "./body.ts";
import type { Dialogue } from "./dialogue.ts";
import type { Extensions } from "./extensions.ts";
import type { ClientLimits } from "./limits.ts";
import type { Passage } from "./needs.ts";
import { isYes, ownResult, refusal } from "./outcome.ts";
import { mailCommand, needsUtf8, rcptCommand } from "./parameters.ts";

/** What a transaction runs over. */
export interface TransactionContext {
  readonly dialogue: Dialogue;
  readonly extensions: Extensions;
  readonly lmtp: boolean;
  readonly limits: ClientLimits;
  readonly now: number;
}

/** What became of it. `clean`: the next hop has nothing left of it, so the next may begin without RSET. */
export interface Transacted {
  readonly results: readonly HopResult[];
  readonly clean: boolean;
}

/**
 * MAIL, RCPT, then DATA or BDAT (RFC 5321 §3.3) for recipients that go together; with PIPELINING (RFC 2920) all
 * that come before the message in one write. A result for each recipient, in order.
 *
 * @throws whatever reading the message throws; the connection is of no use then
 */
export async function transact(
  context: TransactionContext,
  message: OutboundMessage,
  recipients: readonly OutboundRecipient[],
  passage: Extract<Passage, { ok: true }>,
): Promise<Transacted> {
  const { dialogue, extensions, limits } = context;
  const results: (HopResult | undefined)[] = recipients.map(({ address }) =>
    needsUtf8(address) && !message.envelope.smtputf8
      ? ownResult(
        "failed",
        "rcpt",
        "5.6.7",
        "The address needs SMTPUTF8, and the message was not sent with it",
      )
      : undefined
  );
  const asked = recipients.filter((_, i) => results[i] === undefined);
  if (asked.length === 0) return { results: results as HopResult[], clean: true };
  const fill = (answers: readonly HopResult[]) => {
    let at = 0;
    return results.map((own) => own ?? answers[at++]!);
  };

  const mail = mailCommand(message.envelope, extensions, {
    size: message.size,
    body: passage.body,
    now: context.now,
  });
  const commands = [mail, ...asked.map((one) => rcptCommand(one, message.envelope, extensions))];
  const early = extensions.has("PIPELINING");
  if (early && !passage.chunked) commands.push("DATA");
  const ask = async (command: number, timeoutMs: number) => {
    if (!early) await dialogue.send(`${commands[command]}\r\n`);
    return await dialogue.reply(timeoutMs);
  };
  if (early) await dialogue.send(commands.map((command) => `${command}\r\n`).join(""));

  const mailReply = await ask(0, limits.mail);
  const rcptReplies: HopReply[] = [];
  if (early || isYes(mailReply)) {
    for (let i = 0; i < asked.length; i++) rcptReplies.push(await ask(i + 1, limits.rcpt));
  }
  const taken = isYes(mailReply) ? rcptReplies.filter(isYes).length : 0;
  let dataReply: HopReply | undefined;
  if (!passage.chunked && (early || taken > 0)) {
    if (!early) await dialogue.send("DATA\r\n");
    dataReply = await dialogue.reply(limits.data);
  }
  if (taken === 0) {
    // A host that wants the message all the same gets an empty one for nobody (RFC 2920 §3.1).
    if (dataReply?.code === 354) {
      await dialogue.send(".\r\n");
      await dialogue.reply(limits.dataEnd);
    }
    const answers = isYes(mailReply)
      ? rcptReplies.map(rcptRefusal)
      : asked.map(() => refusal(mailReply, "mail"));
    return { results: fill(answers), clean: false };
  }
  const answers = await sendMessage(context, message, passage, dataReply, taken);
  let at = 0;
  return {
    results: fill(rcptReplies.map((reply) => isYes(reply) ? answers.results[at++]! : rcptRefusal(reply))),
    clean: answers.clean,
  };
}

/** The message itself, for `taken` recipients; a result for each. */
async function sendMessage(
  { dialogue, extensions, lmtp, limits }: TransactionContext,
  message: OutboundMessage,
  passage: Extract<Passage, { ok: true }>,
  dataReply: HopReply | undefined,
  taken: number,
): Promise<Transacted> {
  const all = (result: HopResult, clean: boolean): Transacted => ({
    results: Array.from({ length: taken }, () => result),
    clean,
  });
  if (dialogue.pending > 0) {
    // Replies that nobody asked for: one of them would be taken for the reply to the message.
    const reply = await dialogue.reply(limits.data);
    dialogue.end();
    return all({ outcome: "deferred", step: "data", reply }, false);
  }
  if (passage.chunked) {
    const refused = await sendChunks(dialogue, message.octets(), limits);
    if (refused !== undefined) return all(refusal(refused, "data"), false);
  } else {
    if (dataReply!.code !== 354) return all(refusal(dataReply!, "data"), false);
    await sendData(dialogue, message.octets(), limits);
  }
  const results: HopResult[] = [];
  // RFC 2033 §4.2: LMTP answers once for each recipient that was taken, in their order.
  for (let i = 0; i < (lmtp ? taken : 1); i++) {
    const reply = await dialogue.reply(limits.dataEnd);
    const outcome = lmtp || extensions.has("DSN") ? "delivered" : "relayed";
    results.push(isYes(reply) ? { outcome, step: "end", reply } : refusal(reply, "end"));
  }
  return lmtp ? { results, clean: true } : all(results[0]!, true);
}

/** RFC 5321 §4.5.3.1.10: 552 to RCPT is what old servers say for "too many recipients", which is 452. */
function rcptRefusal(reply: HopReply): HopResult {
  return reply.code === 552 ? { outcome: "deferred", step: "rcpt", reply } : refusal(reply, "rcpt");
}
