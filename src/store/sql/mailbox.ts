/** Statements on mailboxes, and the one list of columns that makes a MailboxInfo. */
import type { MailboxId, ModSeq } from "../../core/brands.ts";
import type { MailboxInfo } from "../../core/store.ts";
import { type Rows, statement } from "../pg/door.ts";

/** Columns of MailboxInfo, in the order that `mailboxInfo` reads, of a mailbox `b`. */
export const MAILBOX_COLUMNS = `b.mailbox_id, b.name, b.uidvalidity, b.uidnext, b.highestmodseq, b.messages,
  b.unseen, b.deleted, b.octets, b.keywords, b.special_use,
  exists (select from subscription s where s.account_id = b.account_id and s.name = b.name), b.key_resets`;

/** How many columns that is. */
export const MAILBOX_WIDTH = 13;

/** Reads MAILBOX_COLUMNS. */
export function mailboxInfo(rows: Rows, row: number): MailboxInfo {
  return {
    id: rows.int(row, 0) as MailboxId,
    name: rows.text(row, 1),
    uidValidity: rows.int(row, 2),
    uidNext: rows.int(row, 3),
    highestModSeq: rows.int(row, 4) as ModSeq,
    messages: rows.int(row, 5),
    unseen: rows.int(row, 6),
    deleted: rows.int(row, 7),
    octets: rows.int(row, 8),
    keywords: rows.texts(row, 9),
    specialUse: rows.isNull(row, 10) ? undefined : rows.text(row, 10),
    subscribed: rows.bool(row, 11),
    keyResets: rows.int(row, 12),
  };
}

/** $1 account. */
export const allMailboxes = statement(
  "all_mailboxes",
  ["int8"],
  `select ${MAILBOX_COLUMNS} from mailbox b where b.account_id = $1 order by b.name <> 'INBOX', b.name`,
);

/** $1 account, $2 name. */
export const mailboxByName = statement(
  "mailbox_by_name",
  ["int8", "text"],
  `select ${MAILBOX_COLUMNS} from mailbox b where b.account_id = $1 and b.name = $2`,
);

/** $1 account, $2 mailbox. */
export const mailboxById = statement(
  "mailbox_by_id",
  ["int8", "int4"],
  `select ${MAILBOX_COLUMNS} from mailbox b where b.account_id = $1 and b.mailbox_id = $2`,
);

/** Something of the mailbox itself changed. $1 account, $2 mailbox, $3 modseq. */
export const touchMailbox = statement(
  "touch_mailbox",
  ["int8", "int4", "int8"],
  `update mailbox set highestmodseq = $3 where account_id = $1 and mailbox_id = $2`,
);

/** All names of an account, at most the limit of mailboxes. $1 account. */
export const mailboxNames = statement(
  "mailbox_names",
  ["int8"],
  `select name from mailbox where account_id = $1`,
);

/** $1 account, and a column each: $2 mailbox, $3 name, $4 uidvalidity, $5 special use; $6 modseq. */
export const insertMailboxes = statement(
  "insert_mailboxes",
  ["int8", "int4[]", "text[]", "int8[]", "text[]", "int8"],
  `insert into mailbox (account_id, mailbox_id, name, uidvalidity, special_use, highestmodseq)
   select $1, m.id, m.name, m.uidvalidity, m.use, $6
     from unnest($2::int4[], $3::text[], $4::int8[], $5::text[]) as m (id, name, uidvalidity, use)`,
);

/** $1 account, $2 modseq, $3 next mailbox id, $4 next uidvalidity. */
export const advanceMailboxIds = statement(
  "advance_mailbox_ids",
  ["int8", "int8", "int4", "int8"],
  `update account_state set modseq = $2, next_mailbox_id = $3, next_uidvalidity = $4 where account_id = $1`,
);

/** $1 account, $2 name. Gives id, messages and octets. */
export const deleteMailbox = statement(
  "delete_mailbox",
  ["int8", "text"],
  `delete from mailbox where account_id = $1 and name = $2 returning mailbox_id, messages, octets`,
);

/** $1 account, $2 mailbox. */
export const discardMailbox = statement(
  "discard_mailbox",
  ["int8", "int4"],
  `insert into mailbox_garbage (account_id, mailbox_id) values ($1, $2) on conflict do nothing`,
);

/**
 * Gives a mailbox and its inferiors another name. $1 account, $2 old name, $3 new name. The inferiors of a
 * name are those from name/ to before name0: "0" follows "/" in the collation "C".
 */
export const renameMailboxes = statement(
  "rename_mailboxes",
  ["int8", "text", "text"],
  `update mailbox set name = $3 || substr(name, length($2) + 1)
    where account_id = $1 and (name = $2 or name > $2 || '/' and name < $2 || '0')`,
);

/** $1 account, $2 name, $3 most that an account may have. */
export const subscribe = statement(
  "subscribe",
  ["int8", "text", "int4"],
  `with had as (
     select count(*) as names, coalesce(bool_or(name = $2), false) as known from subscription where account_id = $1
   ), added as (
     insert into subscription (account_id, name) select $1, $2 from had where known or names < $3
     on conflict do nothing
   )
   select known or names < $3 from had`,
);

/** $1 account, $2 name. */
export const unsubscribe = statement(
  "unsubscribe",
  ["int8", "text"],
  `delete from subscription where account_id = $1 and name = $2`,
);

/** $1 account. */
export const subscriptions = statement(
  "subscriptions",
  ["int8"],
  `select name from subscription where account_id = $1 order by name`,
);
