/** A mailbox whose messages are read behind SELECT's back must look to the client as SELECT has said. */
import { assertEquals } from "@std/assert";
import type { AccountId, MailboxId } from "../../src/core/brands.ts";
import type { MailStore } from "../../src/core/store.ts";
import { IMAP_LIMITS } from "../../src/imap/mod.ts";
import { bench, mail, put } from "../store/support.ts";
import { ALICE } from "../support/imap_auth.ts";
import { TestSession } from "../support/imap_session.ts";
import { MemoryStore } from "../support/imap_store.ts";
import { act, dice, uidsIn } from "./random.ts";

const limits = { ...IMAP_LIMITS, selectAtOnce: 0, badAfterLogin: 1000, badDelayMs: 0 };

/** A store that reads a mailbox only after something else happened in it. */
function slow(store: MailStore, meanwhile: { now: (() => Promise<void>) | undefined }): MailStore {
  return new Proxy(store, {
    get(target, name) {
      if (name === "index") {
        return async (account: AccountId, mailbox: MailboxId) => {
          const happens = meanwhile.now;
          meanwhile.now = undefined;
          await happens?.();
          return await target.index(account, mailbox);
        };
      }
      const value = Reflect.get(target, name);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}

/** What a client makes of its answers: as many messages as it was told of, with UIDs that it learnt. */
class Model {
  uids: (number | undefined)[] = [];

  hear(lines: readonly string[]): void {
    for (const line of lines) {
      const exists = /^\* (\d+) EXISTS$/.exec(line);
      if (exists !== null) {
        while (this.uids.length < Number(exists[1])) this.uids.push(undefined);
        assertEquals(this.uids.length, Number(exists[1]), "EXISTS never takes away");
      }
      const expunged = /^\* (\d+) EXPUNGE$/.exec(line);
      if (expunged !== null) {
        assertEquals(this.uids.splice(Number(expunged[1]) - 1, 1).length, 1, line);
      }
    }
  }
}

async function history(store: MailStore, deliver: () => Promise<unknown>, seed: number) {
  const roll = dice(seed);
  for (let n = 0; n < 8; n++) await deliver();
  await using other = await TestSession.open(store, {}, "CREATE Moved", "SELECT INBOX");
  const meanwhile: { now: (() => Promise<void>) | undefined } = { now: undefined };
  await using session = await TestSession.open(slow(store, meanwhile), { limits });
  for (let round = 0; round < 6; round++) {
    meanwhile.now = async () => {
      for (let n = roll(6); n > 0; n--) await act(other, deliver, roll, 12);
    };
    const before = [
      ...uidsIn((await other.good("UID SEARCH RETURN (ALL) ALL"))[0]!.split(" ALL ")[1] ?? "0"),
    ];
    const model = new Model();
    model.hear(await session.good("SELECT INBOX"));
    assertEquals(model.uids.length, before[0] === 0 ? 0 : before.length, `seed ${seed}: as it was`);
    for (let n = 0; n < 4; n++) model.hear(await act(session, deliver, roll, 12));
    model.hear(await session.good("NOOP"));
    const uids = await session.good("UID SEARCH ALL");
    const fresh = await other.good("NOOP").then(() => other.good("UID SEARCH ALL"));
    assertEquals(uids.at(-1), fresh.at(-1), `seed ${seed}`);
    assertEquals(model.uids.length, uids.at(-1)!.split(" ").length - 2, `seed ${seed}: EXISTS and EXPUNGE`);
  }
}

Deno.test("a view that comes late is what SELECT has told, and catches up (store in memory)", async () => {
  for (let seed = 1; seed <= 60; seed++) {
    const store = new MemoryStore();
    store.addAccount(ALICE);
    await history(store, () => store.put(ALICE, "INBOX", mail("m")), seed);
  }
});

Deno.test("a view that comes late is what SELECT has told, and catches up (PostgreSQL)", async () => {
  await using t = await bench(1);
  await history(t.store, () => put(t.store, ALICE, mail("m")), 7);
});

Deno.test("what cannot be read yet is read again, and a mailbox that went is left", async () => {
  const store = new MemoryStore();
  store.addAccount(ALICE);
  await store.put(ALICE, "INBOX", mail("m"));
  await store.createMailbox(ALICE, "Box");
  await store.put(ALICE, "Box", mail("m"));
  const meanwhile: { now: (() => Promise<void>) | undefined } = { now: undefined };
  await using session = await TestSession.open(slow(store, meanwhile), { limits });
  meanwhile.now = async () => {
    store.down = true;
    await Promise.resolve();
  };
  await session.good("SELECT INBOX");
  assertEquals(await session.run("FETCH 1 FLAGS"), ["NO [UNAVAILABLE] Try again later"]);
  store.down = false;
  assertEquals(await session.run("FETCH 1 FLAGS"), ["* 1 FETCH (FLAGS ())", "OK FETCH completed"]);
  meanwhile.now = async () => void await store.deleteMailbox(ALICE, "Box");
  await session.good("SELECT Box");
  assertEquals((await session.run("FETCH 1 FLAGS")).at(-1), "NO [NONEXISTENT] No such mailbox");
  assertEquals(await session.run("FETCH 1 FLAGS"), ["BAD Select a mailbox first"]);
  // Leaving does not wait.
  meanwhile.now = () => new Promise(() => {});
  await session.good("SELECT INBOX");
  await session.good("UNSELECT");
  assertEquals(store.watchers(ALICE), 1);
});

Deno.test("annotations that changed since SELECT are told, although its view came later", async () => {
  const store = new MemoryStore();
  store.addAccount(ALICE);
  await store.put(ALICE, "INBOX", mail("m"));
  await using other = await TestSession.open(store, {}, "SELECT INBOX");
  await other.good('STORE 1 ANNOTATION (/comment (value.priv "before"))');
  const meanwhile: { now: (() => Promise<void>) | undefined } = { now: undefined };
  await using session = await TestSession.open(slow(store, meanwhile), { limits });
  meanwhile.now = async () => void await other.good('STORE 1 ANNOTATION (/altsubject (value.priv "since"))');
  await session.good("SELECT INBOX (ANNOTATE)");
  assertEquals(await session.good("NOOP"), ["* 1 FETCH (FLAGS () ANNOTATION (/altsubject))"]);
  assertEquals(await session.good("NOOP"), []);
});
