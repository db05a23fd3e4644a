/** Statements on an account as a whole. Every writer's first one is `lockAccounts` or `lockAccount`. */
import type { QuotaUse } from "../../core/store.ts";
import { type Rows, statement } from "../pg/door.ts";

/** Locks accounts in ascending order: the lock of all who write to them. $1 accounts. */
export const lockAccounts = statement(
  "lock_accounts",
  ["int8[]"],
  `select account_id from account_state where account_id = any ($1) order by account_id for update`,
);

/**
 * Locks the domains of accounts that have a quota, always after the accounts, so that two deliveries do not
 * both fill the last octets. $1 accounts.
 */
export const lockQuotaDomains = statement(
  "lock_quota_domains",
  ["int8[]"],
  `select d.name from domain d
    where (d.quota_octets is not null or d.quota_messages is not null)
      and exists (select from account a where a.account_id = any ($1) and a.domain = d.name)
    order by d.name for update`,
);

/** Locks one account and gives its state. $1 account. */
export const lockAccount = statement(
  "lock_account",
  ["int8"],
  `select modseq, next_message_id, next_mailbox_id, next_uidvalidity, used_octets, used_messages
     from account_state where account_id = $1 for update`,
);

/** An account's state under its lock. */
export interface AccountState {
  readonly modSeq: number;
  readonly nextMailboxId: number;
  readonly nextUidValidity: number;
}

/** Reads what `lockAccount` gives; undefined when there is no such account. */
export function accountState(rows: Rows): AccountState | undefined {
  if (rows.count === 0) return undefined;
  return { modSeq: rows.int(0, 0), nextMailboxId: rows.int(0, 2), nextUidValidity: rows.int(0, 3) };
}

/**
 * Room left below the quotas of an account and its domain; null for no limit. $1 account.
 */
export const quotaRoom = statement(
  "quota_room",
  ["int8"],
  `select least(s.quota_octets - s.used_octets, d.quota_octets - u.octets),
          least(s.quota_messages - s.used_messages, d.quota_messages - u.messages)
     from account_state s
     left join account a on a.account_id = s.account_id
     left join domain d on d.name = a.domain and (d.quota_octets is not null or d.quota_messages is not null)
     left join lateral (
       select sum(y.used_octets)::int8 as octets, sum(y.used_messages)::int8 as messages
         from account x join account_use y using (account_id) where x.domain = d.name
     ) u on true
    where s.account_id = $1`,
);

/** Counters after a copy or a mailbox change. $1 account, $2 modseq, $3 octets and $4 messages to add. */
export const moveAccountOn = statement(
  "move_account_on",
  ["int8", "int8", "int8", "int8"],
  `update account_state
      set modseq = $2, used_octets = used_octets + $3, used_messages = used_messages + $4
    where account_id = $1`,
);

/** The next modseq, for what changes no counter. $1 account. */
export const advanceModSeq = statement(
  "advance_modseq",
  ["int8"],
  `update account_state set modseq = modseq + 1 where account_id = $1 returning modseq`,
);

/** $1 account. */
export const quotaUse = statement(
  "quota_use",
  ["int8"],
  `select used_octets, quota_octets, used_messages, quota_messages from account_state where account_id = $1`,
);

/** $1 account, $2 mailbox. */
export const deletedOctets = statement(
  "deleted_octets",
  ["int8", "int4"],
  `select coalesce(sum(size), 0)::int8 from entry
    where account_id = $1 and mailbox_id = $2 and flags & 8 <> 0`,
);

/** Reads what `quotaUse` gives; nothing used and no limits when there is no such account. */
export function quotaUseOf(rows: Rows, mailboxLimit: number): QuotaUse {
  if (rows.count === 0) {
    return { octets: 0, octetLimit: undefined, messages: 0, messageLimit: undefined, mailboxLimit };
  }
  return {
    mailboxLimit,
    octets: rows.int(0, 0),
    octetLimit: rows.isNull(0, 1) ? undefined : rows.int(0, 1),
    messages: rows.int(0, 2),
    messageLimit: rows.isNull(0, 3) ? undefined : rows.int(0, 3),
  };
}
