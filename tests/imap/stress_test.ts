/**
 * Many clients of one account at once, in all kinds of sessions, on two workers that share a database: each does
 * what comes to its mind and checks all that it is told; in the end all know the same, and it is true.
 *
 * `deno test -A tests/imap/stress_test.ts -- --seconds 3600 --seed 7 --clients 16` is for longer.
 */
import { assert, assertEquals } from "@std/assert";
import { BroadcastBus } from "../../src/store/mod.ts";
import type { MailStore } from "../../src/core/store.ts";
import { assertInvariants } from "../store/invariants.ts";
import { bench, good, idOf, put } from "../store/support.ts";
import { ALICE } from "../support/imap_auth.ts";
import { TestSession } from "../support/imap_session.ts";
import { dice } from "./random.ts";
import { act, MAILBOXES, newMail, option } from "./stress_acts.ts";
import { ENABLED, type Mode, SharedMailbox, StressClient } from "./stress_client.ts";

const SECONDS = option("seconds", 20);
const CLIENTS = option("clients", 8);
/** The same in every run of the suite: what is new is looked for by hand, with other seeds. */
const SEED = option("seed", 1_042_588_476);

const MODES = Object.keys(ENABLED) as Mode[];
Deno.test(`IMAP clients at random never see what is not so (seed ${SEED})`, async () => {
  const channel = `stress ${crypto.randomUUID()}`;
  await using t = await bench(1, { buses: [new BroadcastBus(channel)] });
  await using second = await t.another({ buses: [new BroadcastBus(channel)] });
  const stores: readonly MailStore[] = [t.store, second];
  const shared = new Map(MAILBOXES.map((name) => [name, new SharedMailbox()]));
  for (let n = 0; n < 10; n++) await put(t.store, ALICE, newMail());

  const open: TestSession[] = [];
  const sessions = await Promise.all(Array.from({ length: CLIENTS }, async (_, n) => {
    const mode = MODES[n % MODES.length]!;
    const session = await TestSession.open(stores[n % 2]!, {}, ...ENABLED[mode]);
    open.push(session);
    return new StressClient(`client ${n}`, mode, session, shared);
  }));
  try {
    const until = performance.now() + SECONDS * 1000;
    let acts = 0;
    await Promise.all(sessions.map(async (client, n) => {
      const roll = dice(SEED + n);
      await client.select(MAILBOXES[roll(MAILBOXES.length)]!);
      while (performance.now() < until) {
        await act(client, roll);
        acts++;
      }
    }));
    console.log(`seed ${SEED}: ${acts} acts of ${CLIENTS} clients`);
    for (const name of MAILBOXES) {
      const truth = await truthOf(t.store, name);
      for (const client of sessions) {
        if (client.mailbox !== name) continue;
        await client.run("NOOP");
        await client.learn();
        assertEquals(client.summary, truth, `${client.name} (${client.mode}) in ${name}, seed ${SEED}`);
      }
    }
    await assertInvariants(t.db.database);
  } finally {
    for (const session of open) await session[Symbol.asyncDispose]();
  }
});

/** UIDs and flags as a session sees them that knows nothing. */
async function truthOf(store: MailStore, name: string): Promise<readonly string[]> {
  const mailbox = await idOf(store as never, ALICE, name);
  const { uids, flags, keywords, mailbox: { keywords: names } } = good(await store.index(ALICE, mailbox));
  const bits = ["\\Seen", "\\Answered", "\\Flagged", "\\Deleted", "\\Draft"];
  return Array.from(uids, (uid, i) => {
    const set = bits.filter((_, bit) => (flags[i]! >> bit & 1) === 1);
    set.push(...(keywords.get(uid) ?? []).map((number) => names[number]!));
    return `${uid} ${set.sort().join(" ")}`;
  });
}

Deno.test("the checks of the stress test notice what cannot be true", () => {
  const lies: readonly (readonly [Mode, string, string])[] = [
    ["rev1", "NOOP", "* 1 EXISTS"],
    ["rev1", "NOOP", "* 4 EXPUNGE"],
    ["rev1", "FETCH 1 FLAGS", "* 1 EXPUNGE"],
    ["rev1", "NOOP", "* VANISHED 1"],
    ["qresync", "NOOP", "* 1 EXPUNGE"],
    ["qresync", "NOOP", "* VANISHED 9"],
    ["rev1", "NOOP", "* 4 FETCH (FLAGS ())"],
    ["rev1", "NOOP", "* 2 FETCH (UID 9 FLAGS ())"],
    ["rev1", "NOOP", "* 2 UIDFETCH (FLAGS ())"],
    ["condstore", "NOOP", "* 2 FETCH (UID 2 MODSEQ (4))"],
    ["rev1", "SEARCH ALL", "* SEARCH 1 4"],
    ["rev1", "NOOP", "* BYE"],
  ];
  for (const [mode, command, line] of lies) {
    const shared = new Map([["INBOX", new SharedMailbox()]]);
    const client = new StressClient("test", mode, undefined as unknown as TestSession, shared);
    client.mailbox = "INBOX";
    client.hear(
      ["* 3 EXISTS", ...[1, 2, 3].map((n) => `* ${n} FETCH (UID ${n} FLAGS () MODSEQ (5))`)],
      "SELECT",
    );
    let noticed = false;
    try {
      client.hear([line], command);
    } catch {
      noticed = true;
    }
    assert(noticed, `${mode}: ${line}`);
  }
});
