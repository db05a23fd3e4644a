/** Statements on access control lists (RFC 4314). */
import { type AclEntry, parseRights, rightsBy } from "../../core/acl.ts";
import type { AccountId } from "../../core/brands.ts";
import type { SharedMailbox } from "../../core/store.ts";
import { type Rows, statement } from "../pg/door.ts";
import { MAILBOX_COLUMNS, MAILBOX_WIDTH, mailboxInfo } from "./mailbox.ts";

/** Behind MAILBOX_COLUMNS: whose it is, and the entries that mean somebody. */
const SHARED_COLUMNS =
  `${MAILBOX_COLUMNS}, b.account_id, o.local_part || '@' || o.domain, x.identifiers, x.rights`;

/** Reads SHARED_COLUMNS; the owner's own subscription and use of the mailbox are nobody else's business. */
export function sharedMailbox(rows: Rows, row: number): SharedMailbox {
  return {
    ...mailboxInfo(rows, row),
    subscribed: false,
    specialUse: undefined,
    account: rows.int(row, MAILBOX_WIDTH) as AccountId,
    owner: rows.text(row, MAILBOX_WIDTH + 1),
    rights: rightsBy(aclEntries(rows, row, MAILBOX_WIDTH + 2)),
  };
}

/** Reads two columns of arrays: identifiers and their rights. */
export function aclEntries(rows: Rows, row: number, column: number): readonly AclEntry[] {
  const rights = rows.texts(row, column + 1);
  return rows.texts(row, column).map((identifier, i) => ({ identifier, rights: parseRights(rights[i]!)! }));
}

/** Across all accounts: rights are found by whom they are given to. $1 his identifiers, $2 whose own account, $3 mailboxes at most. */
export const sharedMailboxes = statement(
  "shared_mailboxes",
  ["text[]", "int8", "int4"],
  `select ${SHARED_COLUMNS}
     from (
       select account_id, mailbox_id, array_agg(identifier) as identifiers, array_agg(rights) as rights
         from acl where identifier = any ($1) and account_id <> $2
        group by account_id, mailbox_id
        order by account_id, mailbox_id limit $3
     ) x
     join mailbox b using (account_id, mailbox_id)
     join account o using (account_id)`,
  "everybody",
);

/**
 * The mailbox with the longest of some names. Across all accounts: the owner is known by address. $1 the owner's local part and $2 domain, $3 names,
 * $4 identifiers of somebody.
 */
export const sharedMailboxByName = statement(
  "shared_mailbox_by_name",
  ["text", "text", "text[]", "text[]"],
  `select ${SHARED_COLUMNS}
     from account o
     join mailbox b on b.account_id = o.account_id and b.name = any ($3)
    cross join lateral (
      select coalesce(array_agg(identifier), '{}') as identifiers, coalesce(array_agg(rights), '{}') as rights
        from acl where account_id = b.account_id and mailbox_id = b.mailbox_id and identifier = any ($4)
    ) x
    where o.local_part = $1 and o.domain = $2
    order by length(b.name) desc limit 1`,
  "everybody",
);

/** The entries of a mailbox's list that mean somebody. $1 account, $2 mailbox, $3 identifiers. */
export const rightsOf = statement(
  "rights_of",
  ["int8", "int4", "text[]"],
  `select coalesce(array_agg(identifier), '{}'), coalesce(array_agg(rights), '{}') from acl
    where account_id = $1 and mailbox_id = $2 and identifier = any ($3)
      and exists (select from mailbox where account_id = $1 and mailbox_id = $2)`,
);

/** All entries of a mailbox's list. $1 account, $2 mailbox. */
export const aclOf = statement(
  "acl_of",
  ["int8", "int4"],
  `select coalesce(array_agg(identifier order by ltrim(identifier, '-'), identifier desc), '{}'),
          coalesce(array_agg(rights order by ltrim(identifier, '-'), identifier desc), '{}')
     from acl where account_id = $1 and mailbox_id = $2`,
);

/** The account with an address, unless it is about to be removed. $1 local part, $2 domain. */
export const accountByAddress = statement(
  "account_by_address",
  ["text", "text"],
  `select account_id from account join account_use using (account_id) where local_part = $1 and domain = $2`,
);

/** $1 account, $2 mailbox, $3 identifier, $4 rights. */
export const putAclEntry = statement(
  "put_acl_entry",
  ["int8", "int4", "text", "text"],
  `insert into acl (account_id, mailbox_id, identifier, rights) values ($1, $2, $3, $4)
   on conflict (account_id, mailbox_id, identifier) do update set rights = excluded.rights`,
);

/** $1 account, $2 mailbox, $3 identifier. */
export const dropAclEntry = statement(
  "drop_acl_entry",
  ["int8", "int4", "text"],
  `delete from acl where account_id = $1 and mailbox_id = $2 and identifier = $3`,
);

/** The whole list of a mailbox that is gone. $1 account, $2 mailbox. */
export const forgetAcl = statement(
  "forget_acl",
  ["int8", "int4"],
  `delete from acl where account_id = $1 and mailbox_id = $2`,
);

/**
 * Gives new mailboxes the lists of the mailboxes that they stand below (RFC 4314 §4). $1 account, a column
 * each: $2 new mailbox, $3 name of the other one.
 */
export const inheritAcl = statement(
  "inherit_acl",
  ["int8", "int4[]", "text[]"],
  `insert into acl (account_id, mailbox_id, identifier, rights)
   select $1, m.id, a.identifier, a.rights
     from unnest($2::int4[], $3::text[]) as m (id, parent)
     join mailbox b on b.account_id = $1 and b.name = m.parent
     join acl a on a.account_id = $1 and a.mailbox_id = b.mailbox_id`,
);
