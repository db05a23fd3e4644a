/** Messages that lost their last entry go with their text, and their blobs are put out for the sweep. */

/**
 * The end of a statement that takes `lost` messages (message_id) of account $1 away. Blobs in order: accounts that share
 * one then wait for each other instead of deadlocking.
 */
export const DROP_LOST = `dropped as (
    delete from message m
     where m.account_id = $1 and m.message_id = any (array(select message_id from lost))
    returning m.blob_id
  ), untexted as (
    delete from message_text t
     where t.account_id = $1 and t.message_id = any (array(select message_id from lost))
  ), unsorted as (
    delete from message_sort k
     where k.account_id = $1 and k.message_id = any (array(select message_id from lost))
  ), freed as (
    insert into blob_garbage (blob_id) select distinct blob_id from dropped order by blob_id
    on conflict (blob_id) do update set freed_at = excluded.freed_at
  )`;

/** Messages that one statement takes away with their entries; of more, the sweep does. */
const LOST_AT_ONCE = 100;

function lost(condition: string): string {
  return `lost as (
    select g.message_id from (select message_id, count(*) as entries from gone group by message_id) g
     where ${condition}
       g.entries = (select count(*) from entry e where e.account_id = $1 and e.message_id = g.message_id)
  )`;
}

/**
 * The end of a statement that removed entries (`gone`, with a column message_id) of account $1. The statement does not
 * see its own deletions, so a message is lost when as many entries went as there were.
 */
export const DROP_LOST_MESSAGES = `${lost("")}, ${DROP_LOST}`;

/** The same where they may be many, and `next` has their modseq: taking them away is most of the work. */
export const DROP_OR_LEAVE_LOST_MESSAGES = `${
  lost(`(select count(*) <= ${LOST_AT_ONCE} from gone) and`)
}, ${DROP_LOST}, left_to_sweep as (
    insert into message_garbage (account_id, modseq, message_ids)
    select $1, next.modseq, array_agg(message_id) from gone, next group by next.modseq
    having count(*) > ${LOST_AT_ONCE}
  )`;
