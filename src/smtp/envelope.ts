/** MAIL and RCPT, once they may run: opens a transaction, finds where its recipients' mail goes. */
import type { OutboundUse } from "../core/outbound.ts";
import type { Command } from "./command.ts";
import type { Context } from "./context.ts";
import { formatPath } from "./grammar/path.ts";
import { priorityOf } from "./outbound.ts";
import { NO_POLICY } from "./policy.ts";
import { ownsSender, resolveRecipient } from "./recipients.ts";
import { REPLIES, type Reply, reply } from "./reply.ts";
import { opened, withRecipient, withUse } from "./session.ts";

/** MAIL. True when a transaction was opened. */
export async function openTransaction(
  context: Context,
  { from, parameters }: Extract<Command, { readonly name: "MAIL" }>,
): Promise<boolean> {
  const { identity } = context.session;
  if (identity !== undefined && context.limits.senderMustMatch) {
    try {
      if (!await ownsSender(context.services.directory, identity, from.address)) {
        await context.answer("MAIL", REPLIES.notYours);
        return false;
      }
    } catch (thrown) {
      context.failed("mail", thrown);
      await context.answer("MAIL", REPLIES.unavailable);
      return false;
    }
  }
  context.session = opened(context.session, from, parameters, context.now);
  const granted = priorityOf(parameters, context.trusted);
  // RFC 6710 §4.1: the client is told what became of its wish.
  const changed = parameters.priority !== undefined && parameters.priority !== granted;
  const answer = changed
    ? reply(250, "2.3.6", `${granted} is the new priority assigned to the message`)
    : REPLIES.senderOk;
  await context.answer("MAIL", answer);
  return true;
}

/** RCPT. */
export async function addRecipient(
  context: Context,
  { to, parameters }: Extract<Command, { readonly name: "RCPT" }>,
): Promise<void> {
  const { directory, hostname, queue } = context.services;
  const { local, domain } = to.address!;
  // RFC 5321 §4.5.1: a postmaster without a domain is ours.
  const address = { local, domain: domain === "" ? hostname.toLowerCase() : domain };
  const transaction = context.session.transaction!;
  let found;
  try {
    found = await resolveRecipient(directory, address, {
      size: transaction.parameters.size,
      known: context.role === "submission" || context.session.identity !== undefined,
      queue: queue !== undefined,
      remote: context.remote.address,
      // Who speaks LMTP delivers, and sends the rest elsewhere itself.
      policy: context.role === "lmtp" ? NO_POLICY : context.limits.policy,
    });
    if (found.ok && found.remote.length > 0) {
      const refusal = await mayReach(context, found.remote.length);
      if (refusal !== undefined) found = { ok: false, reason: "rate", reply: refusal } as const;
    }
  } catch (thrown) {
    context.failed("rcpt", thrown);
    found = { ok: false, reason: "unavailable", reply: REPLIES.unavailable } as const;
  }
  if (found.ok) {
    const { targets, remote } = found;
    context.session = withRecipient(context.session, { path: to, parameters, targets, remote });
    return await context.answer("RCPT", REPLIES.recipientOk);
  }
  context.services.emit("smtp.rcpt.refused", {
    session: context.conn.id,
    recipient: formatPath(address),
    reason: found.reason,
    reply: found.reply.code,
  });
  if (found.reply.code >= 500) await context.refuseRecipient(found.reply);
  else await context.answer("RCPT", found.reply);
}

/**
 * May the account reach so many more recipients elsewhere within this hour? Asked once a transaction; the one that
 * queues the message counts again, so that several connections at once do not go beyond it.
 *
 * @throws Unavailable
 */
async function mayReach(context: Context, more: number): Promise<Reply | undefined> {
  const { services, limits, session } = context;
  if (session.identity === undefined || services.queue === undefined) return undefined;
  if (limits.messagesPerHour === Infinity && limits.recipientsPerHour === Infinity) return undefined;
  let use: OutboundUse | undefined = session.transaction!.use;
  if (use === undefined) {
    use = await services.queue.recent(session.identity.account);
    context.session = withUse(context.session, use);
  }
  if (use.messages >= limits.messagesPerHour) return REPLIES.tooManySent;
  const open = session.transaction!.recipients.reduce((sum, { remote }) => sum + remote.length, 0);
  return use.recipients + open + more > limits.recipientsPerHour ? REPLIES.tooManyReached : undefined;
}
