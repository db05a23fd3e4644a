import type { AccountId } from "../core/brands.ts";
import type { Outbound } from "../core/outbound.ts";
import type { DeliveryTarget, MailStore, StagedMessage } from "../core/store.ts";
import { refusalReply, type Reply } from "./reply.ts";
import type { Recipient } from "./session.ts";

/**
 * Puts one copy of the message into the INBOX of each account, however many recipients lead to it, and queues what
 * goes elsewhere, in one transaction. Gives for each recipient, in order, the refusal or undefined. `atomic`: one refusal is
 * everybody's. A recipient with several mailboxes is refused when one of them is: its sender comes again, and a
 * second copy is better than none.
 *
 * @throws what the store throws: nothing is known then, and the client must come again.
 */
export async function deliver(
  store: MailStore,
  message: StagedMessage,
  recipients: readonly Recipient[],
  outbound: Outbound | undefined,
  atomic: boolean,
): Promise<readonly (Reply | undefined)[]> {
  const to: DeliveryTarget[] = [];
  const indexes = new Map<AccountId, number>();
  for (const { targets } of recipients) {
    for (const { account } of targets) {
      if (indexes.has(account)) continue;
      indexes.set(account, to.length);
      to.push({ account, mailbox: "INBOX" });
    }
  }
  const [outcomes] = await store.deliver(
    [outbound === undefined ? { message, to } : { message, to, outbound }],
    { atomic },
  );
  if (outcomes === undefined || outcomes.length !== to.length) {
    throw new Error(`Cannot match the store's outcomes: wanted ${to.length}, got ${outcomes?.length}`);
  }
  return recipients.map(({ targets }) => {
    for (const { account } of targets) {
      const outcome = outcomes[indexes.get(account)!]!;
      if (!outcome.ok) {
        return refusalReply(outcome.failure.kind === "refused" ? outcome.failure.code : "SERVERBUG");
      }
    }
    return undefined;
  });
}
