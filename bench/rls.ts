/**
 * What the fence of rows costs (`src/store/pg/fence.ts`): `deno run -A bench/rls.ts [words]`.
 *
 * Two stores on databases of their own take turns in one run, both as the role that serves: one as it is, and one whose
 * tables have no policies and whose connections name nobody. CPU is PostgreSQL's and ours, in µs, on a throw-away
 * PostgreSQL without fsync: the median of many short rounds, and what the fence adds is the median of the rounds'
 * differences, since the speed of a busy machine changes between rounds.
 */
import { sql } from "kysely";
import type { MailboxId } from "../src/core/brands.ts";
import { silent } from "../src/core/events.ts";
import { Flag } from "../src/core/store.ts";
import { realWorld } from "../src/core/world.ts";
import { dial } from "../src/net/mod.ts";
import { STORE_LIMITS } from "../src/store/limits.ts";
import { createStore } from "../src/store/mod.ts";
import type { Call, Door, Statement } from "../src/store/pg/door.ts";
import { FENCED } from "../src/store/pg/fence.ts";
import { openDoor } from "../src/store/pg/wire/mod.ts";
import { stage } from "../tests/store/support.ts";
import { type Cost, type Lab, openLab } from "./lab.ts";
import { Letters, LOTS } from "./load/messages.ts";

const ACCOUNTS = 32, MESSAGES = 3000, ROUNDS = 41;

/** The mailbox that is read: the first one besides those that every account has. */
const READ = 7 as MailboxId;

const KB = new Letters(1024), LETTERS = new Letters(4096);

/** One that is measured: `each` operations on a lab. */
interface Operation {
  readonly name: string;
  readonly each: number;
  run(lab: Lab, i: number, round: number): Promise<unknown>;
}

const OPERATIONS: readonly Operation[] = [
  // First: what is delivered later waits in the index for VACUUM.
  { name: `SEARCH BODY among ${MESSAGES}`, each: 5, run: search },
  ...[1, 16].map((count) => ({
    name: `deliver ${count} of 1 KB in one transaction`,
    each: 20,
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

const labs = [await serving(false), await serving(true)] as const;
row("", ["postgres", "", "deno", "", "both"]);
for (const { name, each, run } of OPERATIONS) {
  if (Deno.args.length > 0 && !Deno.args.some((word) => name.includes(word))) continue;
  const rounds: (readonly [Cost, Cost])[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const costs: Cost[] = [];
    for (const lab of labs) {
      costs.push(
        await lab.cost(each, async () => {
          for (let i = 0; i < each; i++) await run(lab, i, round);
        }),
      );
    }
    rounds.push([costs[0]!, costs[1]!]);
  }
  tell(name, rounds);
}
Deno.exit(0);

/** An operation's line: what it costs with the fence, and how much more that is than without. */
function tell(name: string, rounds: readonly (readonly [Cost, Cost])[]): void {
  const parts = [(c: Cost) => c.postgres, (c: Cost) => c.own, (c: Cost) => c.postgres + c.own].map((of) => {
    const bare = median(rounds.map(([without]) => of(without)));
    const more = median(rounds.map(([without, fenced]) => of(fenced) - of(without)));
    return [(bare + more).toFixed(1), `${more < 0 ? "" : "+"}${(more / bare * 100).toFixed(0)}%`];
  });
  row(name, [...parts[0]!, ...parts[1]!, parts[2]![1]!]);
}

function row(name: string, columns: readonly string[]): void {
  console.log(name.padEnd(40) + columns.map((text) => text.padStart(10)).join(""));
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1]!;
}

/** A lab whose store comes in as the role that serves, behind the fence or not. */
async function serving(fence: boolean): Promise<Lab> {
  const lab = await openLab(ACCOUNTS);
  const { db } = lab.t;
  for (const account of lab.accounts) await lab.fill(account, "INBOX", KB, 32);
  await lab.fill(lab.accounts[0]!, "Letters", LETTERS, MESSAGES);
  const limits = { ...STORE_LIMITS, searchGramsFrom: 0 };
  {
    // Text is indexed by the first search.
    await using indexing = await lab.t.another({ limits });
    await search({ ...lab, t: { ...lab.t, store: indexing } }, 0);
  }
  if (!fence) await takeAway(lab);
  await sql`vacuum analyze`.execute(db.database);
  const door = openDoor(dial, db.serving, { shared: 1, exclusive: 1 });
  const store = createStore({
    world: realWorld,
    emit: silent,
    indexer: false,
    limits,
    database: db.served,
    door: fence ? door : nameless(door),
  });
  return { ...lab, t: { ...lab.t, store } };
}

async function takeAway({ t: { db: { database } } }: Lab): Promise<void> {
  for (const table of FENCED) {
    await sql`alter table ${sql.id(table)} disable row level security`.execute(database);
  }
  await sql`create or replace view searched_text as select * from message_text`.execute(database);
}

/** A door whose statements touch nobody's rows, so that nobody is named. */
function nameless(door: Door): Door {
  const bare = new Map<Statement, Statement>();
  const strip = ({ statement, values }: Call): Call => {
    let of = bare.get(statement);
    if (of === undefined) bare.set(statement, of = { ...statement, whose: undefined });
    return { statement: of, values };
  };
  const { run } = door;
  door.run = (...calls) => run.apply(door, calls.map(strip));
  return door;
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
