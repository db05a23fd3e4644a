/** The large mailbox, made by SQL: rows as deliveries and the indexer would have left them. */
import { sql } from "kysely";
import type { Database } from "../../src/store/pg/database.ts";
import { insertAccountState } from "../../src/store/mod.ts";

/** Every which message has "needle" in its subject and body, and "haystack" in its body. */
const NEEDLE = 100;

/**
 * SQL for five words that are one of 5000 such groups. `of`: a number of the row's, which changes nothing but that
 * each row gets words of its own.
 */
function words(of: string): string {
  return `(select upper(regexp_replace(translate(md5(((random() * 5000)::int + 0 * ${of})::text),
    '0123456789abcdef', 'etaoinshrdlucmfp'), '(.{3})(.{9})(.{6})(.{8})(.*)', '\\1 \\2 \\3 \\4 \\5')))`;
}

/** Makes the account and its INBOX; false when they are there. */
export async function fill(db: Database, messages: number): Promise<boolean> {
  const there = await sql<
    { messages: number }
  >`select messages from mailbox where account_id = 1 and name = 'INBOX'`.execute(
    db,
  );
  if (there.rows[0]?.messages === messages) return false;
  if (there.rows.length > 0) throw new Error("Cannot fill: another mailbox is there");
  await db.insertInto("domain").values({ name: "large.test" }).execute();
  await db.transaction().execute(async (trx) => {
    const row = await trx.insertInto("account").values({ domain: "large.test", local_part: "alice" })
      .returning("account_id").executeTakeFirstOrThrow();
    await insertAccountState(trx, row.account_id);
  });
  const indexes = await sql<{ name: string; def: string }>`
    select indexname as name, indexdef as def from pg_indexes
     where tablename = 'message_text' and indexdef like '%gin%'`.execute(db);
  await db.connection().execute(async (one) => {
    const run = (text: string) => sql.raw(text).execute(one);
    await run("set statement_timeout = 0");
    await run("set synchronous_commit = off");
    await run("set maintenance_work_mem = '512MB'");
    for (const { name } of indexes.rows) await run(`drop index ${name}`);
    const box = `(select mailbox_id from mailbox where account_id = 1 and name = 'INBOX')`;
    const step = 50_000;
    for (let from = 1; from <= messages; from += step) {
      const series = `generate_series(${from}, ${Math.min(messages, from + step - 1)}) n`;
      const needle = `n % ${NEEDLE} = 0`;
      await run(`insert into message select 1, n, gen_random_uuid(), 2000, 400, date '2026-01-01' + n / 10000,
        '()', '()', '' from ${series}`);
      await run(`insert into entry select 1, ${box}, n, n, n, 2000 + n % 1000,
        timestamptz '2026-01-01Z' + n * interval '1 minute', now(), n % 2, null from ${series}`);
      await run(`insert into message_text
        select 1, n, 'FROM: ' || ${words("n")} || ' <USER' || n % 997 || '@EXAMPLE.TEST>' ||
               e'\\nTO: ALICE <ALICE@LARGE.TEST>\\nSUBJECT: ' || ${words("n")} ||
               case when ${needle} then ' NEEDLE' else '' end || e'\\nMESSAGE-ID: <' || n || e'@X>\\n',
               (select string_agg(${words("(n + g)")}, ' ') from generate_series(1, 20) g) ||
               case when ${needle} then ' HAYSTACK NEEDLE' else '' end, n > 10000
          from ${series}`);
      await run(`insert into message_sort
        select 1, n, 'USER' || n % 997, 'ALICE', '', 'USER' || n % 997, 'ALICE', 'SUBJECT' || n % 5003, false,
               timestamptz '2026-01-01Z' + n * interval '1 minute', n || '@X' from ${series}`);
    }
    await run(
      `update mailbox set uidnext = ${messages} + 1, highestmodseq = ${messages}, messages = ${messages},
      unseen = ${messages} / 2, octets = ${messages} * 2500::int8 where account_id = 1 and name = 'INBOX'`,
    );
    await run(`update account_state set modseq = ${messages}, next_message_id = ${messages} + 1,
      indexed_message_id = ${messages}, sorted_message_id = ${messages}, used_messages = ${messages},
      used_octets = ${messages} * 2500::int8 where account_id = 1`);
    for (const { def } of indexes.rows) await run(def);
    await run("vacuum analyze");
    await run("checkpoint");
  });
  return true;
}
