/** A client that resynchronizes by QRESYNC must know the mailbox as it is, wherever its connection broke off. */
import { assert, assertEquals } from "@std/assert";
import { parseRights } from "../../src/core/acl.ts";
import { ALICE, BOB } from "../support/imap_auth.ts";
import { TestSession } from "../support/imap_session.ts";
import { MemoryStore } from "../support/imap_store.ts";
import type { MailStore } from "../../src/core/store.ts";
import { rangesOf } from "../../src/core/uidset.ts";
import { bench, mail, put } from "../store/support.ts";
import { act, dice, uidsIn } from "./random.ts";

/** What a client keeps between its connections (RFC 7162 §3.2, RFC 4549). */
class Cache {
  uidValidity = 0;
  modSeq = 0;
  readonly flags = new Map<number, string>();
  #upTo = 0;

  /** Takes untagged answers over, in order. */
  hear(lines: readonly string[]): void {
    for (const line of lines) {
      const vanished = /^\* VANISHED (?:\(EARLIER\) )?(\S+)$/.exec(line);
      if (vanished !== null) { for (const uid of uidsIn(vanished[1]!)) this.flags.delete(uid); }
      const fetched = /^\* \d+ FETCH \(UID (\d+) FLAGS \((.*?)\)(?: MODSEQ \((\d+)\))?\)$/.exec(line);
      if (fetched !== null) {
        this.flags.set(Number(fetched[1]), fetched[2]!.split(" ").sort().join(" "));
        this.modSeq = Math.max(this.modSeq, Number(fetched[3] ?? 0));
      }
      const highest = /\[HIGHESTMODSEQ (\d+)\]/.exec(line);
      if (highest !== null) this.modSeq = Number(highest[1]);
      const validity = /\[UIDVALIDITY (\d+)\]/.exec(line);
      if (validity !== null) this.uidValidity = Number(validity[1]);
      assert(!line.endsWith("EXPUNGE"), line);
    }
  }

  /** The command that selects INBOX. HIGHESTMODSEQ in its answer comes before the changes. */
  get select(): string {
    if (this.uidValidity === 0) return "SELECT INBOX";
    const known = rangesOf([...this.flags.keys()].sort((a, b) => a - b));
    const set = known.map(([low, high]) => `${low}:${high}`).join(",");
    return `SELECT INBOX (QRESYNC (${this.uidValidity} ${this.modSeq}${set === "" ? "" : ` ${set}`}))`;
  }

  /** Asks for what it has not asked for yet: flags that were told by themselves leave gaps. */
  async catchUp(session: TestSession): Promise<void> {
    this.hear(await session.good(`UID FETCH ${this.#upTo + 1}:* (FLAGS)`));
    this.#upTo = Math.max(this.#upTo, ...this.flags.keys());
  }
}

/** What the mailbox is, asked by a session that knows nothing. */
async function truth(store: MailStore): Promise<Cache> {
  const cache = new Cache();
  await using session = await TestSession.open(store, {}, "ENABLE CONDSTORE", "EXAMINE INBOX");
  cache.hear(await session.good("UID FETCH 1:* (FLAGS)"));
  return cache;
}

/** `user` works in the mailbox, too: alice herself by another session, or bob, with whom she shares it. */
async function history(
  store: MailStore,
  deliver: () => Promise<unknown>,
  seed: number,
  acts: number,
  user: "alice" | "bob" = "alice",
) {
  const roll = dice(seed);
  const cache = new Cache();
  const inbox = user === "alice" ? "INBOX" : "#user/alice@example.test/INBOX";
  await using other = await TestSession.open(store, { user }, "CREATE Moved", `SELECT ${inbox}`);
  if (user === "bob") await (await TestSession.open(store, {}, "CREATE Moved"))[Symbol.asyncDispose]();
  for (let round = 0; round < 6; round++) {
    {
      await using session = await TestSession.open(store, {}, "ENABLE QRESYNC");
      cache.hear(await session.good(cache.select));
      await cache.catchUp(session);
      for (let n = roll(acts); n > 0; n--) {
        const both = await act(other, deliver, roll, 20);
        assert(both.every((line) => !line.includes("VANISHED")), both.join());
        cache.hear(await act(session, deliver, roll, cache.flags.size));
      }
    }
    for (let n = roll(acts); n > 0; n--) await act(other, deliver, roll, 20);
  }
  {
    await using session = await TestSession.open(store, {}, "ENABLE QRESYNC");
    cache.hear(await session.good(cache.select));
    await cache.catchUp(session);
  }
  const sorted = (flags: ReadonlyMap<number, string>) => [...flags].sort(([a], [b]) => a - b);
  assertEquals(sorted(cache.flags), sorted((await truth(store)).flags), `seed ${seed}`);
}

Deno.test("whatever happened, a resynchronized client knows the mailbox (store in memory)", async () => {
  for (let seed = 1; seed <= 60; seed++) {
    const store = new MemoryStore();
    store.addAccount(ALICE);
    const roll = dice(seed);
    const deliver = () => {
      if (roll(8) === 0) store.forgetVanished(ALICE);
      return store.put(ALICE, "INBOX", mail(`m${roll(100)}`));
    };
    await history(store, deliver, seed, 12);
  }
});

Deno.test("the same while somebody else works in the mailbox, too", async () => {
  for (let seed = 1; seed <= 40; seed++) {
    const store = new MemoryStore();
    store.addAccount(ALICE);
    store.addAccount(BOB);
    const inbox = (await store.mailbox(ALICE, "INBOX"))!.id;
    const entry = { identifier: "bob@example.test", rights: parseRights("lrswite")! };
    await store.setAcl(ALICE, inbox, entry, "replace");
    const roll = dice(seed);
    await history(store, () => store.put(ALICE, "INBOX", mail(`m${roll(100)}`)), seed, 12, "bob");
  }
});

Deno.test("whatever happened, a resynchronized client knows the mailbox (PostgreSQL)", async () => {
  for (let seed = 1; seed <= 4; seed++) {
    await using t = await bench(1, { limits: { expungedRanges: 3 } });
    const roll = dice(seed);
    const deliver = async () => {
      if (roll(8) === 0) await t.store.sweep();
      return await put(t.store, ALICE, mail(`m${roll(100)}`));
    };
    await history(t.store, deliver, seed, 12);
  }
});

Deno.test("a resynchronization asks for what changed, not for the whole mailbox", async () => {
  await using t = await bench(1);
  for (let n = 0; n < 30; n++) await put(t.store, ALICE, mail(`m${n}`));
  await using other = await TestSession.open(t.store, {}, "ENABLE QRESYNC", "SELECT INBOX");
  await other.good("UID STORE 10:12 +FLAGS.SILENT (\\Deleted)");
  const [vanished] = await other.good("EXPUNGE");
  assertEquals(vanished, "* VANISHED 10:12");
  const [flags] = await other.good("UID STORE 20 +FLAGS (\\Seen)");
  await using session = await TestSession.open(t.store, {}, "ENABLE QRESYNC");
  const since = Number(/HIGHESTMODSEQ (\d+)/.exec((await session.good("EXAMINE INBOX")).join())![1]) - 3;
  const lines = await session.good(`SELECT INBOX (QRESYNC (${await validity(session)} ${since} 1:30))`);
  assertEquals(lines.filter((line) => /VANISHED|FETCH/.test(line)), ["* VANISHED (EARLIER) 10:12", flags]);
});

async function validity(session: TestSession): Promise<string> {
  return /UIDVALIDITY (\d+)/.exec((await session.good("STATUS INBOX (UIDVALIDITY)")).join())![1]!;
}
