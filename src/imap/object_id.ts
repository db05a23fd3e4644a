/** Object identifiers (RFC 8474): safe in URLs and file names, with a letter first that says what they name. */
import type { AccountId, MailboxId, MessageId } from "../core/brands.ts";

/** MAILBOXID: survives RENAME, and no other mailbox ever has it. */
export function mailboxId(account: AccountId, mailbox: MailboxId): string {
  return `F${account}-${mailbox}`;
}

/** EMAILID: one for a message wherever it was copied or moved within its account. */
export function emailId(account: AccountId, message: MessageId): string {
  return `M${account}-${message}`;
}

/** The message that an EMAILID names; undefined when it names none of the account's. */
export function messageOfEmailId(account: AccountId, id: string): MessageId | undefined {
  const match = /^M(\d{1,15})-(\d{1,15})$/.exec(id);
  if (match === null || emailId(account, Number(match[2]) as MessageId) !== id) return undefined;
  return Number(match[2]) as MessageId;
}
