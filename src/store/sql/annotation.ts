/** Statements on annotations of messages. */
import { statement } from "../pg/door.ts";

/** The user of shared values. */
export const SHARED = 0;

/**
 * The end of a statement that removed entries (`gone`, with a column uid) of mailbox $2 of account $1: what they
 * were annotated with goes with them.
 */
export const DROP_ANNOTATIONS = `unannotated as (
    delete from annotation a
     where a.account_id = $1 and a.mailbox_id = $2 and a.uid = any (array(select uid from gone))
  )`;

/** OFFSET keeps it a loop over the ranges. */
const IN_RANGES = (columns: string, where: string) =>
  `unnest($3::int8[], $4::int8[]) as r (low, high)
    cross join lateral (
      select ${columns} from annotation
       where account_id = $1 and mailbox_id = $2 and uid between r.low and r.high
         and user_id in (${SHARED}, $5) and ${where} offset 0
    ) a`;

/** $1 account, $2 mailbox, $3 and $4 ranges, $5 user. */
export const readAnnotations = statement(
  "read_annotations",
  ["int8", "int4", "int8[]", "int8[]", "int8"],
  `select a.uid, a.entry, a.user_id = ${SHARED}, a.value
     from ${IN_RANGES("uid, entry, user_id, value", "value is not null")}
    order by a.uid, a.entry, a.user_id = ${SHARED}`,
);

/** $1 account, $2 mailbox, $3 and $4 ranges, $5 user, $6 modseq. */
export const changedAnnotations = statement(
  "changed_annotations",
  ["int8", "int4", "int8[]", "int8[]", "int8", "int8"],
  `select distinct a.uid, a.entry from ${IN_RANGES("uid, entry", "modseq > $6")} order by a.uid, a.entry`,
);

/**
 * Under the account's lock. $1 account, $2 mailbox, $3 and $4 ranges, $5 unchangedSince or null; values, a column
 * each: $6 user, $7 entry, $8 value (null: taken away), $9 folded value. Gives a row for each message as
 * `set_flags` does.
 */
export const setAnnotations = statement(
  "set_annotations",
  ["int8", "int4", "int8[]", "int8[]", "int8", "int8[]", "text[]", "bytea[]", "text[]"],
  `with scope as materialized (
    select e.*, r.number as range, coalesce(e.modseq > $5, false) as refused
      from unnest($3::int8[], $4::int8[]) with ordinality as r (low, high, number)
      cross join lateral (
        select uid, flags, keywords, modseq from entry
         where account_id = $1 and mailbox_id = $2 and uid between r.low and r.high offset 0
      ) e
     where exists (select from mailbox where account_id = $1 and mailbox_id = $2)
  ), next as materialized (
    select modseq + 1 as modseq from account_state where account_id = $1
  ), put as (
    insert into annotation (account_id, mailbox_id, uid, entry, user_id, modseq, value, folded)
    select $1, $2, s.uid, g.entry, g.user_id, next.modseq, g.value, g.folded
      from scope s, next,
           unnest($6::int8[], $7::text[], $8::bytea[], $9::text[]) as g (user_id, entry, value, folded)
     where not s.refused and (g.value is not null or exists (
       select from annotation a
        where a.account_id = $1 and a.mailbox_id = $2 and a.uid = s.uid and a.entry = g.entry
          and a.user_id = g.user_id))
    on conflict (account_id, mailbox_id, uid, entry, user_id)
      do update set modseq = excluded.modseq, value = excluded.value, folded = excluded.folded
  ), touched as (
    update entry e set modseq = next.modseq from next
     where e.account_id = $1 and e.mailbox_id = $2
       and e.uid = any (array(select uid from scope where not refused))
  ), logged as (
    insert into changed_range (account_id, mailbox_id, modseq, uid_low, uid_high)
    select $1, $2, next.modseq, min(uid), max(uid) from scope, next where not refused
     group by range, next.modseq
  ), counted as (
    update mailbox b set highestmodseq = next.modseq from next
     where b.account_id = $1 and b.mailbox_id = $2 and exists (select from scope where not refused)
  ), used as (
    update account_state s set modseq = next.modseq from next
     where s.account_id = $1 and exists (select from scope where not refused)
  )
  select s.uid, s.flags, s.keywords, case when s.refused then s.modseq else next.modseq end, s.refused
    from next, scope s order by s.uid`,
);

/**
 * What would be refused: octets of the account, and the most entries that one of some messages has. $1 account,
 * $2 mailbox, $3 and $4 ranges.
 */
export const annotationsUsed = statement(
  "annotations_used",
  ["int8", "int4", "int8[]", "int8[]"],
  `select coalesce(sum(length(value) + length(entry)), 0)::int8,
          coalesce((select max(n.entries) from (
            select count(*) as entries
              from unnest($3::int8[], $4::int8[]) as r (low, high)
              cross join lateral (
                select uid from annotation
                 where account_id = $1 and mailbox_id = $2 and uid between r.low and r.high
                   and value is not null offset 0
              ) x group by x.uid) n), 0)::int8
     from annotation where account_id = $1 and value is not null`,
);

/**
 * Forgets which values were taken away before modseq $5, of messages that have more than $6 rows.
 * $1 account, $2 mailbox, $3 and $4 ranges.
 */
export const forgetRemoved = statement(
  "forget_removed_annotations",
  ["int8", "int4", "int8[]", "int8[]", "int8", "int4"],
  `delete from annotation a using unnest($3::int8[], $4::int8[]) as r (low, high)
    where a.account_id = $1 and a.mailbox_id = $2 and a.uid between r.low and r.high
      and a.value is null and a.modseq < $5
      and (select count(*) from annotation b
            where b.account_id = $1 and b.mailbox_id = $2 and b.uid = a.uid) > $6`,
);

/** $1 account. */
export const annotationOctets = statement(
  "annotation_octets",
  ["int8"],
  `select coalesce(sum(length(value) + length(entry)), 0)::int8 from annotation where account_id = $1`,
);

/** Names that there are. $1 account, $2 mailbox. */
export const annotationNames = statement(
  "annotation_names",
  ["int8", "int4"],
  `select coalesce(array_agg(distinct entry), '{}') from annotation
    where account_id = $1 and mailbox_id = $2 and value is not null`,
);

/** What a copy would take along. $1 account, $2 mailbox, $3 and $4 ranges, $5 user (null: all), $6 shared ones too. */
export const annotationsCopied = statement(
  "annotations_copied",
  ["int8", "int4", "int8[]", "int8[]", "int8", "bool"],
  `select coalesce(sum(length(a.value) + length(a.entry)), 0)::int8
     from unnest($3::int8[], $4::int8[]) as r (low, high)
     cross join lateral (
       select entry, value from annotation
        where account_id = $1 and mailbox_id = $2 and uid between r.low and r.high
          and value is not null and ($5::int8 is null or user_id = $5 or $6 and user_id = ${SHARED}) offset 0
     ) a`,
);

/**
 * $1 account, $2 source, $3 its UIDs ascending, $4 target, $5 the first UID there (the others follow), $6 modseq,
 * $7 user (null: all), $8 shared ones too, $9 the target's account.
 */
export const copyMessageAnnotations = statement(
  "copy_message_annotations",
  ["int8", "int4", "int8[]", "int4", "int8", "int8", "int8", "bool", "int8"],
  `insert into annotation (account_id, mailbox_id, uid, entry, user_id, modseq, value, folded)
   select $9, $4, $5 - 1 + s.n, a.entry, a.user_id, $6, a.value, a.folded
     from unnest($3::int8[]) with ordinality as s (uid, n)
     cross join lateral (
       select entry, user_id, value, folded from annotation
        where account_id = $1 and mailbox_id = $2 and uid = s.uid
          and value is not null and ($7::int8 is null or user_id = $7 or $8 and user_id = ${SHARED}) offset 0
     ) a`,
  [0, 8],
);

/**
 * Annotates messages that were just delivered. A column each: $1 account, $2 mailbox's name, $3 blob, $4 user,
 * $5 entry, $6 value, $7 folded value. Those that were refused have no entry.
 */
export const annotateDelivered = statement(
  "annotate_delivered",
  ["int8[]", "text[]", "uuid[]", "int8[]", "text[]", "bytea[]", "text[]"],
  `insert into annotation (account_id, mailbox_id, uid, entry, user_id, modseq, value, folded)
   select g.account_id, e.mailbox_id, e.uid, g.entry, g.user_id, e.modseq, g.value, g.folded
     from unnest($1::int8[], $2::text[], $3::uuid[], $4::int8[], $5::text[], $6::bytea[], $7::text[])
            as g (account_id, name, blob_id, user_id, entry, value, folded)
     join mailbox b on b.account_id = g.account_id and b.name = g.name
     join message m on m.account_id = g.account_id and m.blob_id = g.blob_id
     join entry e on e.account_id = g.account_id and e.message_id = m.message_id
                 and e.mailbox_id = b.mailbox_id
   on conflict do nothing`,
);
