/** Statements on access keys of URLs. */
import { statement } from "../pg/door.ts";

/** $1 user, $2 owner and $3 mailbox. */
export const urlKey = statement(
  "url_key",
  ["int8", "int8", "int4"],
  `select key from url_key where account_id = $1 and owner_id = $2 and mailbox_id = $3`,
);

/** Keeps a key that is there. $1 user, $2 owner, $3 mailbox, $4 key. Nothing where there is no such mailbox. */
export const addUrlKey = statement(
  "add_url_key",
  ["int8", "int8", "int4", "bytea"],
  `insert into url_key (account_id, owner_id, mailbox_id, key)
   select $1, account_id, mailbox_id, $4 from mailbox where account_id = $2 and mailbox_id = $3
   on conflict do nothing`,
  [0, 1],
);

/** The same, whatever was there. */
export const putUrlKey = statement(
  "put_url_key",
  ["int8", "int8", "int4", "bytea"],
  `insert into url_key (account_id, owner_id, mailbox_id, key)
   select $1, account_id, mailbox_id, $4 from mailbox where account_id = $2 and mailbox_id = $3
   on conflict (account_id, owner_id, mailbox_id) do update set key = excluded.key`,
  [0, 1],
);

/** Under the owner's lock. $1 owner, $2 mailbox. Gives the modseq at which sessions are told. */
export const countKeyReset = statement(
  "count_key_reset",
  ["int8", "int4"],
  `with next as (
    update account_state set modseq = modseq + 1
     where account_id = $1 and exists (select from mailbox where account_id = $1 and mailbox_id = $2)
    returning modseq
  )
  update mailbox b set key_resets = b.key_resets + 1, highestmodseq = next.modseq from next
   where b.account_id = $1 and b.mailbox_id = $2 returning b.highestmodseq`,
);

/** Takes all keys of a user away. $1 user. Gives the mailboxes that they were of: owner, mailbox. */
export const dropUrlKeys = statement(
  "drop_url_keys",
  ["int8"],
  `delete from url_key where account_id = $1 returning owner_id, mailbox_id`,
);

/** All keys of a mailbox that is gone, whoever had them: across all accounts. $1 owner, $2 mailbox. */
export const forgetUrlKeys = statement(
  "forget_url_keys",
  ["int8", "int4"],
  `delete from url_key where owner_id = $1 and mailbox_id = $2`,
  "everybody",
);
