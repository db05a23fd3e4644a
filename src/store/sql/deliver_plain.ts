/** The usual delivery in one short statement: small messages, no keywords, nothing in the way. */
import { statement } from "../pg/door.ts";

/**
 * Places every target, or writes nothing and says so: then `deliver` tells which one stood in the way.
 *
 * What numbers a target gets within its account and mailbox is counted by the caller, who leaves no gaps since
 * all are placed or none. So the plan has neither windows nor sorts: setting those up cost more than half of a
 * delivery's time in PostgreSQL. All accounts are locked by an earlier statement of the transaction, whose
 * snapshot is older: this one sees what the last writer left.
 *
 * Targets, a column each, in order: $1 account, $2 mailbox name, $3 flags, $4 internal date, $5 size;
 * counted from the first of the account up to this one: $6 targets, $7 octets, $8 messages;
 * counted from the first of the mailbox up to this one: $9 targets, $10 octets, $11 unseen, $12 deleted;
 * $13 number of its message within the account, from 0; $14 last of the account; $15 last of the mailbox.
 * Of the message, with the first target of each account that gets it, null with others: $16 blob, $17 header
 * size, $18 day of Date, $19 envelope, $20 body structure, $21 structure. $22 the target's number, from 1: by
 * `generate_subscripts` the planner would expect a thousand targets, and read all accounts and mailboxes for them.
 * Octets: $23 blobs, $24 octets. A conflict there is the same octets, from a delivery whose outcome was unknown.
 *
 * Rows come in whatever order the plan has, each with its target's number: sorting them would cost, too.
 *
 * A domain with a quota, whichever, stands in the way as well: locks and sums of those are `deliver`'s. The last
 * column of the rows says whether there is one.
 */
export const deliverPlain = statement(
  "deliver_plain",
  [
    "int8[]",
    "text[]",
    "int2[]",
    "timestamptz[]",
    "int8[]",
    "int4[]",
    "int8[]",
    "int4[]",
    "int4[]",
    "int8[]",
    "int4[]",
    "int4[]",
    "int4[]",
    "bool[]",
    "bool[]",
    "uuid[]",
    "int4[]",
    "date[]",
    "bytea[]",
    "bytea[]",
    "bytea[]",
    "int4[]",
    "uuid[]",
    "bytea[]",
  ],
  `with place as materialized (
    select t.*, s.modseq + t.n as modseq, s.next_message_id + t.message as message_id,
           b.mailbox_id, b.uidvalidity, b.uidnext - 1 + t.box_n as uid,
           s.account_id is not null and b.mailbox_id is not null
             and (s.quota_octets is null or s.used_octets + t.octets <= s.quota_octets)
             and (s.quota_messages is null or s.used_messages + t.n <= s.quota_messages) as fits
      from (select unnest($1::int8[]) as account_id, unnest($2::text[]) as name, unnest($3::int2[]) as flags,
                   unnest($4::timestamptz[]) as internal_date, unnest($5::int8[]) as size,
                   unnest($6::int4[]) as n, unnest($7::int8[]) as octets, unnest($8::int4[]) as messages,
                   unnest($9::int4[]) as box_n, unnest($10::int8[]) as box_octets,
                   unnest($11::int4[]) as box_unseen, unnest($12::int4[]) as box_deleted,
                   unnest($13::int4[]) as message, unnest($14::bool[]) as ends_account,
                   unnest($15::bool[]) as ends_box, unnest($16::uuid[]) as blob_id,
                   unnest($17::int4[]) as header_size, unnest($18::date[]) as sent_on,
                   unnest($19::bytea[]) as envelope, unnest($20::bytea[]) as body_structure,
                   unnest($21::bytea[]) as structure, unnest($22::int4[]) as number) t
      left join account_state s on s.account_id = t.account_id
      left join mailbox b on b.account_id = t.account_id and b.name = t.name
  ), verdict as materialized (
    select x.fits and not x.restricted as good, x.restricted
      from (select bool_and(fits) as fits,
                   exists (select from domain d
                            where d.quota_octets is not null or d.quota_messages is not null) as restricted
              from place) x
  ), new_message as (
    insert into message (account_id, message_id, blob_id, size, header_size, sent_on, envelope,
                         body_structure, structure)
    select account_id, message_id, blob_id, size, header_size, sent_on, envelope, body_structure, structure
      from place where blob_id is not null and (select good from verdict)
  ), new_entry as (
    insert into entry (account_id, mailbox_id, uid, message_id, modseq, size, internal_date, save_date, flags)
    select account_id, mailbox_id, uid, message_id, modseq, size, internal_date, now(), flags
      from place where (select good from verdict)
  ), counted as (
    update mailbox b
       set uidnext = p.uid + 1, highestmodseq = p.modseq, messages = b.messages + p.box_n,
           unseen = b.unseen + p.box_unseen, deleted = b.deleted + p.box_deleted,
           octets = b.octets + p.box_octets
      from place p
     where p.ends_box and b.account_id = p.account_id and b.name = p.name
       and (select good from verdict)
  ), used as (
    update account_state s
       set modseq = p.modseq, next_message_id = s.next_message_id + p.messages,
           used_octets = s.used_octets + p.octets, used_messages = s.used_messages + p.n
      from place p
     where p.ends_account and s.account_id = p.account_id and (select good from verdict)
  ), put as (
    insert into blob_chunk (blob_id, seq, octets)
    select unnest($23::uuid[]), 0, unnest($24::bytea[]) where (select good from verdict)
    on conflict do nothing
  )
  select v.good, p.mailbox_id, p.uidvalidity, p.uid, p.modseq, p.number, v.restricted
    from place p, verdict v`,
);
