/** A store on a throw-away PostgreSQL, and how much CPU its operations cost. Linux only: reads /proc. */
import process from "node:process";
import type { AccountId } from "../src/core/brands.ts";
import type { Call } from "../src/store/pg/door.ts";
import { type Bench, bench, stage } from "../tests/store/support.ts";
import { Letters } from "./load/messages.ts";

/** CPU of one operation in µs. */
export interface Cost {
  readonly postgres: number;
  readonly own: number;
}

/** A store with accounts, and a clock of CPU. */
export interface Lab extends AsyncDisposable {
  readonly t: Bench;
  readonly accounts: readonly AccountId[];
  /** Puts letters into a mailbox of an account, 32 in a transaction. */
  fill(account: AccountId, mailbox: string, letters: Letters, count: number): Promise<void>;
  /** Transactions that were sent to PostgreSQL so far, one round trip each. */
  trips(): number;
  /** CPU that `work` took, divided by `count`. */
  cost(count: number, work: () => Promise<unknown>): Promise<Cost>;
}

/** Messages of one transaction when a mailbox is filled. */
const BATCH = 32;

/** Opens one; fsync is off, whose cost is the disk's. */
export async function openLab(accounts: number): Promise<Lab> {
  const t = await bench(accounts);
  let trips = 0;
  const { door } = t.db, run = door.run.bind(door);
  door.run = (...calls: readonly Call[]) => {
    trips++;
    return run(...calls);
  };
  const name = t.db.address.kind === "socket" ? t.db.address.database : "";
  return {
    t,
    accounts: t.accounts,
    trips: () => trips,
    async fill(account, mailbox, letters, count) {
      for (let i = 0; i < count; i += BATCH) {
        const items = [];
        for (let k = i; k < Math.min(count, i + BATCH); k++) {
          items.push({
            message: await stage(t.store, letters.octets(k)),
            to: [{ account, mailbox, create: true }],
          });
        }
        for (const [outcome] of await t.store.deliver(items, { atomic: false })) {
          if (!outcome!.ok) throw new Error(`Cannot fill ${mailbox}: ${JSON.stringify(outcome!.failure)}`);
        }
      }
    },
    async cost(count, work) {
      const postgres = postgresTimes(name), own = process.cpuUsage();
      await work();
      const used = process.cpuUsage(own);
      return {
        postgres: spentSince(postgres, postgresTimes(name)) * 1000 / count,
        own: (used.user + used.system) / count,
      };
    },
    [Symbol.asyncDispose]: () => t[Symbol.asyncDispose](),
  };
}

/** Milliseconds of CPU so far of each of a database's connections. */
function postgresTimes(database: string): ReadonlyMap<string, number> {
  const times = new Map<string, number>();
  for (const { name: pid } of Deno.readDirSync("/proc")) {
    if (!/^\d+$/.test(pid)) continue;
    try {
      const command = Deno.readTextFileSync(`/proc/${pid}/cmdline`);
      if (!command.startsWith("postgres: ") || !command.includes(` ${database} `)) continue;
      times.set(pid, Number(Deno.readTextFileSync(`/proc/${pid}/schedstat`).split(" ")[0]) / 1e6);
    } catch { /* it ended meanwhile */ }
  }
  return times;
}

/** A connection that ended in between, as idle ones do, counts no more. */
function spentSince(before: ReadonlyMap<string, number>, now: ReadonlyMap<string, number>): number {
  let ms = 0;
  for (const [pid, time] of now) ms += time - (before.get(pid) ?? 0);
  return ms;
}
