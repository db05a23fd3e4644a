/**
 * The end of a statement that removed entries (`gone`, with a column message_id) of account $1: messages
 * that lost their last entry go with their text, and their blobs are put out for the sweep. The statement
 * does not see its own deletions, so a message is lost when as many entries went as there were. Blobs in
 * order: accounts that share one then wait for each other instead of deadlocking.
 */
export const DROP_LOST_MESSAGES = `lost as (
    select g.message_id from (select message_id, count(*) as entries from gone group by message_id) g
     where g.entries = (select count(*) from entry e where e.account_id = $1 and e.message_id = g.message_id)
  ), dropped as (
    delete from message m using lost l where m.account_id = $1 and m.message_id = l.message_id
    returning m.blob_id
  ), untexted as (
    delete from message_text t using lost l where t.account_id = $1 and t.message_id = l.message_id
  ), unsorted as (
    delete from message_sort k using lost l where k.account_id = $1 and k.message_id = l.message_id
  ), freed as (
    insert into blob_garbage (blob_id) select distinct blob_id from dropped order by blob_id
    on conflict (blob_id) do update set freed_at = excluded.freed_at
  )`;
