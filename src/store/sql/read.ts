/** Statements of the way out. One statement sees one state of the mailbox: no lock is needed. */
import type { FetchWanted } from "../../core/store.ts";
import { type Statement, statement } from "../pg/door.ts";
import { MAILBOX_COLUMNS } from "./mailbox.ts";

/** Columns behind MAILBOX_COLUMNS: UIDs, flags, modseqs; UIDs and bits of those with keywords. */
const ENTRY_ARRAYS = `coalesce(array_agg(uid), '{}') as uids, coalesce(array_agg(flags), '{}') as flags,
      coalesce(array_agg(modseq), '{}') as modseqs,
      coalesce(array_agg(uid) filter (where keywords is not null), '{}') as keyword_uids,
      coalesce(string_agg(bit_send(keywords), ''::bytea), ''::bytea) as keyword_bits`;

/** A whole mailbox in one row. $1 account, $2 mailbox. */
export const mailboxIndex = statement(
  "mailbox_index",
  ["int8", "int4"],
  `select ${MAILBOX_COLUMNS}, x.*
     from mailbox b cross join lateral (
       select ${ENTRY_ARRAYS}
         from (select uid, flags, modseq, keywords from entry e
                where e.account_id = $1 and e.mailbox_id = $2 order by uid) o
     ) x
    where b.account_id = $1 and b.mailbox_id = $2`,
);

/**
 * Entries that changed after modseq $3, and those that came. Changes are within the ranges of the log; where it does not
 * go back so far, anywhere. What came lies behind the last entry that is older: UIDs and the modseqs that
 * messages come with grow together, and an entry's modseq is never less than the one it came with.
 */
const CHANGED = `select e.* from unnest((
        select range_agg(x.uids) from (
          select int8range(uid_low, uid_high, '[]') as uids from changed_range
           where account_id = $1 and mailbox_id = $2 and modseq > $3
          union all
          select int8range(case when $3 < b.changed_floor then 0 else coalesce((
            select uid from entry where account_id = $1 and mailbox_id = $2 and modseq <= $3
             order by uid desc limit 1), 0) + 1 end, null)
        ) x)) as r (uids)
      cross join lateral (
        select uid, flags, modseq, keywords from entry
         where account_id = $1 and mailbox_id = $2 and modseq > $3
           and uid >= lower(r.uids) and uid < coalesce(upper(r.uids), 9223372036854775807)
         order by uid
      ) e`;

/** What changed after a modseq, in one row. $1 account, $2 mailbox, $3 modseq. */
export const mailboxChanges = statement(
  "mailbox_changes",
  ["int8", "int4", "int8"],
  `select ${MAILBOX_COLUMNS}, x.*, v.*, b.vanished_floor
     from mailbox b cross join lateral (
       select ${ENTRY_ARRAYS}
         from (select * from (${CHANGED}) c order by uid) o
     ) x cross join lateral (
       select coalesce(array_agg(uid_low), '{}') as lows, coalesce(array_agg(uid_high), '{}') as highs
         from (select uid_low, uid_high from expunged
                where account_id = $1 and mailbox_id = $2 and modseq > $3 order by uid_low) p
     ) v
    where b.account_id = $1 and b.mailbox_id = $2`,
);

/** What vanished after a modseq, in one row. $1 account, $2 mailbox, $3 modseq. */
export const mailboxVanished = statement(
  "mailbox_vanished",
  ["int8", "int4", "int8"],
  `select v.*, b.vanished_floor
     from mailbox b cross join lateral (
       select coalesce(array_agg(uid_low), '{}') as lows, coalesce(array_agg(uid_high), '{}') as highs
         from (select uid_low, uid_high from expunged
                where account_id = $1 and mailbox_id = $2 and modseq > $3 order by uid_low) p
     ) v
    where b.account_id = $1 and b.mailbox_id = $2`,
);

/** An entry's own columns, as `fetch` gives them: an array each, in the order of the UIDs. */
const FETCH_ENTRY =
  `array_agg(uid), array_agg(flags), array_agg(modseq), array_agg(message_id), array_agg(size),
      array_agg(internal_date), array_agg(save_date),
      coalesce(array_agg(uid) filter (where keywords is not null), '{}'),
      coalesce(string_agg(bit_send(keywords), ''::bytea), ''::bytea)`;

/** Columns of `message` behind them: numbers as an array; octets as an array of lengths, then all of them in a row. */
const FETCH_FACTS = "array_agg(header_size)";
const OCTET_COLUMNS = {
  envelope: "envelope",
  bodyStructure: "body_structure",
  structure: "structure",
} as const satisfies Partial<Record<keyof FetchWanted, string>>;

/** `fetch` for each set of things wanted, by a bit each; made when first asked for. */
const fetchStatements: (Statement | undefined)[] = [];

/**
 * A batch of messages, ascending, in one row: a row each would cost us several times as much. $1 account, $2 mailbox,
 * $3 and $4 ranges, $5 messages at most, $6 octets of envelopes and structures behind which no further message comes:
 * what strangers make them weigh must not become one row that nobody can read. What is not wanted is null, and the
 * message table is left alone when nothing of it is; everything is null when there are no messages.
 */
export function fetchStatement(wanted: FetchWanted): Statement {
  const mask = (wanted.facts ? 1 : 0) | (wanted.envelope ? 2 : 0) | (wanted.bodyStructure ? 4 : 0) |
    (wanted.structure ? 8 : 0);
  const all = Object.entries(OCTET_COLUMNS);
  const octets = all.filter(([of]) => wanted[of as keyof FetchWanted]).map(([, column]) => column);
  const columns = all.map(([, column]) =>
    octets.includes(column)
      ? `array_agg(octet_length(${column})), string_agg(${column}, ''::bytea)`
      : "null, null"
  );
  const rows = `select e.*${mask === 0 ? "" : ", m.header_size, m.envelope, m.body_structure, m.structure"}
           from (
             select e.* from unnest($3::int8[], $4::int8[]) as r (low, high)
              cross join lateral (
                select uid, flags, modseq, message_id, size, internal_date, save_date, keywords from entry
                 where account_id = $1 and mailbox_id = $2 and uid between r.low and r.high
                 order by uid limit $5
              ) e
              order by e.uid limit $5
           ) e
           ${mask === 0 ? "" : "join message m on m.account_id = $1 and m.message_id = e.message_id"}
          where exists (select from mailbox b where b.account_id = $1 and b.mailbox_id = $2)
          order by e.uid`;
  const weight = octets.map((column) => `octet_length(${column})`).join(" + ");
  const bounded = octets.length === 0 ? rows : `select * from (
           select i.*, sum(weight) over (order by uid rows unbounded preceding) - weight as before
             from (select r.*, ${weight} as weight from (${rows}) r) i
         ) w where before <= $6`;
  return fetchStatements[mask] ??= statement(
    `fetch_${mask}`,
    ["int8", "int4", "int8[]", "int8[]", "int4", "int8"],
    `select ${[FETCH_ENTRY, wanted.facts ? FETCH_FACTS : "null", ...columns].join(", ")} from (${bounded}) o`,
  );
}

/** Where messages' octets are. $1 account, $2 messages. */
export const messageBlobs = statement(
  "message_blobs",
  ["int8", "int8[]"],
  `select message_id, blob_id, size from message where account_id = $1 and message_id = any ($2)`,
);

/**
 * Pieces of messages' first chunks, in the order asked; null where a message or its chunk is gone. $1 account, then
 * a column each: $2 message, $3 first octet from 1, $4 count.
 */
export const readMessages = statement(
  "read_messages",
  ["int8", "int8[]", "int4[]", "int4[]"],
  `select substring(c.octets from p.first for p.count)
     from unnest($2::int8[], $3::int4[], $4::int4[]) with ordinality as p (message_id, first, count, ord)
     left join message m on m.account_id = $1 and m.message_id = p.message_id
     left join blob_chunk c on c.blob_id = m.blob_id and c.seq = 0
    order by p.ord`,
);

/** Pieces of blobs, in the order asked; null where a chunk is gone. A column each: $1 blob, $2 chunk, $3 first octet from 1, $4 count. */
export const readOctets = statement(
  "read_octets",
  ["uuid[]", "int4[]", "int4[]", "int4[]"],
  `select substring(c.octets from p.first for p.count)
     from unnest($1::uuid[], $2::int4[], $3::int4[], $4::int4[]) with ordinality
          as p (blob_id, seq, first, count, ord)
     left join blob_chunk c on c.blob_id = p.blob_id and c.seq = p.seq
    order by p.ord`,
);
