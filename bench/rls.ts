/**
 * What row-level security would cost: `deno run -A bench/rls.ts [words]`.
 *
 * Stores on databases of their own take turns in one run: one without a fence, and some whose role sees only the rows
 * of the accounts that were named to PostgreSQL first, by one more statement in the same round trip. CPU is
 * PostgreSQL's and ours, in µs, on a throw-away PostgreSQL without fsync: the median of many short rounds, and what a
 * fence adds is the median of the rounds' differences, since the speed of a busy machine changes between rounds.
 */
import { sql } from "kysely";
import type { MailboxId } from "../src/core/brands.ts";
import { silent } from "../src/core/events.ts";
import { Flag } from "../src/core/store.ts";
import { realWorld } from "../src/core/world.ts";
import { dial } from "../src/net/mod.ts";
import { STORE_LIMITS } from "../src/store/limits.ts";
import { createStore } from "../src/store/mod.ts";
import { openDatabase } from "../src/store/pg/database.ts";
import { type Call, call, type Door, type Param, type Statement, statement } from "../src/store/pg/door.ts";
import { SERVING } from "../src/store/pg/embedded/owner.ts";
import { grantServing } from "../src/store/pg/roles.ts";
import { openDoor } from "../src/store/pg/wire/mod.ts";
import { stage } from "../tests/store/support.ts";
import { type Cost, type Lab, openLab } from "./lab.ts";
import { Letters, LOTS } from "./load/messages.ts";

const ACCOUNTS = 32, MESSAGES = 3000, ROUNDS = 41;

/** The mailbox that is read: the first one besides those that every account has. */
const READ = 7 as MailboxId;

/** The accounts that were named, none where nobody did; read once a statement, not once a row. */
const NAMED =
  `(select coalesce(nullif(current_setting('malleposte.accounts', true), ''), '{}')::int8[])::int8[]`;
/** IS TRUE keeps it out of the conditions of indexes: as one, it had PostgreSQL choose the wrong index. */
const MANY = `(account_id = any (${NAMED})) is true`;
/** For transactions of one account. PostgreSQL compares it with the statement's own parameter, once. */
const ONE = `account_id = nullif(current_setting('malleposte.accounts', true), '')::int8`;

/** A way to build it: the policy, and when a transaction names its accounts. */
interface Fence {
  readonly name: string;
  readonly policy?: string;
  /** Only where the transaction before on the connection named others; else in front of each. */
  readonly kept?: boolean;
}

const FENCES: readonly Fence[] = [
  { name: "no fence" },
  { name: "any accounts, named each time", policy: MANY },
  { name: "any accounts, named when others", policy: MANY, kept: true },
  { name: "one account, named each time", policy: ONE },
  { name: "one account, named when another", policy: ONE, kept: true },
];

const nameForTransaction = statement("fence", ["text"], `select set_config('malleposte.accounts', $1, true)`);
const nameForSession = statement(
  "fence_kept",
  ["text"],
  `select set_config('malleposte.accounts', $1, false)`,
);

const KB = new Letters(1024), LETTERS = new Letters(4096);

/** One that is measured: `each` operations on a lab. */
interface Operation {
  readonly name: string;
  readonly each: number;
  /** It writes to several accounts at once. */
  readonly many?: boolean;
  run(lab: Lab, i: number, round: number): Promise<unknown>;
}

const OPERATIONS: readonly Operation[] = [
  // First: what is delivered later waits in the index for VACUUM.
  { name: `SEARCH BODY among ${MESSAGES}`, each: 5, run: search },
  ...[1, 16].map((count) => ({
    name: `deliver ${count} of 1 KB in one transaction`,
    each: 20,
    many: count > 1,
    run: (lab: Lab, i: number) => deliver(lab, i, count),
  })),
  { name: "STATUS, one account", each: 60, run: ({ t }) => t.store.mailbox(t.accounts[0]!, "INBOX") },
  {
    name: "STATUS, accounts in turn",
    each: 60,
    run: ({ t }, i) => t.store.mailbox(t.accounts[i % ACCOUNTS]!, "INBOX"),
  },
  { name: "FETCH ENVELOPE of one", each: 60, run: (lab, i) => fetch(lab, i + 1, i + 1) },
  { name: "FETCH ENVELOPE of 1,000", each: 3, run: (lab) => fetch(lab, 1, 1000) },
  { name: "STORE of one", each: 20, run: (lab, i, round) => flag(lab, i + 1, round) },
];

const labs: Lab[] = [];
for (const fence of FENCES) labs.push(await serving(fence));
for (const operation of OPERATIONS) {
  if (Deno.args.length > 0 && !Deno.args.some((word) => operation.name.includes(word))) continue;
  const { each, many = false, run } = operation;
  const rounds: (Cost | undefined)[][] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const costs: (Cost | undefined)[] = [];
    for (const [k, lab] of labs.entries()) {
      const work = async () => {
        for (let i = 0; i < each; i++) await run(lab, i, round);
      };
      costs.push(many && FENCES[k]!.policy === ONE ? undefined : await lab.cost(each, work));
    }
    rounds.push(costs);
  }
  row(operation.name, ["postgres", "", "deno", "", "both"]);
  for (const [k, { name }] of FENCES.entries()) if (rounds[0]![k] !== undefined) tell(name, rounds, k);
}
Deno.exit(0);

/** One fence's line: what it costs, and how much more that is than without. */
function tell(name: string, rounds: readonly (readonly (Cost | undefined)[])[], k: number): void {
  const parts = [(c: Cost) => c.postgres, (c: Cost) => c.own, (c: Cost) => c.postgres + c.own].map((of) => {
    const bare = median(rounds.map((costs) => of(costs[0]!)));
    return { bare, more: median(rounds.map((costs) => of(costs[k]!) - of(costs[0]!))) };
  });
  const [postgres, own, both] = parts.map(({ bare, more }) => [
    (bare + more).toFixed(1),
    k === 0 ? "" : `${more < 0 ? "" : "+"}${(more / bare * 100).toFixed(0)}%`,
  ]);
  row(`  ${name}`, [...postgres!, ...own!, both![1]!]);
}

function row(name: string, columns: readonly string[]): void {
  console.log(name.padEnd(40) + columns.map((text) => text.padStart(10)).join(""));
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1]!;
}

/** A lab whose store comes in as the role that serves, behind a fence or not. */
async function serving(fence: Fence): Promise<Lab> {
  const lab = await openLab(ACCOUNTS);
  const { address, database } = lab.t.db;
  if (address.kind !== "socket") throw new Error("Cannot run on a given server: its roles are not ours");
  for (const account of lab.accounts) await lab.fill(account, "INBOX", KB, 32);
  await lab.fill(lab.accounts[0]!, "Letters", LETTERS, MESSAGES);
  const limits = { ...STORE_LIMITS, searchGramsFrom: 0 };
  {
    // Text is indexed by the first search.
    await using indexing = await lab.t.another({ limits });
    await search({ ...lab, t: { ...lab.t, store: indexing } }, 0);
  }
  await grantServing(database, SERVING);
  if (fence.policy !== undefined) {
    await addPolicies(lab, fence.policy);
    // SEARCH has a door of its own: there the account's name stands for the whole session.
    const alone = named([lab.accounts[0]!], fence.policy);
    await sql.raw(`alter database ${address.database} set malleposte.accounts = '${alone}'`).execute(
      database,
    );
  }
  await sql`vacuum analyze`.execute(database);
  const { password: _, ...at } = address;
  const door = openDoor(dial, { ...at, user: SERVING }, { shared: 1, exclusive: 1 });
  const base = {
    world: realWorld,
    emit: silent,
    indexer: false,
    limits,
    database: openDatabase({ ...at, user: SERVING }, { connections: 1 }),
  };
  const store = createStore({
    ...base,
    door: fence.policy === undefined ? door : fenced(door, fence.policy, fence.kept ?? false),
  });
  return { ...lab, t: { ...lab.t, store } };
}

async function addPolicies({ t: { db: { database } } }: Lab, policy: string): Promise<void> {
  const { rows } = await sql<{ name: string }>`
    select c.relname as name from pg_class c join pg_attribute a on a.attrelid = c.oid
     where c.relnamespace = current_schema()::regnamespace and c.relkind = 'r'
       and a.attname = 'account_id'`.execute(database);
  for (const { name } of rows) {
    await sql`alter table ${sql.id(name)} enable row level security`.execute(database);
    await sql`create policy fence on ${sql.id(name)} using (${sql.raw(policy)})`.execute(database);
  }
}

/** A door that names the accounts of each transaction: those that its statements have as their first parameter. */
function fenced(door: Door, policy: string, kept: boolean): Door {
  let last: string | undefined;
  const run = async (...calls: readonly Call[]) => {
    const accounts = named(accountsOf(calls), policy);
    if (!kept) return (await door.run(call(nameForTransaction, accounts), ...calls)).slice(1);
    if (accounts === last) return door.run(...calls);
    last = accounts;
    return (await door.run(call(nameForSession, accounts), ...calls)).slice(1);
  };
  const notMeasured = () => {
    throw new Error("Cannot run this one behind a fence: nothing that is measured needs it");
  };
  return {
    run,
    query: async (of: Statement, ...values: readonly Param[]) => (await run(call(of, ...values)))[0]!,
    transaction: notMeasured,
    stream: notMeasured,
    [Symbol.asyncDispose]: () => door[Symbol.asyncDispose](),
  };
}

function named(accounts: readonly number[], policy: string): string {
  return policy === ONE ? String(accounts[0]) : `{${accounts.join(",")}}`;
}

function accountsOf(calls: readonly Call[]): readonly number[] {
  const accounts = new Set<number>();
  for (const { statement: { params }, values } of calls) {
    if (params[0] === "int8") accounts.add(values[0] as number);
    else if (params[0] === "int8[]") {
      for (const account of values[0] as readonly number[]) accounts.add(account);
    }
  }
  return [...accounts];
}

async function deliver({ t: { store }, accounts }: Lab, i: number, count: number): Promise<void> {
  const items = [];
  for (let k = 0; k < count; k++) {
    const to = [{ account: accounts[(i * 7 + k) % ACCOUNTS]!, mailbox: "INBOX" }];
    items.push({ message: await stage(store, KB.octets(k)), to });
  }
  for (const [outcome] of await store.deliver(items, { atomic: false })) {
    if (!outcome!.ok) throw new Error(`Cannot deliver: ${JSON.stringify(outcome!.failure)}`);
  }
}

async function fetch({ t: { store }, accounts }: Lab, low: number, high: number): Promise<void> {
  let rows = 0;
  for await (const batch of store.fetch(accounts[0]!, READ, [[low, high]], { envelope: true })) {
    rows += batch.length;
  }
  if (rows !== high - low + 1) throw new Error(`Cannot fetch all: ${rows}`);
}

async function flag({ t: { store }, accounts }: Lab, i: number, round: number): Promise<void> {
  const op = round % 2 === 0 ? "add" : "remove";
  const changed = await store.setFlags(accounts[0]!, READ, [[i, i]], {
    op,
    flags: Flag.Flagged,
    keywords: [],
  });
  if (!changed.ok || changed.value.changed.length !== 1) throw new Error("Cannot set a flag");
}

async function search({ t: { store }, accounts }: Lab, i: number): Promise<void> {
  const found = await store.search(accounts[0]!, READ, { key: "body", text: Letters.bodyWord(i % LOTS) });
  if (!found.ok || found.value.length !== MESSAGES / LOTS) {
    throw new Error("Cannot find the messages of a lot");
  }
}
