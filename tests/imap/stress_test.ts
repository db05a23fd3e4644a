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
import { bench, good, idOf, mail, put } from "../store/support.ts";
import { ALICE } from "../support/imap_auth.ts";
import { TestSession } from "../support/imap_session.ts";
import { dice } from "./random.ts";
import { ENABLED, type Mode, SharedMailbox, StressClient } from "./stress_client.ts";

const option = (name: string, fallback: number) => {
  const at = Deno.args.indexOf(`--${name}`);
  return at < 0 ? fallback : Number(Deno.args[at + 1]);
};

const SECONDS = option("seconds", 20);
const CLIENTS = option("clients", 8);
/** The same in every run of the suite: what is new is looked for by hand, with other seeds. */
const SEED = option("seed", 1_042_588_476);

const MODES = Object.keys(ENABLED) as Mode[];
const MAILBOXES = ["INBOX", "Archive", "Trash"];
const FLAGS = ["\\Seen", "\\Flagged", "\\Deleted", "\\Answered", "$Junk", "$Work"];
/** Beyond them, messages are removed rather than made. */
const MOST = 60;

let letters = 0;

Deno.test(`IMAP clients at random never see what is not so (seed ${SEED})`, async () => {
  const channel = `stress ${crypto.randomUUID()}`;
  await using t = await bench(1, { buses: [new BroadcastBus(channel)] });
  await using second = await t.another({ buses: [new BroadcastBus(channel)] });
  const stores: readonly MailStore[] = [t.store, second];
  const shared = new Map(MAILBOXES.map((name) => [name, new SharedMailbox()]));
  for (let n = 0; n < 10; n++) await put(t.store, ALICE, mail(`m${++letters}`));

  const sessions = await Promise.all(Array.from({ length: CLIENTS }, async (_, n) => {
    const mode = MODES[n % MODES.length]!;
    const session = await TestSession.open(stores[n % 2]!, {}, ...ENABLED[mode]);
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
    for (const { session } of sessions) await session[Symbol.asyncDispose]();
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

/** One thing that a client may do; refusals are part of it. */
async function act(client: StressClient, roll: (n: number) => number): Promise<void> {
  const count = client.view.length;
  const flag = FLAGS[roll(FLAGS.length)]!, other = MAILBOXES[roll(MAILBOXES.length)]!;
  const seqs = count === 0 || client.uidOnly ? undefined : range(roll, count);
  const known = client.view.map(({ uid }) => uid).filter((uid) => uid !== undefined);
  const uid = known.length === 0 ? 1 : known[roll(known.length)]!;
  const uids = `${uid}:${uid + roll(4)}`;
  switch (count > MOST ? 5 + roll(2) : roll(18)) {
    case 0:
    case 1: {
      const message = new TextDecoder().decode(mail(`m${++letters}`));
      const set = roll(2) === 0 ? `(${flag}) ` : "";
      return void await client.run(`APPEND ${other} ${set}{${message.length}+}\r\n${message}`);
    }
    case 2:
    case 3:
      if (seqs === undefined) return;
      return void await client.run(`STORE ${seqs} ${sign(roll)}FLAGS${silent(roll)} (${flag})`);
    case 4:
      return void await client.run(`UID STORE ${uids} ${sign(roll)}FLAGS${silent(roll)} (${flag})`);
    case 5:
      await client.run(`UID STORE ${uids} +FLAGS (\\Deleted)`);
      return void await client.run(roll(3) === 0 ? `UID EXPUNGE ${uids}` : "EXPUNGE");
    case 6:
      return void await client.run(`UID MOVE ${uids} ${client.mailbox === "Trash" ? "INBOX" : "Trash"}`);
    case 7:
      if (seqs === undefined) return;
      return void await client.run(`MOVE ${seqs} ${other}`);
    case 8:
      return void await client.run(
        seqs === undefined ? `UID COPY ${uids} ${other}` : `COPY ${seqs} ${other}`,
      );
    case 9:
      return await client.idle(roll(30));
    case 10:
    case 11:
      return void await client.run("NOOP");
    case 12:
      if (seqs === undefined) return;
      return void await client.run(`SEARCH ${roll(2) ? "UNSEEN" : `${seqs} NOT DELETED`}`);
    case 13:
      return void await client.run(`UID SEARCH ${roll(2) ? "FLAGGED" : "SUBJECT m"}`);
    case 14:
      if (seqs === undefined) return;
      return void await client.run(`FETCH ${seqs} (UID FLAGS${roll(2) ? " ENVELOPE" : ""})`);
    case 15:
      return void await client.run(`UID FETCH ${uids} (FLAGS BODY.PEEK[HEADER.FIELDS (X-None)])`);
    case 16:
      if (roll(3) > 0) return await client.learn();
      await client.run(roll(2) ? "UNSELECT" : "CLOSE");
      return await client.select(other);
    default:
      return await client.learn();
  }
}

function range(roll: (n: number) => number, count: number): string {
  const first = 1 + roll(count);
  return `${first}:${Math.min(count, first + roll(3))}`;
}

const sign = (roll: (n: number) => number) => roll(2) === 0 ? "+" : "-";
const silent = (roll: (n: number) => number) => roll(3) === 0 ? ".SILENT" : "";

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
