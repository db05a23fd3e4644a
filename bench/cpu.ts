/**
 * CPU that one operation of the store costs, PostgreSQL's and our own apart: `deno run -A bench/cpu.ts`.
 *
 * Wall time on a busy machine tells little; the least CPU of several rounds tells which change is one. Runs on a
 * throw-away PostgreSQL without fsync, whose cost is the disk's. Linux only: reads /proc.
 */
import process from "node:process";
import { Flag } from "../src/core/store.ts";
import { bench, idOf, mail, stage } from "../tests/store/support.ts";

const ACCOUNTS = 20, ROUNDS = 6;
const BODY = "The mail coach left at eight and lost none of its letters on the way.\n".repeat(10);

const t = await bench(ACCOUNTS);
const [reader] = t.accounts as [typeof t.accounts[number]];
const name = t.db.address.kind === "socket" ? t.db.address.database : "";

/** Milliseconds of CPU so far of the database's connections. */
function postgresMs(): number {
  let ms = 0;
  for (const { name: pid } of Deno.readDirSync("/proc")) {
    if (!/^\d+$/.test(pid)) continue;
    try {
      const command = Deno.readTextFileSync(`/proc/${pid}/cmdline`);
      if (!command.startsWith("postgres: ") || !command.includes(` ${name} `)) continue;
      ms += Number(Deno.readTextFileSync(`/proc/${pid}/schedstat`).split(" ")[0]) / 1e6;
    } catch { /* it ended meanwhile */ }
  }
  return ms;
}

async function deliver(count: number): Promise<void> {
  const items = [];
  for (let i = 0; i < count; i++) {
    const account = t.accounts[Math.floor(Math.random() * ACCOUNTS)]!;
    const message = await stage(t.store, mail(`Message ${i}`, BODY));
    items.push({ message, to: [{ account, mailbox: "INBOX" }] });
  }
  await t.store.deliver(items, { atomic: false });
}

async function measure(what: string, count: number, work: (i: number) => Promise<unknown>): Promise<void> {
  let postgres = Infinity, own = Infinity;
  for (let round = 0; round < ROUNDS; round++) {
    const before = postgresMs(), ownBefore = process.cpuUsage();
    for (let i = 0; i < count; i++) await work(i);
    const used = process.cpuUsage(ownBefore);
    postgres = Math.min(postgres, (postgresMs() - before) * 1000 / count);
    own = Math.min(own, (used.user + used.system) / count);
  }
  console.log(`${what.padEnd(36)} ${postgres.toFixed(0).padStart(8)} ${own.toFixed(0).padStart(8)}`);
}

await deliver(50);
const inbox = await idOf(t.store, reader, "INBOX");
for (let i = 0; i < 60; i++) {
  const message = await stage(t.store, mail(`Mine ${i}`, BODY));
  await t.store.deliver([{ message, to: [{ account: reader, mailbox: "INBOX" }] }], { atomic: false });
}
console.log(
  `${"µs of CPU, the least of 6 rounds".padEnd(36)} ${"postgres".padStart(8)} ${"deno".padStart(8)}`,
);
for (const count of [1, 2, 5, 10, 32]) {
  await measure(`deliver ${count} of 1 KB, one transaction`, 200, () => deliver(count));
}
await measure(
  "setFlags: one message",
  200,
  (i) =>
    t.store.setFlags(reader, inbox, [[i % 50 + 1, i % 50 + 1]], {
      op: Math.floor(i / 50) % 2 === 0 ? "add" : "remove",
      flags: Flag.Flagged,
      keywords: [],
    }),
);
await measure("mailbox, by name", 200, () => t.store.mailbox(reader, "INBOX"));
await measure("index", 200, () => t.store.index(reader, inbox));
await measure("fetch: 50 messages, all but bodies", 100, async () => {
  const wanted = { facts: true, envelope: true, bodyStructure: true };
  for await (const _ of t.store.fetch(reader, inbox, [[1, 50]], wanted)) { /* only read */ }
});
await t[Symbol.asyncDispose]();
Deno.exit(0);
