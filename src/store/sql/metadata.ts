/** Statements on annotations. */
import { statement } from "../pg/door.ts";

/**
 * $1 account, $2 mailbox (null: all of them), $3 names, $4 levels below them: 0, 1 or more for all. Names are
 * in small letters.
 */
export const annotations = statement(
  "annotations",
  ["int8", "int4", "text[]", "int4"],
  `select d.mailbox_id, d.entry, d.value
     from metadata d
    where d.account_id = $1 and ($2::int4 is null or d.mailbox_id = $2)
      and exists (
        select from unnest($3::text[]) as w (name)
         where d.entry = w.name
            or $4 > 0 and starts_with(d.entry, w.name || '/')
               and ($4 > 1 or position('/' in substr(d.entry, length(w.name) + 2)) = 0)
      )
    order by d.mailbox_id, d.entry`,
);

/** $1 account, $2 mailbox, $3 names. */
export const dropAnnotations = statement(
  "drop_annotations",
  ["int8", "int4", "text[]"],
  `delete from metadata where account_id = $1 and mailbox_id = $2 and entry = any ($3)`,
);

/** $1 account, $2 mailbox, a column each: $3 name, $4 value. */
export const putAnnotations = statement(
  "put_annotations",
  ["int8", "int4", "text[]", "bytea[]"],
  `insert into metadata (account_id, mailbox_id, entry, value)
   select $1, $2, d.entry, d.value from unnest($3::text[], $4::bytea[]) as d (entry, value)`,
);

/** How many a mailbox has, and how many octets all of the account take. $1 account, $2 mailbox. */
export const usedAnnotations = statement(
  "used_annotations",
  ["int8", "int4"],
  `select count(*) filter (where mailbox_id = $2), coalesce(sum(length(value) + length(entry)), 0)::int8
     from metadata where account_id = $1`,
);

/** All of a mailbox that is gone. $1 account, $2 mailbox. */
export const forgetAnnotations = statement(
  "forget_annotations",
  ["int8", "int4"],
  `delete from metadata where account_id = $1 and mailbox_id = $2`,
);

/** $1 account, $2 mailbox, $3 the one that gets the same. */
export const copyAnnotations = statement(
  "copy_annotations",
  ["int8", "int4", "int4"],
  `insert into metadata (account_id, mailbox_id, entry, value)
   select account_id, $3, entry, value from metadata where account_id = $1 and mailbox_id = $2
   on conflict do nothing`,
);
