/** The store's operations as `cpu.ts` and `guard.ts` measure them. */
import type { AccountId, MailboxId } from "../src/core/brands.ts";
import { Flag } from "../src/core/store.ts";
import { idOf, stage } from "../tests/store/support.ts";
import type { Lab } from "./lab.ts";
import { Letters, LOTS } from "./load/messages.ts";

/** One of them: `prepare` costs nothing, `run` does `each` operations. */
export interface Operation {
  readonly name: string;
  readonly each: number;
  readonly prepare?: () => Promise<void>;
  readonly run: () => Promise<void>;
}

/** Messages in the mailboxes that are read and changed. */
const MESSAGES = 1000;
const SINGLE = 100;
const KB = new Letters(1024),
  SHORT = new Letters(3072),
  LETTERS = new Letters(4096),
  BODIES = new Letters(20_480);

/** Makes the mailboxes that the operations need. */
export async function operations(lab: Lab): Promise<readonly Operation[]> {
  const { store } = lab.t;
  const reader = lab.accounts[0]!;
  await lab.fill(reader, "Overview", LETTERS, MESSAGES);
  await lab.fill(reader, "Bodies", BODIES, MESSAGES);
  const overview = await idOf(store, reader, "Overview"), bodies = await idOf(store, reader, "Bodies");
  let flagged = 0, next = 0;
  const read = async (low: number, high: number) => {
    let octets = 0;
    for await (const batch of store.fetch(reader, bodies, [[low, high]], { facts: true })) {
      const ranges = batch.map((row) => ({ message: row.message, start: 0, end: row.size }));
      for await (const piece of store.octets(reader, ranges)) octets += piece.octets.length;
    }
    if (octets < (high - low + 1) * BODIES.size) throw new Error("Cannot read all bodies");
  };
  return [
    ...[1, 10, 32].map((count) => ({
      name: `deliver ${count} of 1 KB in one transaction`,
      each: SINGLE * count,
      run: async () => {
        for (let i = 0; i < SINGLE; i++) await deliver(lab, lab.accounts, KB, count);
      },
    })),
    {
      name: "deliver 32 of 3 KB in one transaction",
      each: SINGLE * 32,
      run: async () => {
        for (let i = 0; i < SINGLE; i++) await deliver(lab, lab.accounts, SHORT, 32);
      },
    },
    {
      name: "deliver 20 KB to 10 recipients",
      each: SINGLE,
      run: async () => {
        for (let i = 0; i < SINGLE; i++) {
          const message = await stage(store, BODIES.octets(i));
          const to = lab.accounts.slice(0, 10).map((account) => ({ account, mailbox: "INBOX" }));
          await store.deliver([{ message, to }], { atomic: false });
        }
      },
    },
    {
      name: "append 4 KB",
      each: SINGLE,
      run: async () => {
        for (let i = 0; i < SINGLE; i++) await deliver(lab, [reader], LETTERS, 1);
      },
    },
    {
      name: "set a flag of one message",
      each: SINGLE,
      run: async () => {
        for (let i = 0; i < SINGLE; i++) await flag(lab, reader, overview, i + 1, i + 1, flagged);
        flagged ^= 1;
      },
    },
    {
      name: "set a flag of a range, per message",
      each: MESSAGES,
      run: async () => {
        await flag(lab, reader, overview, 1, MESSAGES, flagged);
        flagged ^= 1;
      },
    },
    {
      name: "expunge all, per message",
      each: MESSAGES,
      prepare: () => lab.fill(reader, `Gone${next}`, KB, MESSAGES),
      run: async () => {
        const mailbox = await idOf(store, reader, `Gone${next++}`);
        const gone = await store.remove(reader, mailbox, [[1, MESSAGES]]);
        if (!gone.ok) throw new Error("Cannot remove");
      },
    },
    { name: "mailbox, by name", each: SINGLE, run: () => times(() => store.mailbox(reader, "INBOX")) },
    {
      name: `index of ${MESSAGES} messages`,
      each: 20,
      run: () => times(() => store.index(reader, overview), 20),
    },
    {
      name: "fetch envelope and structure, per message",
      each: MESSAGES,
      run: async () => {
        const wanted = { envelope: true, bodyStructure: true };
        let rows = 0;
        for await (const batch of store.fetch(reader, overview, [[1, MESSAGES]], wanted)) {
          rows += batch.length;
        }
        if (rows !== MESSAGES) throw new Error(`Cannot fetch all: ${rows}`);
      },
    },
    {
      name: "extract text of 4 KB and search it, per message",
      each: MESSAGES,
      prepare: async () => {
        // What else lies about is extracted before.
        await search(lab, reader, overview);
        await lab.fill(reader, `New${next}`, LETTERS, MESSAGES);
      },
      run: async () => search(lab, reader, await idOf(store, reader, `New${next++}`)),
    },
    { name: "search text of 4 KB, per message", each: MESSAGES, run: () => search(lab, reader, overview) },
    { name: "read bodies of 20 KB in a range", each: MESSAGES, run: () => read(1, MESSAGES) },
    {
      name: "read bodies of 20 KB one by one",
      each: SINGLE,
      run: async () => {
        for (let uid = 1; uid <= SINGLE; uid++) await read(uid, uid);
      },
    },
  ];
}

async function times(work: () => Promise<unknown>, count = SINGLE): Promise<void> {
  for (let i = 0; i < count; i++) await work();
}

async function deliver(lab: Lab, accounts: readonly AccountId[], letters: Letters, count: number) {
  const items = [];
  for (let i = 0; i < count; i++) {
    const account = accounts[Math.floor(Math.random() * accounts.length)]!;
    items.push({ message: await stage(lab.t.store, letters.octets(i)), to: [{ account, mailbox: "INBOX" }] });
  }
  await lab.t.store.deliver(items, { atomic: false });
}

/** @throws Error unless it finds one lot's messages. */
async function search(lab: Lab, account: AccountId, mailbox: MailboxId): Promise<void> {
  const found = await lab.t.store.search(account, mailbox, { key: "body", text: Letters.bodyWord(7) });
  if (!found.ok || found.value.length !== MESSAGES / LOTS) throw new Error("Cannot find one lot");
}

async function flag(lab: Lab, account: AccountId, mailbox: MailboxId, low: number, high: number, on: number) {
  const op = on === 0 ? "add" : "remove";
  await lab.t.store.setFlags(account, mailbox, [[low, high]], { op, flags: Flag.Flagged, keywords: [] });
}
