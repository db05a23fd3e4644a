/**
 * How cost grows: `deno run -A bench/growth.ts [--largest 1000000] [--json]`.
 *
 * CPU of delivery, SELECT, FETCH and SEARCH with 1 k, 10 k, 100 k messages in a mailbox; of delivery at 10, 1,000 and
 * 100,000 accounts; octets on disk per octet of mail; and the whole server with one worker and with two. CPU is
 * PostgreSQL's and ours, in µs; on a throw-away PostgreSQL without fsync, but for the workers.
 */
import { Command } from "commander";
import { sql } from "kysely";
import type { AccountId, MailboxId, ModSeq } from "../src/core/brands.ts";
import { Flag } from "../src/core/store.ts";
import { idOf, stage } from "../tests/store/support.ts";
import { type Cost, type Lab, openLab } from "./lab.ts";
import { columns, rate } from "./load/figures.ts";
import { Letters } from "./load/messages.ts";
import { rowsNamed, runRow } from "./load/run.ts";
import { startTarget } from "./load/target.ts";

const program = new Command("growth")
  .option("--largest <n>", "messages of the largest mailbox", "100000")
  .option("--most <n>", "accounts of the largest directory", "100000")
  .option("--no-workers", "leave the whole server out")
  .option("--json");
program.parse(["deno", "growth", ...Deno.args]);
const { largest, most, workers, json } = program.opts();

/** One line of a table: what, and µs of CPU or other numbers by name. */
type Line = Readonly<Record<string, string | number>>;

/** Operations that are averaged, and how often they are measured: the least counts. */
const EACH = 50, ROUNDS = 3;
const LETTERS = new Letters(2048);

const tables: Record<string, readonly Line[]> = {
  "CPU µs by messages in the mailbox": await byMailbox(),
  "CPU µs by accounts": await byAccounts(),
  "disk octets per octet of mail": await disk(),
  ...(workers ? { "whole server, SMTP 1 KB, kept connections": await byWorkers() } : {}),
};
if (json) console.log(JSON.stringify(tables, null, 2));
else {
  for (const [title, lines] of Object.entries(tables)) {
    const names = Object.keys(lines[0]!);
    const rows = [names, ...lines.map((line) => names.map((name) => String(line[name])))];
    console.log(`\n${title}\n${columns(rows).join("\n")}`);
  }
}
Deno.exit(0);

async function byMailbox(): Promise<Line[]> {
  await using lab = await openLab(1);
  const { store } = lab.t;
  const account = lab.accounts[0]!;
  const lines: Line[] = [];
  for (let filled = 0, size = 1000; size <= Number(largest); filled = size, size *= 10) {
    await lab.fill(account, "INBOX", LETTERS, size - filled);
    const inbox = await idOf(store, account, "INBOX");
    const bySubject = { key: "header", field: "subject", text: Letters.headerWord(7) } as const;
    // Has the text extracted, before PostgreSQL counts what there is: autovacuum would as well.
    await store.search(account, inbox, bySubject);
    await analyze(lab);
    lines.push({
      messages: size,
      deliver: await least(lab, EACH, () => times(() => deliver(lab, account))),
      "STATUS": await least(lab, EACH, () => times(() => store.mailbox(account, "INBOX"))),
      "SELECT": await least(lab, 1, () => store.index(account, inbox)),
      "FETCH of 20": await least(lab, EACH, () => times(() => fetchSome(lab, account, inbox, size))),
      "flag of one": await least(lab, EACH, () => times((i) => flag(lab, account, inbox, size - i))),
      "what changed": await least(lab, EACH, () => times(() => changes(lab, account, inbox))),
      "SEARCH SUBJECT": await least(lab, 1, () => store.search(account, inbox, bySubject)),
    });
  }
  return lines;
}

async function byAccounts(): Promise<Line[]> {
  await using lab = await openLab(1);
  const lines: Line[] = [];
  let there = 1;
  for (const count of [10, 1000, Number(most)]) {
    await addAccounts(lab, count - there);
    there = count;
    await analyze(lab);
    const ids = await sql<{ id: number }>`select account_id as id from account_state`.execute(
      lab.t.db.database,
    );
    const accounts = ids.rows.map(({ id }) => id as AccountId);
    const random = () => accounts[Math.floor(Math.random() * accounts.length)]!;
    lines.push({
      accounts: count,
      deliver: await least(lab, EACH, () => times(() => deliver(lab, random()))),
      "deliver 32": await least(
        lab,
        EACH * 32,
        () => times(() => deliver(lab, ...Array.from({ length: 32 }, random))),
      ),
      STATUS: await least(lab, EACH, () => times(() => lab.t.store.mailbox(random(), "INBOX"))),
    });
  }
  return lines;
}

async function disk(): Promise<Line[]> {
  const lines: Line[] = [];
  for (const size of [1024, 4096, 20_480, 204_800]) {
    await using lab = await openLab(1);
    const before = await databaseSize(lab);
    const count = Math.ceil(20_000_000 / size);
    await lab.fill(lab.accounts[0]!, "INBOX", new Letters(size), count);
    const after = await databaseSize(lab);
    await lab.t.store.search(lab.accounts[0]!, await idOf(lab.t.store, lab.accounts[0]!, "INBOX"), {
      key: "body",
      text: "whatever has them extracted",
    });
    const searched = await databaseSize(lab);
    lines.push({
      "octets of a message": size,
      messages: count,
      "times on disk": ((after - before) / (count * size)).toFixed(2),
      "octets beside the message": Math.round((after - before) / count - size),
      "octets of text for SEARCH": Math.round((searched - after) / count),
    });
  }
  return lines;
}

async function byWorkers(): Promise<Line[]> {
  const lines: Line[] = [];
  for (const count of [1, 2]) {
    await using target = await startTarget({ accounts: 10, workers: count });
    const load = { target, connections: 20, readers: 4, seconds: 5, messages: 1000, accounts: 10, idle: 0 };
    const figures = await runRow(load, rowsNamed(["smtp-1k"])[0]!);
    lines.push({
      workers: count,
      "messages/s": rate(figures).toFixed(0),
      "CPU s/1000": figures.cpu?.toFixed(3) ?? "-",
      errors: figures.errors,
    });
  }
  return lines;
}

/** PostgreSQL's and our own CPU of one operation, the least of some rounds. */
async function least(lab: Lab, count: number, work: () => Promise<unknown>): Promise<string> {
  let best: Cost = { postgres: Infinity, own: Infinity };
  for (let round = 0; round < ROUNDS; round++) {
    const cost = await lab.cost(count, work);
    best = { postgres: Math.min(best.postgres, cost.postgres), own: Math.min(best.own, cost.own) };
  }
  return `${best.postgres.toFixed(0)} + ${best.own.toFixed(0)}`;
}

async function times(work: (i: number) => Promise<unknown>): Promise<void> {
  for (let i = 0; i < EACH; i++) await work(i);
}

async function deliver(lab: Lab, ...accounts: AccountId[]): Promise<void> {
  const items = [];
  for (const account of accounts) {
    const message = await stage(lab.t.store, LETTERS.octets(1));
    items.push({ message, to: [{ account, mailbox: "INBOX" }] });
  }
  for (const [outcome] of await lab.t.store.deliver(items, { atomic: false })) {
    if (!outcome!.ok) throw new Error(`Cannot deliver: ${JSON.stringify(outcome!.failure)}`);
  }
}

/** Twenty messages from anywhere. */
async function fetchSome(lab: Lab, account: AccountId, mailbox: MailboxId, size: number): Promise<void> {
  const first = 1 + Math.floor(Math.random() * (size - 20));
  const wanted = { envelope: true, bodyStructure: true };
  let rows = 0;
  for await (const batch of lab.t.store.fetch(account, mailbox, [[first, first + 19]], wanted)) {
    rows += batch.length;
  }
  if (rows !== 20) throw new Error(`Cannot fetch 20 messages: ${rows}`);
}

async function flag(lab: Lab, account: AccountId, mailbox: MailboxId, uid: number): Promise<void> {
  const change = {
    op: "add",
    flags: 1 << Math.floor(Math.random() * 4) & ~Flag.Deleted,
    keywords: [],
  } as const;
  await lab.t.store.setFlags(account, mailbox, [[uid, uid]], change);
}

/** As a session that idles hears of the newest message. */
async function changes(lab: Lab, account: AccountId, mailbox: MailboxId): Promise<void> {
  const info = await lab.t.store.mailbox(account, "INBOX");
  await lab.t.store.changes(account, mailbox, info!.highestModSeq - 1 as ModSeq);
}

/** As `account import` and its mailboxes would, in one statement each. */
async function addAccounts(lab: Lab, count: number): Promise<void> {
  const db = lab.t.db.database;
  await sql`with a as (
      insert into account (domain, local_part)
      select 'example.test', 'more' || gen_random_uuid() from generate_series(1, ${sql.lit(count)})
      returning account_id
    ), s as (
      insert into account_state (account_id, next_mailbox_id) select account_id, 2 from a
    ) insert into mailbox (account_id, mailbox_id, name, uidvalidity) select account_id, 1, 'INBOX', 1 from a`
    .execute(db);
}

/** As autovacuum would: plans of a table that has grown are made anew. */
async function analyze(lab: Lab): Promise<void> {
  await sql`analyze`.execute(lab.t.db.database);
}

async function databaseSize(lab: Lab): Promise<number> {
  const { rows } = await sql<{ size: number }>`select pg_database_size(current_database()) as size`
    .execute(lab.t.db.database);
  return rows[0]!.size;
}
